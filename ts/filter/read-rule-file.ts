import { closeSync, readSync } from 'node:fs';
import { SysError } from '../errors.ts';
import { openTrusted, systemErrorOf } from '../kernel/trusted-path.ts';
import type { ByteString } from '../kernel/types.ts';

const pieceBytes = 64 * 1024;
/** How long to wait for a pipe that nothing has come by yet. */
const pauseMs = 5;

/**
 * Opens a rule file, to be read piece by piece; `-` is standard input. A piece is good until the next one. With
 * `anyLinks` symbolic links in its path may be anybody's.
 * Throws `SysError` where it cannot be opened; where it cannot be read it just ends, as rsync's does.
 */
export function openRuleFile(path: ByteString, anyLinks: boolean): Iterable<Uint8Array> {
  return path === '-' ? piecesOf(0, false) : piecesOf(openTrusted(path, anyLinks), true);
}

function* piecesOf(fd: number, close: boolean): Generator<Uint8Array> {
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let n = readSome(fd, piece); n > 0; n = readSome(fd, piece)) yield piece.subarray(0, n);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  } finally {
    if (close) closeSync(fd);
  }
}

/** Reads the next bytes of a file, or waits for them where it is a pipe; 0 at its end. Throws `SysError`. */
export function readSome(fd: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, into);
    } catch (error) {
      const failed = systemErrorOf(error);
      if (!(failed instanceof SysError) || failed.code !== 'EAGAIN') throw failed;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
