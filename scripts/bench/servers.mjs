/** Servers on loopback, private to a run, started here and stopped by their process ids. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve(false);
    });
  });

const start = async (command, args, port, env = process.env) => {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${said.trim()}`);
    if (await answers(port)) return child;
    await sleep(50);
  }
  child.kill();
  throw new Error(`${command} does not answer on port ${port}: ${said.trim()}`);
};

const stopper = (child) => () =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });

const findServer = (name) =>
  [`/usr/sbin/${name}`, `/usr/local/sbin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path));

/**
 * CPU seconds of what a server has started, in the kernel's clock ticks: what its sessions used, once they are gone, and
 * what those have used that are there (one that makes all others).
 */
export function childrenCpu(pid) {
  const ticks = 100;
  const ofThose = (pids) => pids.reduce((sum, child) => sum + usedBy(child).own + usedBy(child).ended, 0);
  return (usedBy(pid).ended + ofThose(childrenOf(pid))) / ticks;
}

function usedBy(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { own: fields[11] + fields[12], ended: fields[13] + fields[14] };
  } catch {
    return { own: 0, ended: 0 };
  }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
}

/** A private sshd with throw-away keys. `shell` is what follows `-e`. */
export async function startSshd(root) {
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
  const child = await start(sshd, ['-D', '-e', '-f', join(dir, 'config')], port);
  const shell =
    `ssh -F none -i ${join(dir, 'user')} -p ${port} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no ` +
    '-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes';
  return { pid: child.pid, shell, host: `${userInfo().username}@127.0.0.1`, stop: stopper(child) };
}

/** A remote shell that only starts the command here: two pipes, and no cipher. */
export function bareShell(root) {
  const path = join(root, 'bare-shell');
  writeFileSync(path, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  return path;
}

/** A private daemon of a tool, whose one module, `bench`, is `root`. Its files are in `root/NAME`. */
export async function startDaemon(root, [program, ...words], name) {
  const port = await freePort();
  const dir = join(root, name);
  mkdirSync(dir);
  const asRoot = process.getuid() === 0 ? ['uid = 0', 'gid = 0'] : [];
  writeFileSync(
    join(dir, 'rsyncd.conf'),
    [
      'use chroot = no',
      `pid file = ${join(dir, 'pid')}`,
      `log file = ${join(dir, 'log')}`,
      ...asRoot,
      '[bench]',
      `path = ${root}`,
      'read only = no',
      '',
    ].join('\n'),
  );
  const args = [...words, '--daemon', '--no-detach', `--config=${join(dir, 'rsyncd.conf')}`];
  const child = await start(program, [...args, '--address=127.0.0.1', `--port=${port}`], port);
  return { pid: child.pid, port, url: `rsync://127.0.0.1:${port}/bench`, stop: stopper(child) };
}
