import { protocolError } from '../../../errors.ts';
import { type BlockSums, type DigestSpec, digestLength } from '../../kernel.ts';

/** Below this many buckets the table keeps to its traditional size, indexed by the sum of both halves. */
export const smallTable = 1 << 16;
const weakBytes = 4;

/** The peer's block sums, found by their rolling sum. */
export class BlockTable {
  readonly count: number;
  readonly blockLength: number;
  readonly strongLength: number;
  /** Bytes of all blocks. */
  readonly total: number;
  /** Rolling sums, as signed numbers. */
  readonly weak: Int32Array;
  /** First block of each bucket, or -1. */
  readonly heads: Int32Array;
  /** The next block of the same bucket, or -1. */
  readonly chain: Int32Array;
  /** In-place updates: blocks found to lie where they lay before. */
  readonly sameOffset: Uint8Array;
  private readonly lastLength: number;
  private readonly sums: Buffer;
  private readonly stride: number;

  /** Throws `RsyncError` (protocol) where the sums do not fit their head. */
  constructor(basis: BlockSums, digest: DigestSpec) {
    checkBasis(basis, digest);
    const { count, sums } = basis;
    this.count = count;
    this.blockLength = basis.blockLength;
    this.strongLength = basis.strongLength;
    this.total = basisLength(basis);
    this.lastLength = basis.remainder || basis.blockLength;
    this.sums = Buffer.from(sums.buffer, sums.byteOffset, sums.byteLength);
    this.stride = weakBytes + basis.strongLength;
    this.weak = new Int32Array(count);
    this.chain = new Int32Array(count);
    this.sameOffset = new Uint8Array(count);
    this.heads = new Int32Array(tableSize(count)).fill(-1);
    for (let i = 0; i < count; i++) {
      const weak = this.sums.readInt32LE(i * this.stride);
      this.weak[i] = weak;
      const bucket = this.bucket(weak);
      this.chain[i] = this.heads[bucket];
      this.heads[bucket] = i;
    }
  }

  bucket(weak: number): number {
    return this.heads.length === smallTable
      ? ((weak & 0xffff) + (weak >>> 16)) & 0xffff
      : (weak >>> 0) % this.heads.length;
  }
  length(block: number): number {
    return block === this.count - 1 ? this.lastLength : this.blockLength;
  }
  offset(block: number): number {
    return block * this.blockLength;
  }
  /** Compares a strong sum, in full length, with a block's, which may be cut short. */
  strongEquals(block: number, strong: Buffer): boolean {
    const at = block * this.stride + weakBytes;
    const { sums, strongLength } = this;
    for (let i = 0; i < strongLength; i++) if (sums[at + i] !== strong[i]) return false;
    return true;
  }
}

/** Checks a sum head, and that the sums are as many as it says. */
export function checkBasis(basis: BlockSums, digest: DigestSpec): void {
  const { count, blockLength, remainder, strongLength } = basis;
  if (count < 0) throw protocolError(`Invalid checksum count ${count}`);
  if (blockLength < 0) throw protocolError(`Invalid block length ${blockLength}`);
  if (count > 0 && blockLength === 0) throw protocolError('Invalid zero block length');
  if (strongLength < 0 || strongLength > digestLength[digest.name]) {
    throw protocolError(`Invalid checksum length ${strongLength}`);
  }
  if (remainder < 0 || remainder > blockLength) throw protocolError(`Invalid remainder length ${remainder}`);
  if (basis.sums.length !== 0 && basis.sums.length !== count * (weakBytes + strongLength)) {
    throw protocolError(`Invalid checksum count ${count} (${basis.sums.length} bytes of sums)`);
  }
}

/** Bytes of the file that a sum head describes. */
export function basisLength(basis: BlockSums): number {
  const missing = basis.remainder === 0 ? 0 : basis.blockLength - basis.remainder;
  return Math.max(basis.count * basis.blockLength - missing, 0);
}

/** About four fifths full; a large table is odd, so that both halves of the sum reach all of it. */
function tableSize(count: number): number {
  return Math.max(Math.floor(count / 8) * 10 + 11, smallTable);
}
