/**
 * A private sshd on a loopback port with throw-away keys and a configuration of its own; it neither reads
 * nor changes the machine's.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, startGuarded, waitForPort } from './guarded.ts';
import { isRoot, readPeerFile } from './peers.ts';

export interface Sshd {
  /** For `-e`: an ssh that knows the host as `peer`, and `stranger` as one whose key is refused. */
  readonly rsh: string;
  /** The same for other clients: where it listens, a private key that it lets in, and the public one of its own. */
  readonly port: number;
  readonly clientKey: string;
  readonly hostKey: string;
  stop(): Promise<void>;
}

/** Null where there is an ssh and an sshd to start; else why the tests over ssh cannot run. */
export function sshdMissing(): string | null {
  const { ssh, sshd, skipped } = readPeerFile();
  if (ssh !== null && sshd !== null) {
    const { shell, username } = userInfo();
    return /\/(nologin|false)$/.test(shell ?? '') ? `${username} has no login shell for sshd to start` : null;
  }
  return skipped.find((entry) => entry.what === 'openssh')?.why ?? 'there is no ssh or sshd on this machine';
}

/** Starts an sshd that keeps all its files below `dir`. */
export async function startSshd(dir: string): Promise<Sshd> {
  const { ssh, sshd } = readPeerFile();
  if (ssh === null || sshd === null) throw new Error('sshd is missing');
  // sshd, started by root, wants this folder for its unprivileged half.
  if (isRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of ['host', 'client', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)]);
  }
  writeFileSync(join(dir, 'authorized'), execFileSync('cat', [join(dir, 'client.pub')]));
  chmodSync(join(dir, 'authorized'), 0o600);
  const port = await freePort();
  const serverConfig = join(dir, 'sshd_config');
  writeFileSync(
    serverConfig,
    `ListenAddress 127.0.0.1
Port ${port}
HostKey ${join(dir, 'host')}
PidFile none
AuthorizedKeysFile ${join(dir, 'authorized')}
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin yes
UsePAM no
AcceptEnv OC_RSYNC_* LC_* TZ
MaxStartups 100
`,
  );
  const clientConfig = join(dir, 'ssh_config');
  const common = `  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
  IdentitiesOnly yes
  IdentityAgent none
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  GlobalKnownHostsFile /dev/null
  LogLevel ERROR
  SendEnv OC_RSYNC_* LC_* TZ
`;
  writeFileSync(
    clientConfig,
    `Host peer\n  IdentityFile ${join(dir, 'client')}\n${common}\nHost stranger\n  IdentityFile ${join(dir, 'stranger')}\n${common}`,
  );
  const server = startGuarded([sshd, '-D', '-e', '-f', serverConfig]);
  await waitForPort(port, server);
  return {
    rsh: `${ssh} -F ${clientConfig}`,
    port,
    clientKey: join(dir, 'client'),
    hostKey: join(dir, 'host.pub'),
    stop: () => server.stop(),
  };
}
