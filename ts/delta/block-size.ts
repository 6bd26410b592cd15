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

/**
 * Cuts a basis file of `size` bytes into blocks (sum_sizes_sqroot). `undefined`: more blocks than the
 * protocol can count; the file is sent whole then.
 */
export function sumSizes(_size: number, _options: BlockSizeOptions): SumHead | undefined {
  throw new Error('not yet');
}
