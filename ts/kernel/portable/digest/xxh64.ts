import type { Digest } from './types.ts';
import {
  avalanche64,
  mask64,
  prime64x1,
  prime64x2,
  prime64x3,
  prime64x4,
  prime64x5,
  rotate64,
} from './u64.ts';

const stripeBytes = 32;
const p1Low = 0x85ebca87;
const p1High = 0x9e3779b1;
const p2Low = 0x27d4eb4f;
const p2High = 0xc2b2ae3d;

/** XXH64, with its four lanes held as 32-bit halves. The result is little-endian, as rsync sends it. */
export class Xxh64 implements Digest {
  private readonly seed: bigint;
  /** Lane n: low half at 2n, high half at 2n + 1. */
  private readonly lanes = new Uint32Array(8);
  private readonly pending = Buffer.alloc(stripeBytes);
  private pendingBytes = 0;
  private totalBytes = 0;

  /** `seed` is an unsigned 64-bit number. */
  constructor(seed: bigint) {
    this.seed = seed;
    this.restart();
  }

  /** Forgets what was fed. */
  restart(): void {
    const { seed } = this;
    const start = [seed + prime64x1 + prime64x2, seed + prime64x2, seed, seed - prime64x1];
    for (let i = 0; i < 4; i++) {
      const lane = BigInt.asUintN(64, start[i]);
      this.lanes[2 * i] = Number(lane & 0xffffffffn);
      this.lanes[2 * i + 1] = Number(lane >> 32n);
    }
    this.pendingBytes = 0;
    this.totalBytes = 0;
  }

  update(data: Uint8Array, start: number, end: number): void {
    this.totalBytes += end - start;
    let at = start;
    if (this.pendingBytes > 0) {
      const take = Math.min(stripeBytes - this.pendingBytes, end - at);
      this.pending.set(data.subarray(at, at + take), this.pendingBytes);
      this.pendingBytes += take;
      at += take;
      if (this.pendingBytes < stripeBytes) return;
      this.stripes(this.pending, 0, 1);
      this.pendingBytes = 0;
    }
    const count = Math.floor((end - at) / stripeBytes);
    if (count > 0) this.stripes(data, at, count);
    at += count * stripeBytes;
    this.pending.set(data.subarray(at, end));
    this.pendingBytes = end - at;
  }

  final(): Buffer {
    let h: bigint;
    if (this.totalBytes >= stripeBytes) {
      const lane = (i: number) => BigInt(this.lanes[2 * i]) | (BigInt(this.lanes[2 * i + 1]) << 32n);
      h =
        (rotate64(lane(0), 1n) + rotate64(lane(1), 7n) + rotate64(lane(2), 12n) + rotate64(lane(3), 18n)) &
        mask64;
      for (let i = 0; i < 4; i++) {
        h = ((h ^ round(0n, lane(i))) * prime64x1 + prime64x4) & mask64;
      }
    } else {
      h = (this.seed + prime64x5) & mask64;
    }
    h = (h + BigInt(this.totalBytes)) & mask64;
    const tail = this.pending;
    const end = this.pendingBytes;
    let at = 0;
    for (; at + 8 <= end; at += 8) {
      h ^= round(0n, tail.readBigUInt64LE(at));
      h = (rotate64(h, 27n) * prime64x1 + prime64x4) & mask64;
    }
    if (at + 4 <= end) {
      h ^= (BigInt(tail.readUInt32LE(at)) * prime64x1) & mask64;
      h = (rotate64(h, 23n) * prime64x2 + prime64x3) & mask64;
      at += 4;
    }
    for (; at < end; at++) {
      h ^= (BigInt(tail[at]) * prime64x5) & mask64;
      h = (rotate64(h, 11n) * prime64x1) & mask64;
    }
    const out = Buffer.allocUnsafe(8);
    out.writeBigUInt64LE(avalanche64(h));
    return out;
  }

  /** lane = rotate(lane + input * prime2, 31) * prime1, for each lane of each stripe. */
  private stripes(data: Uint8Array, start: number, count: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const lanes = this.lanes;
    const end = start + count * stripeBytes;
    for (let lane = 0; lane < 4; lane++) {
      let low = lanes[2 * lane] | 0;
      let high = lanes[2 * lane + 1] | 0;
      for (let at = start + lane * 8; at < end; at += stripeBytes) {
        const inLow = view.getInt32(at, true);
        const inHigh = view.getInt32(at + 4, true);
        const addLow = Math.imul(inLow, p2Low);
        const addHigh = (mulHigh(inLow, p2Low) + Math.imul(inLow, p2High) + Math.imul(inHigh, p2Low)) | 0;
        const sumLow = (low + addLow) | 0;
        const sumHigh = (high + addHigh + (sumLow >>> 0 < low >>> 0 ? 1 : 0)) | 0;
        const turnedLow = (sumLow << 31) | (sumHigh >>> 1);
        const turnedHigh = (sumHigh << 31) | (sumLow >>> 1);
        low = Math.imul(turnedLow, p1Low);
        high = (mulHigh(turnedLow, p1Low) + Math.imul(turnedLow, p1High) + Math.imul(turnedHigh, p1Low)) | 0;
      }
      lanes[2 * lane] = low;
      lanes[2 * lane + 1] = high;
    }
  }
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate64((lane + input * prime64x2) & mask64, 31n) * prime64x1) & mask64;
}

/** The upper 32 bits of a product of two unsigned 32-bit numbers. */
function mulHigh(x: number, y: number): number {
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const middle = Math.imul(x1, y0);
  const cross = Math.imul(x0, y1);
  const carry = ((Math.imul(x0, y0) >>> 16) + (middle & 0xffff) + (cross & 0xffff)) >>> 16;
  return (Math.imul(x1, y1) + (middle >>> 16) + (cross >>> 16) + carry) | 0;
}
