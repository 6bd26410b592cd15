import { protocolError } from '../errors.ts';
import { maxBlockSize, maxBlockSizeOld } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/**
 * How a basis file is cut into blocks: the head of the generator's sums, echoed by the sender.
 *
 * Wire: four ints, count | block length | strong length | remainder.
 */
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
  reader: Pick<Reader, 'int'>,
  protocol: number,
  maxStrongLength: number,
  who: 'sender' | 'receiver',
): SumHead {
  const count = reader.int();
  const blockLength = reader.int();
  const strongLength = reader.int();
  const remainder = reader.int();
  if ((count | blockLength | strongLength | remainder) === 0) return emptySumHead;
  const head = { count, blockLength, strongLength, remainder };
  const problem = sumHeadProblem(head, protocol, maxStrongLength);
  if (problem !== undefined) throw protocolError(`${problem} [${who}]`);
  return head;
}

/** Writes a sum head. */
export function writeSumHead(writer: Pick<Writer, 'int'>, head: SumHead): void {
  writer.int(head.count);
  writer.int(head.blockLength);
  writer.int(head.strongLength);
  writer.int(head.remainder);
}

function sumHeadProblem(head: SumHead, protocol: number, maxStrongLength: number): string | undefined {
  const { count, blockLength, strongLength, remainder } = head;
  if (count < 0) return `Invalid checksum count ${count}`;
  const longest = protocol < 30 ? maxBlockSizeOld : maxBlockSize;
  if (blockLength < 0 || blockLength > longest) return `Invalid block length ${blockLength}`;
  if (count > 0 && blockLength === 0) return 'Invalid zero block length';
  if (strongLength < 0 || strongLength > maxStrongLength) return `Invalid checksum length ${strongLength}`;
  if (remainder < 0 || remainder > blockLength) return `Invalid remainder length ${remainder}`;
  return undefined;
}

/** Length of the file that a sum head describes. */
export function headLength(head: SumHead): number {
  const whole = head.count * head.blockLength;
  return head.remainder === 0 ? whole : whole - (head.blockLength - head.remainder);
}
