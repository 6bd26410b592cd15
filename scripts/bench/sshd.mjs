/** An sshd on loopback, private to a run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, startServer } from './shared.mjs';

const findServer = (name) =>
  [`/usr/sbin/${name}`, `/usr/local/sbin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path));

/** A private sshd with throw-away keys. `shell` is what follows `-e`. */
export async function startSshd({ root, processes }) {
  const sshd = findServer('sshd');
  if (sshd === undefined) throw new Error('there is no sshd');
  const dir = join(root, 'ssh');
  mkdirSync(dir, { mode: 0o700 });
  // sshd refuses to start without it.
  if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  writeFileSync(join(dir, 'authorized'), readFileSync(join(dir, 'user.pub')));
  const port = await freePort();
  writeFileSync(
    join(dir, 'config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(dir, 'host')}`,
      `AuthorizedKeysFile ${join(dir, 'authorized')}`,
      `PidFile ${join(dir, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin yes',
      '',
    ].join('\n'),
  );
  const { pid } = await startServer(
    processes,
    [sshd, '-D', '-e', '-f', join(dir, 'config')],
    port,
    process.env,
  );
  const shell =
    `ssh -F none -i ${join(dir, 'user')} -p ${port} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no ` +
    '-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes';
  return { pid, shell, host: `${userInfo().username}@127.0.0.1` };
}
