import { readFileSync } from 'node:fs';

/**
 * Whether this process may draw on its terminal: true when it is in the foreground, or writes to none. A
 * run that was put into the background shows no moving lines. Where the system does not tell (`/proc`), it
 * is taken to be in the foreground.
 */
export function inForeground(): boolean {
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
