/** Servers on loopback, private to a run, started here and stopped by their process ids. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../host.ts';
import type { Processes } from './processes.ts';

/** A server that runs. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** A daemon with one module that is the folder of the run. */
export interface Daemon extends Server {
  /** rsync:// URL of that module. */
  readonly url: string;
}

/** A port of loopback that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', end(true)).once('error', end(false)).setTimeout(1000, end(false));
  });
}

const attempts = 100;
const betweenMs = 50;

/** Of what a program says on standard error, this much is kept. */
const mostSaid = 4096;

/** Keeps the last that a child says on standard error. */
export function hearStderr({ stderr }: ChildProcess): () => string {
  let said = '';
  stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-mostSaid);
  });
  return () => said.trim();
}

/** Starts `command`, which serves in the foreground, and waits until it says something at `port`. */
export async function startServer(
  processes: Processes,
  [program = '', ...args]: readonly string[],
  port: number,
  env: Environment,
): Promise<Server> {
  const child = processes.add(
    spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...env }, detached: true }),
  );
  const said = hearStderr(child);
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = error;
  });
  const stop = () => processes.end(child);
  for (let i = 0; i < attempts; i++) {
    if (failed !== undefined) throw failed;
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said()}`);
    if (await answers(port)) return { pid: child.pid ?? 0, port, stop };
    processes.signal.throwIfAborted();
    await sleep(betweenMs);
  }
  await stop();
  throw new Error(`${program} does not answer on port ${port}: ${said()}`);
}

/** CPU ticks of a process, its own and those of what it has started that is gone. */
function usedBy(pid: number | string): { own: number; ended: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! };
  } catch {
    return { own: 0, ended: 0 };
  }
}

/** Process ids of what `pid` has started; none where the system does not tell. */
export function childrenOf(pid: number | string): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

/**
 * CPU seconds of what a server has started, in the kernel's clock ticks: what its sessions used, once they are gone, and
 * what those have used that are there (one that makes all others). 0 where the system does not tell.
 */
export function childrenCpu(pid: number): number {
  const ticks = 100;
  const ofThose = childrenOf(pid).reduce((sum, child) => sum + usedBy(child).own + usedBy(child).ended, 0);
  return (usedBy(pid).ended + ofThose) / ticks;
}

/** A remote shell that only starts the command here: two pipes, and no cipher. */
export function bareShell(root: string): string {
  const path = join(root, 'bare-shell');
  writeFileSync(path, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  return path;
}

/** How a daemon is started. */
export interface DaemonSettings {
  readonly name: string;
  readonly env: Environment;
  readonly isRoot: boolean;
  readonly password: string;
}

const user = 'bench';

/**
 * A private daemon of a tool, whose one module, `bench`, is `root`. Its files are in `root/NAME`. Loopback is open to all
 * users of the machine, and what they may write there would be run: the daemon asks for the password.
 */
export async function startDaemon(
  processes: Processes,
  root: string,
  command: readonly string[],
  { name, env, isRoot, password }: DaemonSettings,
): Promise<Daemon> {
  const port = await freePort();
  const dir = join(root, name);
  const secrets = join(dir, 'secrets');
  mkdirSync(dir);
  writeFileSync(secrets, `${user}:${password}\n`, { mode: 0o600 });
  writeFileSync(
    join(dir, 'rsyncd.conf'),
    [
      'use chroot = no',
      `pid file = ${join(dir, 'pid')}`,
      `log file = ${join(dir, 'log')}`,
      ...(isRoot ? ['uid = 0', 'gid = 0'] : []),
      '[bench]',
      `path = ${root}`,
      'read only = no',
      `auth users = ${user}`,
      `secrets file = ${secrets}`,
      '',
    ].join('\n'),
  );
  const args = ['--daemon', '--no-detach', `--config=${join(dir, 'rsyncd.conf')}`];
  const words = [...command, ...args, '--address=127.0.0.1', `--port=${port}`];
  const server = await startServer(processes, words, port, env);
  return { ...server, url: `rsync://${user}@127.0.0.1:${port}/bench` };
}
