import { closeSync, readSync } from 'node:fs';
import {
  type ByteString,
  type DigestSpec,
  digestLength,
  type FileSums,
  type NameRuns,
} from '../../kernel.ts';
import { openPlainDigest } from '../digest/digest.ts';
import type { Digest } from '../digest/types.ts';
import { asSysError, sysError } from '../sys-error.ts';
import { fileWork, type Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { openToRead } from './open-file.ts';

const readBytes = 256 * 1024;

/** The path of the name that `runs[at]` begins. */
export function pathAt({ dirs, names, runs }: NameRuns, at: number): ByteString {
  const dir = dirs[runs[at]];
  const name = Buffer.from(names.buffer, names.byteOffset + runs[at + 1], runs[at + 2]).toString('latin1');
  return dir === '' ? name : `${dir}/${name}`;
}

/** `Tree.fileSums`: plain digests, one file after the other. */
export async function fileSums(
  directory: Directory,
  names: NameRuns,
  sizes: Float64Array,
  digest: DigestSpec,
  turns: Turns,
): Promise<FileSums> {
  const length = digestLength[digest.name];
  const status = new Int32Array(sizes.length);
  const sums = new Uint8Array(sizes.length * length);
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  for (let i = 0; i < sizes.length; i++) {
    if (turns.spend(fileWork)) await turns.next();
    let fd = -1;
    try {
      fd = openToRead(directory, pathAt(names, i * 3)).fd;
      const sum = openPlainDigest(digest.name);
      await take(fd, sizes[i], buffer, sum, turns);
      sums.set(sum.final(), i * length);
    } catch (error) {
      status[i] = asSysError(error, 'read').errno;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  }
  return { status, sums };
}

/** The first `size` bytes. */
async function take(fd: number, size: number, buffer: Buffer, sum: Digest, turns: Turns): Promise<void> {
  for (let left = size; left > 0; ) {
    const n = readSync(fd, buffer, 0, Math.min(left, readBytes), null);
    if (n === 0) throw sysError('ENODATA', 'read');
    sum.update(buffer, 0, n);
    left -= n;
    if (turns.spend(n)) await turns.next();
  }
}
