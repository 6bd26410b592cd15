import { closeSync } from 'node:fs';
import type { BlockSumJob, DigestSpec } from '../../kernel.ts';
import { type BlockDigest, openBlockDigest } from '../digest/digest.ts';
import { rollingSum } from '../digest/rolling.ts';
import type { Turns } from '../turn.ts';
import { FileWindow } from './file-window.ts';

const smallestWindow = 256 * 1024;

interface Basis {
  readonly fd: number;
  readonly size: number;
}

/** The length of blocks and of their strong sums, and the digest that these are of. */
interface SumShape {
  readonly blockLength: number;
  readonly strongLength: number;
  readonly digest: DigestSpec;
}

/** Sums of a basis over a descriptor that the job closes (rsync's `generate_and_send_sums`). */
export class PortableBlockSumJob implements BlockSumJob {
  private readonly fd: number;
  private readonly turns: Turns;
  private readonly size: number;
  private readonly blockLength: number;
  private readonly strongLength: number;
  private readonly digest: BlockDigest;
  private readonly window: FileWindow;
  private offset = 0;
  private closed = false;

  constructor({ fd, size }: Basis, { blockLength, strongLength, digest }: SumShape, turns: Turns) {
    if (!(blockLength > 0)) throw new RangeError(`block length ${blockLength}`);
    this.fd = fd;
    this.size = size;
    this.turns = turns;
    this.blockLength = blockLength;
    this.strongLength = strongLength;
    this.digest = openBlockDigest(digest);
    this.window = new FileWindow(fd, size, Math.max(smallestWindow, blockLength));
  }

  async next(into: Uint8Array): Promise<number> {
    const stride = 4 + this.strongLength;
    if (into.length < stride) throw new RangeError(`no room for a block sum in ${into.length} bytes`);
    const out = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
    let filled = 0;
    while (this.offset < this.size && filled + stride <= out.length) {
      const n = Math.min(this.blockLength, this.size - this.offset);
      const at = this.window.need(this.offset, this.offset + n);
      const bytes = this.window.bytes;
      out.writeUInt32LE(rollingSum(bytes, at, at + n), filled);
      this.digest(bytes, at, at + n).copy(out, filled + 4, 0, this.strongLength);
      filled += stride;
      this.offset += n;
      if (this.turns.spend(n)) await this.turns.next();
    }
    return filled;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }
}
