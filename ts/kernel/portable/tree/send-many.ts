import { closeSync, readSync } from 'node:fs';
import { type ByteString, type DigestSpec, digestLength, type SendManyResult } from '../../kernel.ts';
import { openFileDigest } from '../digest/digest.ts';
import { asSysError } from '../sys-error.ts';
import { chunkBytes } from '../tokens/format.ts';
import { fileWork, type Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { openToRead } from './open-file.ts';

const tooLarge = -1;

/** `Tree.sendMany`: whole files as uncompressed token streams with their digests. */
export async function sendMany(
  directory: Directory,
  paths: readonly ByteString[],
  into: Uint8Array,
  digest: DigestSpec,
  turns: Turns,
): Promise<SendManyResult> {
  const status = new Int32Array(paths.length);
  const ends = new Uint32Array(paths.length);
  const sizes = new Float64Array(paths.length);
  const out = Buffer.from(into.buffer, into.byteOffset, into.length);
  const sumBytes = digestLength[digest.name];
  let end = 0;
  for (let i = 0; i < paths.length; i++) {
    let fd = -1;
    try {
      const file = openToRead(directory, paths[i]);
      fd = file.fd;
      const room = file.size + Math.ceil(file.size / chunkBytes) * 4 + 4 + sumBytes;
      if (!file.regular || room > out.length - end) {
        status[i] = tooLarge;
      } else {
        const sent = sendWhole(fd, file.size, out, end, digest);
        end = sent.end;
        sizes[i] = sent.size;
      }
    } catch (error) {
      status[i] = asSysError(error, 'read').errno;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
    ends[i] = end;
    if (turns.spend(sizes[i] + fileWork)) await turns.next();
  }
  return { status, ends, sizes };
}

/** Writes the stream of a file of `size` bytes from `at` on: fewer where it has become shorter. */
function sendWhole(
  fd: number,
  size: number,
  out: Buffer,
  at: number,
  spec: DigestSpec,
): { readonly size: number; readonly end: number } {
  const digest = openFileDigest(spec);
  let have = 0;
  let end = at;
  while (have < size) {
    const wanted = Math.min(chunkBytes, size - have);
    const n = readPiece(fd, out, end + 4, wanted);
    if (n > 0) {
      digest.update(out, end + 4, end + 4 + n);
      end = out.writeInt32LE(n, end) + n;
      have += n;
    }
    if (n < wanted) break;
  }
  end = out.writeInt32LE(0, end);
  const sum = digest.final();
  out.set(sum, end);
  return { size: have, end: end + sum.length };
}

/** Reads up to `size` bytes; fewer where the file has become shorter. */
function readPiece(fd: number, out: Buffer, at: number, size: number): number {
  let have = 0;
  while (have < size) {
    const n = readSync(fd, out, at + have, size - have, null);
    if (n === 0) break;
    have += n;
  }
  return have;
}
