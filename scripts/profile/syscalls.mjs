/** `strace -c -f`: the system calls of all threads, by number and by time. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Why strace cannot be used here; undefined where it can. */
export function straceMissing() {
  const { error, status, stderr } = spawnSync('strace', ['-c', '-o', '/dev/null', 'true'], {
    encoding: 'latin1',
  });
  if (error) return error.code === 'ENOENT' ? 'there is no strace' : error.message;
  return status === 0 ? undefined : stderr.split('\n')[0];
}

/** What to put before a command so that strace counts its system calls into `file`. */
export const straceCommand = (file, command) => ['strace', '-f', '-c', '-o', file, ...command];

/** The counts: name, calls, errors and seconds (as strace measured them), most calls first. */
export function readSyscalls(file) {
  const rows = [];
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const found = /^\s*[\d.]+\s+([\d.]+)\s+\d+\s+(\d+)\s+(\d*)\s+(\w+)$/.exec(line);
    if (found === null || found[4] === 'total') continue;
    const [, seconds, calls, errors, name] = found;
    rows.push({ name, calls: Number(calls), errors: Number(errors), seconds: Number(seconds) });
  }
  return rows.sort((a, b) => b.calls - a.calls);
}
