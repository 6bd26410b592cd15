import { maxBlockSize, maxBlockSizeOld } from '../wire/constants.ts';
import type { SumHead } from './sum-head.ts';

export interface BlockSizeOptions {
  readonly protocol: number;
  /** --block-size; 0 lets the file size decide. */
  readonly blockSize: number;
  /** Bytes of the negotiated transfer digest. */
  readonly digestLength: number;
  /** The second attempt after a failed verification uses whole strong sums. */
  readonly redo: boolean;
}

/** The shortest block length that is chosen. */
const smallestBlock = 700;
const shortStrong = 2;
const longStrong = 16;
/** Bits of a block's sums beyond what the file's size asks for. */
const sumBitsBias = 10;
const rollingSumBits = 32;

/**
 * Cuts a basis file of `size` bytes into blocks (sum_sizes_sqroot). `undefined`: more blocks than the
 * protocol can count; the file is sent whole then.
 */
export function sumSizes(size: number, options: BlockSizeOptions): SumHead | undefined {
  const blockLength = options.blockSize > 0 ? options.blockSize : blockLengthFor(size, options.protocol);
  const remainder = size % blockLength;
  const count = Math.ceil(size / blockLength);
  if (count > 0x7fffffff) return undefined;
  return { count, blockLength, strongLength: strongLengthFor(size, blockLength, options), remainder };
}

/** The square root of the size, rounded down to a multiple of 8. */
function blockLengthFor(size: number, protocol: number): number {
  if (size <= smallestBlock * smallestBlock) return smallestBlock;
  const longest = protocol < 30 ? maxBlockSizeOld : maxBlockSize;
  if (2 ** Math.floor(floorLog2(size) / 2) >= longest) return longest;
  let root = Math.floor(Math.sqrt(size));
  root -= root % 8;
  if (root * root > size) root -= 8;
  return Math.max(root, smallestBlock);
}

/**
 * Enough bytes that a false match somewhere in the file is improbable: twice the bits of the size, less
 * the bits of the block length, less what the rolling sum tells already.
 */
function strongLengthFor(size: number, blockLength: number, options: BlockSizeOptions): number {
  const longest = Math.min(longStrong, options.digestLength);
  if (options.redo) return longest;
  const sizeBits = size > 0 ? floorLog2(size) : 0;
  const bits = Math.max(0, sumBitsBias + 2 * sizeBits - floorLog2(blockLength));
  const bytes = Math.trunc((bits + 1 - rollingSumBits + 7) / 8);
  return Math.min(Math.max(bytes, shortStrong), longest);
}

/** Exact, where `Math.log2` may round up. */
function floorLog2(n: number): number {
  return n < 2 ** 32 ? 31 - Math.clz32(n) : 63 - Math.clz32(Math.floor(n / 2 ** 32));
}
