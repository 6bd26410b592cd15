import type { Digest } from './types.ts';
import {
  mask64,
  prime32x1,
  prime32x2,
  prime32x3,
  prime64x1,
  prime64x2,
  prime64x3,
  prime64x4,
  prime64x5,
} from './u64.ts';
import { defaultSecret, hashShort, longestShort, xxh3Avalanche } from './xxh3-short.ts';

const stripeBytes = 64;
const stripesPerBlock = 16;
const blockBytes = stripeBytes * stripesPerBlock;
/** Input is gathered here, so that the last stripe and a short input are still at hand at the end. */
const gatherBytes = 4 * blockBytes;
const scrambleAt = 128;

/** Low and high half of each lane's first value. */
const laneStart = [
  prime32x3,
  prime64x1,
  prime64x2,
  prime64x3,
  prime64x4,
  prime32x2,
  prime64x5,
  prime32x1,
].flatMap((lane) => [Number(BigInt.asIntN(32, lane)), Number(BigInt.asIntN(32, lane >> 32n))]);

/**
 * XXH3, 64 or 128 bits wide. Its eight lanes are held as 32-bit halves; the result is little-endian, low
 * half first, as rsync sends it.
 */
export class Xxh3 implements Digest {
  private readonly width: 64 | 128;
  private readonly seed: bigint;
  private readonly secret: Buffer;
  private readonly secretWords: Int32Array;
  /** Lane n: low half at 2n, high half at 2n + 1. */
  private readonly lanes = new Int32Array(16);
  private stripesInBlock = 0;
  private readonly gathered = Buffer.alloc(gatherBytes);
  private gatheredBytes = 0;
  /** The 64 bytes before `gathered`, which the last stripe may need. */
  private readonly before = Buffer.alloc(stripeBytes);
  private totalBytes = 0;

  /** `seed` is an unsigned 64-bit number. */
  constructor(width: 64 | 128, seed: bigint) {
    this.width = width;
    this.seed = seed;
    this.secret = deriveSecret(this.seed);
    this.secretWords = new Int32Array(this.secret.length / 4);
    for (let i = 0; i < this.secretWords.length; i++) this.secretWords[i] = this.secret.readInt32LE(4 * i);
    this.restart();
  }

  /** Forgets what was fed. */
  restart(): void {
    this.lanes.set(laneStart);
    this.stripesInBlock = 0;
    this.gatheredBytes = 0;
    this.totalBytes = 0;
  }

  update(data: Uint8Array, start: number, end: number): void {
    this.totalBytes += end - start;
    let at = start;
    if (this.gatheredBytes + end - start > gatherBytes) {
      if (this.gatheredBytes > 0) {
        const take = gatherBytes - this.gatheredBytes;
        this.gathered.set(data.subarray(at, at + take), this.gatheredBytes);
        at += take;
        this.stripes(this.gathered, 0, gatherBytes / stripeBytes);
        this.before.set(this.gathered.subarray(gatherBytes - stripeBytes));
        this.gatheredBytes = 0;
      }
      if (end - at > gatherBytes) {
        const count = Math.floor((end - at - 1) / gatherBytes) * (gatherBytes / stripeBytes);
        this.stripes(data, at, count);
        at += count * stripeBytes;
        this.before.set(data.subarray(at - stripeBytes, at));
      }
    }
    this.gathered.set(data.subarray(at, end), this.gatheredBytes);
    this.gatheredBytes += end - at;
  }

  final(): Buffer {
    const out = Buffer.allocUnsafe(this.width / 8);
    if (this.totalBytes <= longestShort) {
      const { low, high } = hashShort(this.gathered.subarray(0, this.totalBytes), this.seed, this.width);
      out.writeBigUInt64LE(low);
      if (this.width === 128) out.writeBigUInt64LE(high, 8);
      return out;
    }
    this.stripes(this.gathered, 0, Math.floor((this.gatheredBytes - 1) / stripeBytes));
    this.accumulate(this.lastStripe(), 0, this.secret.length - 71);
    const length = BigInt(this.totalBytes);
    out.writeBigUInt64LE(this.merge((length * prime64x1) & mask64, 11));
    if (this.width === 128) {
      const start = mask64 ^ ((length * prime64x2) & mask64);
      out.writeBigUInt64LE(this.merge(start, this.secret.length - 75), 8);
    }
    return out;
  }

  private lastStripe(): Buffer {
    const have = this.gatheredBytes;
    if (have >= stripeBytes) return this.gathered.subarray(have - stripeBytes, have);
    return Buffer.concat([this.before.subarray(have), this.gathered.subarray(0, have)]);
  }

  /** Consumes whole stripes, scrambling the lanes after each full block. */
  private stripes(data: Uint8Array, start: number, count: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = start;
    let left = count;
    while (left > 0) {
      const run = Math.min(left, stripesPerBlock - this.stripesInBlock);
      accumulateRun(this.lanes, { view, start: at, count: run }, this.secretWords, this.stripesInBlock * 2);
      at += run * stripeBytes;
      left -= run;
      this.stripesInBlock += run;
      if (this.stripesInBlock === stripesPerBlock) {
        scramble(this.lanes, this.secretWords);
        this.stripesInBlock = 0;
      }
    }
  }

  /** One stripe with a segment of the secret that need not lie on a word. */
  private accumulate(stripe: Buffer, at: number, secretAt: number): void {
    const words = new Int32Array(16);
    for (let i = 0; i < 16; i++) words[i] = this.secret.readInt32LE(secretAt + 4 * i);
    const view = new DataView(stripe.buffer, stripe.byteOffset, stripe.byteLength);
    accumulateRun(this.lanes, { view, start: at, count: 1 }, words, 0);
  }

  private merge(start: bigint, secretAt: number): bigint {
    let result = start;
    for (let i = 0; i < 4; i++) {
      const a = this.lane(2 * i) ^ this.secret.readBigUInt64LE(secretAt + 16 * i);
      const b = this.lane(2 * i + 1) ^ this.secret.readBigUInt64LE(secretAt + 16 * i + 8);
      const product = a * b;
      result += (product & mask64) ^ (product >> 64n);
    }
    return xxh3Avalanche(result & mask64);
  }

  private lane(i: number): bigint {
    return BigInt(this.lanes[2 * i] >>> 0) | (BigInt(this.lanes[2 * i + 1] >>> 0) << 32n);
  }
}

/** The secret of inputs beyond `longestShort`: the default one with the seed added and subtracted in turn. */
function deriveSecret(seed: bigint): Buffer {
  if (seed === 0n) return defaultSecret;
  const secret = Buffer.from(defaultSecret);
  for (let at = 0; at < secret.length; at += 16) {
    secret.writeBigUInt64LE((secret.readBigUInt64LE(at) + seed) & mask64, at);
    secret.writeBigUInt64LE((secret.readBigUInt64LE(at + 8) - seed) & mask64, at + 8);
  }
  return secret;
}

/** Input, `count` stripes of it from byte `start` on. */
interface Stripes {
  readonly view: DataView;
  readonly start: number;
  readonly count: number;
}

/**
 * lane[i ^ 1] += input[i]; lane[i] += low(input[i] ^ secret[i]) * high(input[i] ^ secret[i]). The secret
 * moves on by eight bytes (two words) a stripe.
 */
function accumulateRun(
  lanes: Int32Array,
  { view, start, count }: Stripes,
  secret: Int32Array,
  secretAt: number,
): void {
  for (let lane = 0; lane < 8; lane++) {
    const at = 2 * lane;
    const other = at ^ 2;
    let low = lanes[at];
    let high = lanes[at + 1];
    let word = secretAt + at;
    let ownAt = start + 8 * lane;
    const neighbour = 4 * (other - at);
    for (let n = 0; n < count; n++, ownAt += stripeBytes, word += 2) {
      const keyLow = view.getInt32(ownAt, true) ^ secret[word];
      const keyHigh = view.getInt32(ownAt + 4, true) ^ secret[word + 1];
      const addLow = view.getInt32(ownAt + neighbour, true);
      const addHigh = view.getInt32(ownAt + neighbour + 4, true);
      const x0 = keyLow & 0xffff;
      const x1 = keyLow >>> 16;
      const y0 = keyHigh & 0xffff;
      const y1 = keyHigh >>> 16;
      const middle = Math.imul(x1, y0);
      const cross = Math.imul(x0, y1);
      const carry = ((Math.imul(x0, y0) >>> 16) + (middle & 0xffff) + (cross & 0xffff)) >>> 16;
      const productLow = Math.imul(keyLow, keyHigh);
      const productHigh = Math.imul(x1, y1) + (middle >>> 16) + (cross >>> 16) + carry;
      const first = (low + addLow) | 0;
      const second = (first + productLow) | 0;
      high =
        (high +
          addHigh +
          productHigh +
          (first >>> 0 < low >>> 0 ? 1 : 0) +
          (second >>> 0 < first >>> 0 ? 1 : 0)) |
        0;
      low = second;
    }
    lanes[at] = low;
    lanes[at + 1] = high;
  }
}

/** lane = (lane ^ lane >> 47 ^ secret) * prime32x1. */
function scramble(lanes: Int32Array, secret: Int32Array): void {
  const prime = 0x9e3779b1;
  const prime0 = prime & 0xffff;
  const prime1 = prime >>> 16;
  for (let i = 0; i < 16; i += 2) {
    const low = lanes[i] ^ (lanes[i + 1] >>> 15) ^ secret[scrambleAt / 4 + i];
    const high = lanes[i + 1] ^ secret[scrambleAt / 4 + i + 1];
    const x0 = low & 0xffff;
    const x1 = low >>> 16;
    const middle = Math.imul(x1, prime0);
    const cross = Math.imul(x0, prime1);
    const carry = ((Math.imul(x0, prime0) >>> 16) + (middle & 0xffff) + (cross & 0xffff)) >>> 16;
    lanes[i] = Math.imul(low, prime);
    lanes[i + 1] = Math.imul(x1, prime1) + (middle >>> 16) + (cross >>> 16) + carry + Math.imul(high, prime);
  }
}
