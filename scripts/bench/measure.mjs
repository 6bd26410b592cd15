/** Runs one command and tells what it cost. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenCpu } from './servers.mjs';

const gnuTime = '/usr/bin/time';
/** Without GNU time there is no peak of memory. */
const haveTime = existsSync(gnuTime);

/** User and system seconds and the peak of memory, with nothing in it that a remote shell would take apart. */
const timeFormat = '%U:%S:%M';

const wrapped = (command, file) =>
  haveTime
    ? [gnuTime, '-q', '-o', file, '-f', timeFormat, ...command]
    : ['bash', '-c', 'TIMEFORMAT="%U:%S:-"; time "$@" 2>&3', file, ...command];

const readUsage = (file) => {
  const [user, system, rss] = (existsSync(file) ? readFileSync(file, 'latin1') : '').trim().split(':');
  return { cpu: Number(user) + Number(system) || 0, rss: Number(rss) || null };
};

/**
 * The remote program of an ssh row, for --rsync-path: the tool, with its own peak of memory written to
 * `file`. The CPU time of the far side is the server's to tell.
 */
export function remoteProgram(command, file) {
  return (haveTime ? [gnuTime, '-q', '-o', file, '-f', timeFormat, ...command] : command).join(' ');
}

/**
 * Runs `command` in `root`. Wall and CPU are seconds, the latter of the whole process tree and of the
 * sessions of `server` (its pid); memory is the peak of the largest process, in KiB, `null` where it
 * cannot be told. `started` is given the child, the leader of a process group of its own.
 */
export async function measure(command, { root, env, server, remoteFile, started }) {
  const file = join(root, 'usage');
  rmSync(file, { force: true });
  if (remoteFile !== undefined) rmSync(remoteFile, { force: true });
  const before = server === undefined ? 0 : childrenCpu(server);
  const argv = wrapped(command, file);
  const stdio = haveTime ? ['ignore', 'ignore', 'pipe'] : ['ignore', 'ignore', 'pipe', 'pipe'];
  const begin = process.hrtime.bigint();
  const child = spawn(argv[0], argv.slice(1), { cwd: root, env, stdio, detached: true });
  started(child);
  let said = '';
  let usage = '';
  child.stderr.on('data', (chunk) => {
    if (haveTime) said += chunk;
    else usage += chunk;
  });
  child.stdio[3]?.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(exit ?? signal));
  });
  const wall = Number(process.hrtime.bigint() - begin) / 1e9;
  if (code !== 0) throw new Error(`${command.join(' ')}\n  exit ${code}: ${said.trim().slice(-500)}`);
  if (!haveTime) writeFileSync(file, usage);
  const { cpu, rss } = readUsage(file);
  const remote = remoteFile === undefined ? 0 : (readUsage(remoteFile).rss ?? 0);
  return {
    wall,
    cpu: cpu + (server === undefined ? 0 : (await settled(server, before)) - before),
    rss: rss === null ? null : Math.max(rss, remote),
  };
}

/** A session ends a moment after its client: waits until the server's count has come to rest. */
async function settled(server, before) {
  let last = before;
  for (let i = 0; i < 40; i++) {
    await sleep(25);
    const now = childrenCpu(server);
    if (now > before && now === last) return now;
    last = now;
  }
  return last;
}
