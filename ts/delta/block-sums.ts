import { type BlockSums, digestLength } from '../kernel/kernel.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Reader } from '../wire/reader.ts';
import { readSumHead, type SumHead } from './sum-head.ts';

export type BlockSumsHead = SumHead & BlockSums;

const none = new Uint8Array(0);
/** The first allocation for sums; a peer that announces more gets it as it sends them. */
const firstBytes = 1024 * 1024;

/** The generator's sum head and block sums (with append: the head alone), waiting for all of them. */
export async function readBlockSums(
  reader: Reader,
  negotiated: Negotiated,
  headOnly: boolean,
): Promise<BlockSumsHead> {
  const head = await reader.record(() => decodeHead(reader, negotiated));
  if (headOnly || head.count === 0) return { ...head, sums: none };
  const total = head.count * (4 + head.strongLength);
  let sums = Buffer.allocUnsafeSlow(Math.min(total, firstBytes));
  for (let have = 0; ; ) {
    await reader.readInto(sums.subarray(have));
    if (sums.length === total) return { ...head, sums };
    have = sums.length;
    const grown = Buffer.allocUnsafeSlow(Math.min(total, have * 2));
    sums.copy(grown);
    sums = grown;
  }
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
      if (headOnly || head.count === 0) return { ...head, sums: none };
      reader.rewind(start);
      return null;
    }) ?? undefined
  );
}

function decodeHead(reader: Reader, negotiated: Negotiated): SumHead {
  return readSumHead(reader, negotiated.protocol, digestLength[negotiated.transferDigest.name], 'sender');
}
