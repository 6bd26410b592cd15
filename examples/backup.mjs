/**
 * A backup with progress: node backup.mjs SOURCE DESTINATION
 *
 * What was deleted or replaced is kept below `.before/` in the destination.
 */
import { RsyncError, sync } from 'oc-rsync';

const [source, destination] = process.argv.slice(2);
const run = sync(`${source}/`, destination, {
  archive: true,
  delete: true,
  backup: true,
  backupDir: '.before',
  exclude: ['/.before'],
});

try {
  for await (const event of run) {
    if (event.type === 'progress') {
      const { bytes, totalBytes, scanned, path } = event;
      const percent = Math.floor((100 * bytes) / Math.max(totalBytes, 1));
      console.log(`${percent} % of ${scanned ? '' : 'at least '}${totalBytes} bytes  ${path}`);
    }
    if (event.type === 'failure') console.error(`${event.path}: ${event.reason}`);
  }
  const { stats, vanished } = await run;
  console.log(
    `${stats.transferredFiles} of ${stats.numFiles} files transferred, ${vanished.length} vanished`,
  );
} catch (error) {
  if (!(error instanceof RsyncError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
