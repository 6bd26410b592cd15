/**
 * A run that Ctrl-C, or a time limit, ends: node abort.mjs SOURCE DESTINATION SECONDS
 *
 * Each file is then the old one or the new one, and the next run goes on where this one was.
 */
import { sync } from 'oc-rsync';

const [source, destination, seconds] = process.argv.slice(2);
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));

const { exitCode, stats, error } = await sync(`${source}/`, destination, {
  archive: true,
  bwlimit: '200k',
  signal: AbortSignal.any([interrupted.signal, AbortSignal.timeout(Number(seconds) * 1000)]),
  reject: false,
});

if (error?.code === 'ERR_RSYNC_ABORTED') console.log(`ended early: ${error.cause.message}`);
else if (error) console.error(error.message);
else console.log(`${stats.transferredFiles} files transferred`);
process.exitCode = exitCode;
