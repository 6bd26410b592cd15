/** What the processes that a daemon has started tell it: lines of a letter, and what there is to say. */
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';

export const Word = {
  /** It listens. */
  Ready: 'r',
  /** It has a client. */
  Taken: 't',
  /** A client is gone: what came of it, or nothing from a process that has died. */
  Left: 'l',
  /** Why a client could not be served. */
  Failed: 'f',
} as const;
export type Word = (typeof Word)[keyof typeof Word];

/** Tells the daemon, which may be gone by now. */
export function tell(fd: number, word: Word, rest = ''): void {
  try {
    writeSync(fd, `${word}${rest}\n`);
  } catch {
    // It has ended before us.
  }
}

/** More than any word takes. What says more has come into somebody else's hands. */
const longestLine = 64 * 1024;

/** Calls `heard` for each line that comes by a pipe; one that does not end is the end of it. */
export function listenTo(pipe: Socket, heard: (word: string, rest: string) => void): void {
  let said = '';
  // What ends the other process ends the pipe, too.
  pipe.on('error', () => {});
  pipe.on('data', (piece: Buffer) => {
    const lines = (said + piece.toString('latin1')).split('\n');
    said = lines.pop() ?? '';
    if (said.length > longestLine) pipe.destroy();
    for (const line of lines) heard(line.slice(0, 1), line.slice(1));
  });
}
