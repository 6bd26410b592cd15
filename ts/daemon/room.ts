/** Whether there are descriptors for another process. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Descriptors that it takes to start a process, or to make and begin a copy, and some more. */
const spare = 12;

/**
 * Throws what the system says where there are none. Node's own way to find out leaves a pipe open each time, and a copy is of no
 * use that can open nothing.
 */
export function checkRoom(): void {
  const held: number[] = [];
  try {
    while (held.length < spare) held.push(openSync(devNull, 'r'));
  } finally {
    for (const fd of held) closeSync(fd);
  }
}
