import { closeSync, readSync } from 'node:fs';
import { SysError } from '../errors.ts';
import type { Host } from '../host.ts';
import { openTrusted, systemErrorOf, toReadIfThere } from '../kernel/trusted-path.ts';
import type { ByteString } from '../kernel/types.ts';

const pieceBytes = 64 * 1024;
/** How long to wait for a pipe that nothing has come by yet. */
const pauseMs = 5;

/**
 * Opens a rule file by its absolute path, to be read piece by piece. A piece is good until the next one. Symbolic
 * links in its path are gone through where they belong to root or `linkOwner`; it has to lie in `root`, where there is one.
 * Throws `SysError` where it cannot be opened; where it cannot be read it just ends, as rsync's does.
 */
export function openRuleFile(
  path: ByteString,
  linkOwner: number | undefined,
  {
    perDirectory = false,
    root,
  }: { readonly perDirectory?: boolean; readonly root?: ByteString | undefined } = {},
): Iterable<Uint8Array> {
  return piecesOf(openTrusted(path, linkOwner, perDirectory ? toReadIfThere : undefined, root), true);
}

/** The rules that come by standard input. */
export function readRuleInput({ descriptors }: Pick<Host, 'descriptors'>): Iterable<Uint8Array> {
  return piecesOf(descriptors.input, false);
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
