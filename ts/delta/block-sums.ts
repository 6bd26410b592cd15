import { ExitCode, RsyncError } from '../errors.ts';
import { type BlockSums, digestLength } from '../kernel/kernel.ts';
import { areTooManySums } from '../wire/limits.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Reader } from '../wire/reader.ts';
import { emptySumHead, readSumHead, type SumHead } from './sum-head.ts';

export type BlockSumsHead = SumHead & BlockSums;

const none = new Uint8Array(0);
/** Of a request for a whole file. */
const noSums: BlockSumsHead = { ...emptySumHead, sums: none };

/**
 * The generator's sum head and block sums (with append: the head alone), waiting for all of them. More of them
 * than --max-alloc admits end the run.
 */
export async function readBlockSums(
  reader: Reader,
  negotiated: Negotiated,
  headOnly: boolean,
  maxAlloc: number,
): Promise<BlockSumsHead> {
  const head = await reader.record(() => decodeHead(reader, negotiated));
  if (headOnly || head.count === 0) return { ...head, sums: none };
  if (areTooManySums(head.count, head.strongLength, maxAlloc))
    throw new RsyncError(ExitCode.Malloc, `[sender] exceeded --max-alloc=${maxAlloc} setting`);
  const total = head.count * (4 + head.strongLength);
  // Memory that nothing was written to yet takes no room: a peer that announces more than it sends gains nothing.
  const sums = Buffer.allocUnsafeSlow(total);
  await reader.readInto(sums);
  return { ...head, sums };
}

/** As `readBlockSums` for a request without sums that lies in the buffer; else undefined, nothing read. */
export function tryReadBlockSums(
  reader: Reader,
  negotiated: Negotiated,
  headOnly: boolean,
): BlockSumsHead | undefined {
  return (
    reader.tryRecord(() => {
      const start = reader.mark();
      const head = decodeHead(reader, negotiated);
      if (head === emptySumHead) return noSums;
      if (headOnly || head.count === 0) return { ...head, sums: none };
      reader.rewind(start);
      return null;
    }) ?? undefined
  );
}

function decodeHead(reader: Reader, negotiated: Negotiated): SumHead {
  return readSumHead(reader, negotiated.protocol, digestLength[negotiated.transferDigest.name], 'sender');
}
