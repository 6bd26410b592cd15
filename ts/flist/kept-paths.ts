import type { ByteString } from '../kernel/kernel.ts';
import { withRoomFor } from './numbers.ts';

const chunkBytes = 64 * 1024;

/** Paths by number, as bytes: half of what strings take. */
export class KeptPaths {
  private readonly chunks: Buffer[] = [];
  private used = chunkBytes;
  /** Chunk, place in it and length of each; -1 where there is none. */
  private chunkOf = new Int32Array(0);
  private placeOf = new Int32Array(0);
  private lengthOf = new Int32Array(0);

  get(n: number): ByteString | undefined {
    const chunk = this.chunkOf[n] ?? -1;
    if (chunk < 0) return undefined;
    const at = this.placeOf[n];
    return this.chunks[chunk].toString('latin1', at, at + this.lengthOf[n]);
  }
  has(n: number): boolean {
    return (this.chunkOf[n] ?? -1) >= 0;
  }

  set(n: number, path: ByteString): void {
    if (this.used + path.length > chunkBytes) {
      this.chunks.push(Buffer.allocUnsafeSlow(Math.max(chunkBytes, path.length)));
      this.used = 0;
    }
    this.chunkOf = withRoomFor(n, this.chunkOf);
    this.placeOf = withRoomFor(n, this.placeOf);
    this.lengthOf = withRoomFor(n, this.lengthOf);
    this.chunkOf[n] = this.chunks.length - 1;
    this.placeOf[n] = this.used;
    this.lengthOf[n] = path.length;
    this.chunks[this.chunks.length - 1].write(path, this.used, 'latin1');
    this.used += path.length;
  }
}
