import type { ReceiveBatch } from '../kernel/receive-batch.ts';
import { chunkSize } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';

/**
 * Uncompressed token streams. Each token is an int: positive, so many literal bytes follow; negative,
 * block `-(n + 1)` of the basis; 0 ends the file and its whole-file digest follows.
 */
export const endToken = 0;

/** The token that stands for a block of the basis. */
export function blockToken(index: number): number {
  return -(index + 1);
}

/** The block that a negative token stands for. */
export function tokenBlock(token: number): number {
  return -token - 1;
}

/** Bytes of a file's token stream when all of it is literal, its digest not counted. */
export function literalStreamLength(size: number): number {
  return size + 4 * (Math.ceil(size / chunkSize) + 1);
}

/** The part of a `Reader` that `readLiteralFile` needs. `mark` and `rewind` hold within one decoder. */
export type TokenReader = Pick<Reader, 'int' | 'skip' | 'copy'> & {
  mark(): number;
  rewind(to: number): void;
};

/** Where a received file lies in its batch: content, then the sender's digest. */
export interface LiteralFile {
  readonly dataAt: number;
  readonly size: number;
  readonly digestAt: number;
}

/**
 * The whole uncompressed token stream of a small file without block references, copied into `batch`.
 * Only inside `Reader.record` or `tryRecord`. When the stream is not buffered whole, the record ends as
 * usual and the batch is untouched. `'not-literal'`: the stream holds a block reference or more than
 * `sizeLimit` bytes; nothing of it was consumed, and `openReceive` is the way to go.
 */
export function readLiteralFile(
  reader: TokenReader,
  batch: ReceiveBatch,
  sizeLimit: number,
  digestLength: number,
): LiteralFile | 'not-literal' {
  const start = reader.mark();
  let size = 0;
  for (let token = reader.int(); token !== endToken; token = reader.int()) {
    size += token;
    if (token < 0 || size > sizeLimit) {
      reader.rewind(start);
      return 'not-literal';
    }
    reader.skip(token);
  }
  reader.skip(digestLength);

  reader.rewind(start);
  const dataAt = batch.reserve(size + digestLength);
  let at = dataAt;
  for (let token = reader.int(); token !== endToken; token = reader.int()) {
    reader.copy(batch.data, at, token);
    at += token;
  }
  reader.copy(batch.data, at, digestLength);
  return { dataAt, size, digestAt: at };
}
