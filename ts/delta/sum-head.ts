import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** How a basis file is cut into blocks: the head of the generator's sums, echoed by the sender. */
export interface SumHead {
  /** Number of blocks; 0: no basis, send the whole file. */
  readonly count: number;
  readonly blockLength: number;
  /** Bytes of each strong sum (s2length). */
  readonly strongLength: number;
  /** Length of the last block, 0 when it is whole. */
  readonly remainder: number;
}

/** Asks for a whole file. */
export const emptySumHead: SumHead = { count: 0, blockLength: 0, strongLength: 0, remainder: 0 };

/**
 * Reads a sum head, inside `Reader.record`. `maxStrongLength` is the length of the negotiated transfer
 * digest; `who` names the role for messages. Throws a protocol error (2) for values out of range.
 */
export function readSumHead(
  _reader: Reader,
  _protocol: number,
  _maxStrongLength: number,
  _who: 'sender' | 'receiver',
): SumHead {
  throw new Error('not yet');
}

/** Writes a sum head. */
export function writeSumHead(_writer: Writer, _head: SumHead): void {
  throw new Error('not yet');
}
