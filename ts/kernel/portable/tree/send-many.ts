import { closeSync, readSync } from 'node:fs';
import type { ByteString, DigestSpec, SendManyResult } from '../../kernel.ts';
import { openFileDigest } from '../digest/digest.ts';
import { asSysError } from '../sys-error.ts';
import { ByteQueue } from '../tokens/byte-queue.ts';
import { chunkBytes } from '../tokens/format.ts';
import { fileWork, type Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { openToRead } from './open-file.ts';

const queueBytes = 256 * 1024;
const tooLarge = -1;

/** `Tree.sendMany`: whole files as uncompressed token streams with their digests. */
export async function sendMany(
  directory: Directory,
  paths: readonly ByteString[],
  limit: number,
  digest: DigestSpec,
  turns: Turns,
): Promise<SendManyResult> {
  const status = new Int32Array(paths.length);
  const ends = new Uint32Array(paths.length);
  const sizes = new Float64Array(paths.length);
  const out = new ByteQueue(queueBytes);
  let buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let i = 0; i < paths.length; i++) {
    let fd = -1;
    try {
      const file = openToRead(directory, paths[i]);
      fd = file.fd;
      if (file.size > limit || !file.regular) {
        status[i] = tooLarge;
      } else {
        if (file.size > buffer.length) buffer = Buffer.allocUnsafeSlow(file.size);
        const n = readWhole(fd, buffer, file.size);
        writeWhole(out, buffer, n, digest);
        sizes[i] = n;
      }
    } catch (error) {
      status[i] = asSysError(error, 'read').errno;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
    ends[i] = out.length;
    if (turns.spend(sizes[i] + fileWork)) await turns.next();
  }
  const data = new Uint8Array(out.length);
  out.take(data);
  return { status, ends, sizes, data };
}

/** Reads up to `size` bytes; fewer where the file has become shorter. */
function readWhole(fd: number, buffer: Buffer, size: number): number {
  let have = 0;
  while (have < size) {
    const n = readSync(fd, buffer, have, size - have, null);
    if (n === 0) break;
    have += n;
  }
  return have;
}

function writeWhole(out: ByteQueue, data: Buffer, size: number, spec: DigestSpec): void {
  for (let at = 0; at < size; at += chunkBytes) {
    const n = Math.min(chunkBytes, size - at);
    out.int(n);
    out.copy(data, at, at + n);
  }
  out.int(0);
  const digest = openFileDigest(spec);
  digest.update(data, 0, size);
  const sum = digest.final();
  out.copy(sum, 0, sum.length);
}
