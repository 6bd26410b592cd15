/** The process as sessions see it: the one place that asks Node for it. */
import { readFileSync, readlinkSync } from 'node:fs';
import { errnoText } from '../errno.ts';
import type { Host, Identity, Variables } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { localeCharset } from '../report/escape.ts';
import { argumentBytes, processVariables } from './argv.ts';

const descriptors = { input: 0, output: 1 };

type ProcessOwner = Pick<Host, 'stdout' | 'stderr' | 'endBy' | 'flagsBy'>;

/** The process's host, with what is the program's own: how things are said, and how it ends. */
export function processHost({ stdout, stderr, endBy, flagsBy }: ProcessOwner): Host {
  let { pid } = process;
  let shift = 0;
  let variables: Variables | undefined;
  return {
    env: process.env,
    variables() {
      variables ??= processVariables();
      return variables;
    },
    get commandLine() {
      return [Buffer.from(process.argv[1] ?? '').toString('latin1'), ...argumentBytes()];
    },
    workingDirectory,
    childDirectory: undefined,
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    umask: () => process.umask(),
    user: {
      get uid() {
        return process.getuid?.();
      },
      get euid() {
        return process.geteuid?.();
      },
      groups,
    },
    become,
    get pid() {
      return pid;
    },
    random: () => (Math.random() + shift) % 1,
    becomeCopy(exit) {
      pid = Number(readlinkSync('/proc/self'));
      shift = ownFraction(pid);
      process.on('exit', exit);
    },
    endBy,
    flagsBy,
    charset: localeCharset(process.env),
    now: Date.now,
    onProgressWanted: (listener) => onSignals(progressSignals, listener),
    signalGroup(leader, signal) {
      try {
        return process.kill(-leader, signal);
      } catch {
        // They have ended by themselves.
        return false;
      }
    },
    onChildEnd: (listener) => void onSignals(['SIGCHLD'], listener),
    memory() {
      const { rss, external, arrayBuffers } = process.memoryUsage();
      // Loaded for whom it concerns: it brings Node's streams along.
      const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
      return {
        resident: rss,
        external,
        buffers: arrayBuffers,
        heap: heap.total_heap_size,
        used: heap.used_heap_size,
        available: heap.total_available_size,
        malloced: heap.malloced_memory,
      };
    },
    inForeground,
    async askPassword(prompt, signal) {
      const { askPassword } = await import('../session/ask-password.ts');
      return askPassword(prompt, { stderr, descriptors }, signal);
    },
    descriptors,
    stdout,
    stderr,
  };
}

/** V8 draws the same numbers in all copies of a process. */
function ownFraction(pid: number): number {
  return ((pid * 1e9 + process.hrtime()[1]) % copiesApart) / copiesApart;
}
const copiesApart = 1_000_003;

/** Of those that ask for progress some systems have one alone: the other is then heard of never. */
const progressSignals = ['SIGINFO', 'SIGVTALRM'] as const;

function onSignals(names: readonly NodeJS.Signals[], listener: () => void): () => void {
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.removeListener(name, listener);
  };
}

/** As bytes, which `process.cwd` has none of; but it alone tells that the directory is gone. */
function workingDirectory(): ByteString {
  const path = process.cwd();
  try {
    return readlinkSync('/proc/self/cwd', 'latin1');
  } catch {
    return Buffer.from(path).toString('latin1');
  }
}

/** Node's types do not know it. */
interface Initgroups {
  initgroups?(user: string, group: number): void;
}

/** The calls of it in this order: without the user's rights no group can be changed any more. */
function become({ uid, groups: [gid, ...more], name }: Identity): ByteString | undefined {
  const calls: [name: string, call: () => void][] = [];
  if (gid !== undefined)
    calls.push(
      ['setgid', () => process.setgid?.(gid)],
      ['setgroups', () => process.setgroups?.([gid, ...more])],
      ['initgroups', () => name !== undefined && (process as Initgroups).initgroups?.(name, gid)],
    );
  if (uid !== undefined) calls.push(['setuid', () => process.setuid?.(uid)]);
  for (const [what, call] of calls)
    try {
      call();
    } catch (error) {
      const { errno = 0 } = error as NodeJS.ErrnoException;
      return `${what} failed: ${errnoText(Math.abs(errno))} (${Math.abs(errno)})`;
    }
  return undefined;
}

function groups(): number[] {
  return [...(process.getgroups?.() ?? []), ...(process.getegid === undefined ? [] : [process.getegid()])];
}

/**
 * Whether this process may draw on its terminal: true when it is in the foreground, or writes to none. A
 * run that was put into the background shows no moving lines. Where the system does not tell (`/proc`), it
 * is taken to be in the foreground.
 */
function inForeground(): boolean {
  // Loaded only for a run that draws: it brings all of Node's sockets.
  const { isatty } = process.getBuiltinModule('node:tty');
  if (!isatty(1)) return true;
  return holdsTerminal();
}

/** True where this process is in its terminal's foreground, and where the system does not tell. */
export function holdsTerminal(): boolean {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return true;
  }
  return ownsTerminal(stat);
}

/** Compares process group and the terminal's foreground group, fields 5 and 8 of `/proc/PID/stat`. */
export function ownsTerminal(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[5] === '-1' || fields[2] === fields[5];
}
