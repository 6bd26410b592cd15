import type { Digest } from './types.ts';

const blockBytes = 64;
/** The order in which each round reads the sixteen words of a block (RFC 1320, section 3.4). */
const secondRound = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
const thirdRound = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];
const secondConstant = 0x5a827999;
const thirdConstant = 0x6ed9eba1;

/** MD4 (RFC 1320). OpenSSL 3 no longer offers it, and protocols below 30 know nothing else. */
export class Md4 implements Digest {
  private a = 0x67452301;
  private b = 0xefcdab89 | 0;
  private c = 0x98badcfe | 0;
  private d = 0x10325476;
  private readonly words = new Int32Array(16);
  private readonly pending = Buffer.alloc(blockBytes);
  private pendingBytes = 0;
  private totalBytes = 0;

  update(data: Uint8Array, start: number, end: number): void {
    this.totalBytes += end - start;
    let at = start;
    if (this.pendingBytes > 0) {
      const take = Math.min(blockBytes - this.pendingBytes, end - at);
      this.pending.set(data.subarray(at, at + take), this.pendingBytes);
      this.pendingBytes += take;
      at += take;
      if (this.pendingBytes < blockBytes) return;
      this.block(this.pending, 0);
      this.pendingBytes = 0;
    }
    for (; end - at >= blockBytes; at += blockBytes) this.block(data, at);
    this.pending.set(data.subarray(at, end));
    this.pendingBytes = end - at;
  }

  final(): Buffer {
    const bits = this.totalBytes * 8;
    const padding = Buffer.alloc((this.pendingBytes < 56 ? 56 : 120) - this.pendingBytes + 8);
    padding[0] = 0x80;
    padding.writeUInt32LE(bits % 0x1_0000_0000, padding.length - 8);
    padding.writeUInt32LE(Math.floor(bits / 0x1_0000_0000) >>> 0, padding.length - 4);
    this.update(padding, 0, padding.length);
    const out = Buffer.allocUnsafe(16);
    out.writeInt32LE(this.a, 0);
    out.writeInt32LE(this.b, 4);
    out.writeInt32LE(this.c, 8);
    out.writeInt32LE(this.d, 12);
    return out;
  }

  private block(data: Uint8Array, start: number): void {
    const w = this.words;
    for (let i = 0, p = start; i < 16; i++, p += 4) {
      w[i] = data[p] | (data[p + 1] << 8) | (data[p + 2] << 16) | (data[p + 3] << 24);
    }
    let a = this.a;
    let b = this.b;
    let c = this.c;
    let d = this.d;
    for (let i = 0; i < 16; i += 4) {
      a = rotate(a + ((b & c) | (~b & d)) + w[i], 3);
      d = rotate(d + ((a & b) | (~a & c)) + w[i + 1], 7);
      c = rotate(c + ((d & a) | (~d & b)) + w[i + 2], 11);
      b = rotate(b + ((c & d) | (~c & a)) + w[i + 3], 19);
    }
    for (let i = 0; i < 16; i += 4) {
      a = rotate(a + ((b & c) | (b & d) | (c & d)) + w[secondRound[i]] + secondConstant, 3);
      d = rotate(d + ((a & b) | (a & c) | (b & c)) + w[secondRound[i + 1]] + secondConstant, 5);
      c = rotate(c + ((d & a) | (d & b) | (a & b)) + w[secondRound[i + 2]] + secondConstant, 9);
      b = rotate(b + ((c & d) | (c & a) | (d & a)) + w[secondRound[i + 3]] + secondConstant, 13);
    }
    for (let i = 0; i < 16; i += 4) {
      a = rotate(a + (b ^ c ^ d) + w[thirdRound[i]] + thirdConstant, 3);
      d = rotate(d + (a ^ b ^ c) + w[thirdRound[i + 1]] + thirdConstant, 9);
      c = rotate(c + (d ^ a ^ b) + w[thirdRound[i + 2]] + thirdConstant, 11);
      b = rotate(b + (c ^ d ^ a) + w[thirdRound[i + 3]] + thirdConstant, 15);
    }
    this.a = (this.a + a) | 0;
    this.b = (this.b + b) | 0;
    this.c = (this.c + c) | 0;
    this.d = (this.d + d) | 0;
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
