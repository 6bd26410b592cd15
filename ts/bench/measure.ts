/** Runs one command and tells what it cost. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../host.ts';
import type { Processes } from './processes.ts';
import { childrenCpu, childrenOf, hearStderr } from './servers.ts';

/** What a run cost. */
export interface Usage {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of user and system time, of the whole process tree. */
  readonly cpu: number;
  /** Peak of the largest process in KiB; null where it cannot be told. */
  readonly rss: number | null;
}

const gnuTime = '/usr/bin/time';
/** User and system seconds and the peak of memory, with nothing in it that a remote shell would take apart. */
const timeArgs = (file: string): string[] => ['-q', '-o', file, '-f', '%U:%S:%M'];

let haveTime: boolean | undefined;
/** Others of that name know other options. */
function isGnuTimeHere(): boolean {
  haveTime ??=
    existsSync(gnuTime) &&
    spawnSync(gnuTime, [...timeArgs('/dev/null'), 'true'], { stdio: 'ignore' }).status === 0;
  return haveTime;
}

/** A shell that tells the times of what it has run; it has no peak of memory. */
const shellTimes = '"$@"; code=$?; times >"$0"; exit $code';

const wrapped = (command: readonly string[], file: string): [string, ...string[]] =>
  isGnuTimeHere() ? [gnuTime, ...timeArgs(file), ...command] : ['sh', '-c', shellTimes, file, ...command];

/** Minutes and seconds of POSIX `times`, whose second line is of the children. */
const clock = /(\d+)m([\d.]+)s/g;

function readUsage(file: string): Pick<Usage, 'cpu' | 'rss'> {
  const text = existsSync(file) ? readFileSync(file, 'latin1').trim() : '';
  if (!isGnuTimeHere()) {
    const children = [...(text.split('\n')[1] ?? '').matchAll(clock)];
    return { cpu: children.reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0), rss: null };
  }
  const [user, system, rss] = text.split(':');
  return { cpu: Number(user) + Number(system) || 0, rss: Number(rss) || null };
}

/** How peaks of memory are told here, for who reads them. */
export function memoryMethod(): 'exact' | 'sampled' | 'none' {
  if (isGnuTimeHere()) return 'exact';
  return existsSync('/proc/self/status') ? 'sampled' : 'none';
}

/** How often the processes of a run are looked at. */
const sampleMs = 5;

/** The peak of the largest process below `pid` so far in KiB, looked up until it is stopped; null where nothing is told. */
function samplePeak(pid: number): () => number | null {
  let peak: number | null = null;
  const look = (one: number | string): void => {
    try {
      const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/status`, 'latin1'));
      if (found !== null) peak = Math.max(peak ?? 0, Number(found[1]));
    } catch {
      // It has just ended.
    }
    for (const child of childrenOf(one)) look(child);
  };
  const lookBelow = () => {
    for (const child of childrenOf(pid)) look(child);
  };
  lookBelow();
  const timer = setInterval(lookBelow, sampleMs);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** The command of the other side, for one shell to read, with its own usage written to `file` where that can be. */
export function remoteProgram(command: readonly string[], file: string): string {
  return shellWords(isGnuTimeHere() ? [gnuTime, ...timeArgs(file), ...command] : command);
}

/** Words as a shell takes them back. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/** Where and how a command is run. */
export interface Measuring {
  readonly root: string;
  readonly env: Environment;
  readonly processes: Processes;
  /** Whose sessions count too. */
  readonly server: number | undefined;
  /** Where a remote program says what it used. */
  readonly remoteFile: string | undefined;
}

/** Runs `command` in the folder `root`; rejects where it fails, with what it said. */
export async function measure(command: readonly string[], how: Measuring): Promise<Usage> {
  const { root, env, processes, server, remoteFile } = how;
  const file = join(root, 'usage');
  rmSync(file, { force: true });
  if (remoteFile !== undefined) rmSync(remoteFile, { force: true });
  const before = server === undefined ? 0 : childrenCpu(server);
  const [program, ...args] = wrapped(command, file);
  const begin = process.hrtime.bigint();
  const child = processes.add(
    spawn(program, args, {
      cwd: root,
      env: { ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    }),
  );
  const sampled = isGnuTimeHere() || child.pid === undefined ? undefined : samplePeak(child.pid);
  const { code, said } = await ended(child).finally(() => sampled?.());
  const wall = Number(process.hrtime.bigint() - begin) / 1e9;
  if (code !== 0) throw new Error(`${shellWords(command)}\n  exit ${code}: ${said.slice(-500)}`);
  const { cpu, rss: exact } = readUsage(file);
  const rss = exact ?? sampled?.() ?? null;
  const remote = remoteFile === undefined ? 0 : (readUsage(remoteFile).rss ?? 0);
  return {
    wall,
    cpu: cpu + (server === undefined ? 0 : (await settled(server, before)) - before),
    rss: rss === null ? null : Math.max(rss, remote),
  };
}

function ended(child: ChildProcess): Promise<{ code: number | string | null; said: string }> {
  const said = hearStderr(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve({ code: exit ?? signal, said: said() }));
  });
}

/** Looks at which nothing has changed, before a session that used no time is taken to be over. */
const quietLooks = 6;

/** A session ends a moment after its client: waits until the server's count has come to rest. */
async function settled(server: number, before: number): Promise<number> {
  let last = before;
  let quiet = 0;
  for (let i = 0; i < 40 && quiet < quietLooks; i++) {
    await sleep(25);
    const now = childrenCpu(server);
    if (now > before && now === last) break;
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return last;
}
