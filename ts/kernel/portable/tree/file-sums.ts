import { closeSync, readSync } from 'node:fs';
import { type ByteString, type DigestSpec, digestLength } from '../../kernel.ts';
import { openPlainDigest } from '../digest/digest.ts';
import { asSysError } from '../sys-error.ts';
import { fileWork, type Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { openToRead } from './open-file.ts';

const readBytes = 256 * 1024;

/** `Tree.fileSums`: plain digests, one file after the other. */
export async function fileSums(
  directory: Directory,
  paths: readonly ByteString[],
  digest: DigestSpec,
  turns: Turns,
): Promise<{ status: Int32Array; sums: Uint8Array }> {
  const length = digestLength[digest.name];
  const status = new Int32Array(paths.length);
  const sums = new Uint8Array(paths.length * length);
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  for (let i = 0; i < paths.length; i++) {
    if (turns.spend(fileWork)) await turns.next();
    let fd = -1;
    try {
      fd = openToRead(directory, paths[i]).fd;
      const sum = openPlainDigest(digest.name);
      for (;;) {
        const n = readSync(fd, buffer, 0, readBytes, null);
        if (n === 0) break;
        sum.update(buffer, 0, n);
        if (turns.spend(n)) await turns.next();
      }
      sums.set(sum.final(), i * length);
    } catch (error) {
      status[i] = asSysError(error, 'read').errno;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  }
  return { status, sums };
}
