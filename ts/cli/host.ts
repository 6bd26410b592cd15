/** The process as sessions see it: the one place that asks Node for it. */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { localeCharset } from '../report/escape.ts';

/** The process's host, which says things by `stdout` and `stderr`. */
export function processHost({ stdout, stderr }: Pick<Host, 'stdout' | 'stderr'>): Host {
  return {
    env: process.env,
    workingDirectory,
    umask: () => process.umask(),
    user: { uid: process.getuid?.(), euid: process.geteuid?.(), groups },
    pid: process.pid,
    charset: localeCharset(process.env),
    now: Date.now,
    memory() {
      const { rss, external, arrayBuffers } = process.memoryUsage();
      return { resident: rss, external, buffers: arrayBuffers };
    },
    inForeground,
    descriptors: { input: 0, output: 1 },
    stdout,
    stderr,
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
