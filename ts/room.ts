/** Whether there are descriptors for what is about to begin: a run, another process, a copy of one. */
import type * as fs from 'node:fs';

/**
 * Folders on both sides, files and a wire; and no fewer than it takes to start a process, or to make and begin a copy, which is
 * of no use where it can open nothing.
 */
const spare = 12;

/**
 * Throws what the system says where there are fewer: later each open file would fail with a name of its own, and Node's
 * own way to find out, when it starts a process, leaves a pipe open each time. Given Node's calls, because the start of
 * the program cannot import them.
 */
export function checkRoom({ openSync, closeSync }: Pick<typeof fs, 'openSync' | 'closeSync'>): void {
  const held: number[] = [];
  try {
    while (held.length < spare) held.push(openSync('/', 'r'));
  } finally {
    for (const fd of held) closeSync(fd);
  }
}
