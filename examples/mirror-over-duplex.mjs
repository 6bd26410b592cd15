/**
 * A mirror over a stream of ours in place of a remote shell: node mirror-over-duplex.mjs SOURCE HOST:DESTINATION
 *
 * The stream is the standard input and output of a child here, which stands for the channel of an ssh library:
 *
 *     const connect = ({ commandLine }) =>
 *       new Promise((resolve, reject) => {
 *         client.exec(commandLine, (error, channel) => {
 *           if (error) return reject(error);
 *           channel.stderr.pipe(process.stderr);
 *           resolve(channel);
 *         });
 *       });
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { sync } from 'oc-rsync';

async function connect({ host, commandLine }) {
  console.log(`${host}: ${commandLine}`);
  const child = spawn('/bin/sh', ['-c', commandLine], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  return Duplex.from({ readable: child.stdout, writable: child.stdin });
}

const [source, destination] = process.argv.slice(2);
const { stats } = await sync(`${source}/`, destination, {
  archive: true,
  delete: true,
  rsyncPath: process.env.REMOTE_RSYNC ?? 'rsync',
  timeout: 60,
  connect,
});
console.log(`${stats.transferredFiles} files transferred, ${stats.deletedFiles} deleted`);
