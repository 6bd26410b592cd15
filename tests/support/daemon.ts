/**
 * A real `rsync --daemon` on a loopback port, with modules of every kind that a client meets.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Guarded, startGuarded, waitForPort } from './guarded.ts';
import { isRoot, type Peer } from './peers.ts';

/** The account that the `auth` module knows. */
export const daemonUser = { name: 'tester', password: 'correct horse' } as const;

export interface Daemon {
  readonly port: number;
  /** `rsync://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Folder of a module. */
  folder(module: 'rw' | 'ro' | 'auth' | 'hidden'): string;
  stop(): Promise<void>;
}

/** The text of the daemon's message of the day. */
export const motd = 'Welcome to the test daemon\nwith two lines\n';

/** The configuration of a daemon whose modules lie below `dir`. */
export function daemonConfig(dir: string): string {
  const identity = isRoot ? 'uid = 0\ngid = 0\n' : '';
  return `use chroot = no
munge symlinks = no
${identity}motd file = ${join(dir, 'motd')}
log file = ${join(dir, 'rsyncd.log')}
pid file = ${join(dir, 'rsyncd.pid')}

[rw]
  path = ${join(dir, 'rw')}
  comment = read and write
  read only = no

[ro]
  path = ${join(dir, 'ro')}
  comment = read only

[auth]
  path = ${join(dir, 'auth')}
  comment = asks for a password
  auth users = ${daemonUser.name}
  secrets file = ${join(dir, 'secrets')}
  read only = no

[early]
  path = ${join(dir, 'rw')}
  list = no
  early exec = cat >${join(dir, 'early')}

[hidden]
  path = ${join(dir, 'hidden')}
  list = no

[second]
  path = ${join(dir, 'ro')}
  list = no
  hosts allow = 127.0.0.2

[nowhere]
  path = ${join(dir, 'does-not-exist')}
  comment = its folder is missing
`;
}

/** Makes the modules' folders and files below `dir`, and gives the configuration's path. */
export function prepareDaemon(dir: string): string {
  for (const name of ['rw', 'ro', 'auth', 'hidden']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'motd'), motd);
  writeFileSync(join(dir, 'secrets'), `${daemonUser.name}:${daemonUser.password}\n`);
  chmodSync(join(dir, 'secrets'), 0o600);
  const config = join(dir, 'rsyncd.conf');
  writeFileSync(config, daemonConfig(dir));
  return config;
}

/** Starts `peer --daemon` with everything below `dir`. */
export async function startDaemon(peer: Peer, dir: string): Promise<Daemon> {
  const config = prepareDaemon(dir);
  const port = await freePort();
  const server: Guarded = startGuarded([
    ...peer.command,
    '--daemon',
    '--no-detach',
    `--config=${config}`,
    '--address=127.0.0.1',
    `--port=${port}`,
  ]);
  await waitForPort(port, server);
  return {
    port,
    url: `rsync://127.0.0.1:${port}`,
    folder: (module) => join(dir, module),
    stop: () => server.stop(),
  };
}
