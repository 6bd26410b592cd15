/**
 * A mirror through the npm package ssh2, without an ssh program: node mirror-over-ssh2.mjs SOURCE USER@HOST:DESTINATION
 *
 *     SSH_KEY       file of the private key; the agent of SSH_AUTH_SOCK has it otherwise
 *     SSH_HOST_KEY  fingerprint of the host's key, as `ssh-keygen -l` prints it: SHA256:…
 *     SSH_PORT      22 otherwise
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sync } from 'oc-rsync';
import ssh2 from 'ssh2';

const { SSH_KEY, SSH_HOST_KEY, SSH_PORT = '22', SSH_AUTH_SOCK, REMOTE_RSYNC } = process.env;

// ssh2 lets any host pass unless it is looked at.
const isKnown = (key) =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}` === SSH_HOST_KEY;

/** A channel on which the host's shell runs what the run asks for; the connection ends with it. */
function connect({ host, user, commandLine }) {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('ready', () => {
      client.exec(commandLine, (error, channel) => {
        if (error) return reject(error);
        channel.stderr.pipe(process.stderr, { end: false });
        channel.once('close', () => client.end());
        // A connection that breaks breaks the wire.
        client.on('error', (error) => channel.destroy(error));
        resolve(channel);
      });
    });
    client.connect({
      host,
      port: Number(SSH_PORT),
      username: user,
      agent: SSH_KEY ? undefined : SSH_AUTH_SOCK,
      privateKey: SSH_KEY && readFileSync(SSH_KEY),
      hostVerifier: isKnown,
    });
  }).catch((error) => {
    client.destroy();
    throw error;
  });
}

const [source, destination] = process.argv.slice(2);
const { exitCode, stats, failures, error } = await sync(`${source}/`, destination, {
  archive: true,
  delete: true,
  rsyncPath: REMOTE_RSYNC ?? 'rsync',
  timeout: 60,
  connect,
  reject: false,
});
for (const { path, reason } of failures) console.error(`${path}: ${reason}`);
if (error) console.error(error.cause?.message ?? error.message);
else console.log(`${stats.transferredFiles} files transferred, ${stats.deletedFiles} deleted`);
process.exitCode = exitCode;
