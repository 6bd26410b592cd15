/** How much data compressed literals are, once they are not compressed any more. */
import type { SumHead } from '../delta/sum-head.ts';
import { RsyncError } from '../errors.ts';
import type { CompressName } from '../kernel/kernel.ts';
import type { Decompressor } from '../kernel/portable/tokens/decoder.ts';
import { openInflate } from '../kernel/portable/tokens/deflate.ts';
import { openUnlz4 } from '../kernel/portable/tokens/lz4.ts';
import { openUnzstd } from '../kernel/portable/tokens/zstd.ts';

/** What deflate remembers. */
const historyBytes = 32 * 1024;

/** Of one direction, one file after the other. */
export interface Literals {
  /** A file of that head begins. */
  begin(head: SumHead): void;
  /** Bytes that a record of compressed data gives; undefined where that cannot be told (any more). */
  record(data: Buffer): number | undefined;
  /** Blocks follow. */
  blocks(first: number, count: number): void;
  close(): void;
}

/** Not every Node has each compression, and what is said on a wire may be wrong: what fails is done without. */
export function openLiterals(compression: CompressName): Literals {
  let decompressor = attempt(() => open(compression));
  const matchedData = compression === 'zlib';
  let head: SumHead | undefined;
  let inRun = false;
  const end = (): void => {
    decompressor?.close();
    decompressor = undefined;
  };
  /** Does it as long as nothing went wrong. */
  const during = <T>(work: (opened: Decompressor) => T): T | undefined => {
    if (decompressor === undefined) return undefined;
    const opened = decompressor;
    const done = attempt(() => ({ value: work(opened) }));
    if (done === undefined) end();
    return done?.value;
  };
  return {
    begin(next) {
      head = next;
      inRun = false;
      during((opened) => opened.begin());
    },
    record: (data) =>
      during((opened) => {
        inRun = true;
        opened.feed(data, 0, data.length, true);
        let bytes = 0;
        for (let n = opened.next(); n > 0; n = opened.next()) bytes += n;
        return bytes;
      }),
    blocks(first, count) {
      during((opened) => {
        if (inRun) opened.endOfRun();
        inRun = false;
        if (!matchedData || head === undefined) return;
        // Its history has them too. What is in them changes what comes out, but not how much.
        const block = Buffer.alloc(head.blockLength);
        const remembered = Math.ceil(historyBytes / Math.max(block.length, 1)) + 1;
        for (let k = Math.max(first, first + count - remembered); k < first + count; k++) {
          const isShort = k === head.count - 1 && head.remainder > 0;
          opened.saw(block, 0, isShort ? head.remainder : block.length);
        }
      });
    },
    close: end,
  };
}

function open(compression: CompressName): Decompressor | undefined {
  switch (compression) {
    case 'zlib':
    case 'zlibx':
      return openInflate(compression === 'zlib');
    case 'zstd':
      return openUnzstd();
    case 'lz4':
      return openUnlz4();
    default:
      return undefined;
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RsyncError) return undefined;
    throw error;
  }
}
