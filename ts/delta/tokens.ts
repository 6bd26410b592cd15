import type { ReceiveBatch } from '../kernel/receive-batch.ts';
import type { Reader } from '../wire/reader.ts';

/** Where a received file lies in its batch: content, then the sender's digest. */
export interface LiteralFile {
  readonly dataAt: number;
  readonly size: number;
  readonly digestAt: number;
}

/**
 * The whole uncompressed token stream of a small file without block references, copied into `batch`.
 * Only inside `Reader.record` or `tryRecord`: when the stream is not buffered whole, the record ends as
 * usual and nothing is consumed or kept. `'not-literal'`: the stream holds a block reference or more than
 * `sizeLimit` bytes; the caller leaves the record (`literalFileRecord` does that) and uses `openReceive`.
 */
export function readLiteralFile(
  _reader: Reader,
  _batch: ReceiveBatch,
  _sizeLimit: number,
  _digestLength: number,
): LiteralFile | 'not-literal' {
  throw new Error('not yet');
}
