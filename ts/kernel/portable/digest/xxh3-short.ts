import {
  avalanche64,
  foldedProduct,
  mask64,
  prime32x2,
  prime64x1,
  prime64x2,
  prime64x4,
  rotate64,
} from './u64.ts';

/** Inputs up to here have formulas of their own; longer ones go through the lanes. */
export const longestShort = 240;

/** XXH3's default secret of 192 bytes. */
export const defaultSecret: Buffer = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const primeMix1 = 0x165667919e3779f9n;
const primeMix2 = 0x9fb21c651e98df25n;

interface Hash128 {
  readonly low: bigint;
  readonly high: bigint;
}

/** XXH3 of at most `longestShort` bytes; `high` means nothing where `width` is 64. */
export function hashShort(input: Buffer, seed: bigint, width: 64 | 128): Hash128 {
  const n = input.length;
  const wide = width === 128;
  if (n === 0) return wide ? empty128(seed) : narrow(avalanche64(seed ^ secret(56) ^ secret(64)));
  if (n <= 3) return upTo3(input, seed);
  if (n <= 8) return wide ? upTo8Wide(input, seed) : narrow(upTo8(input, seed));
  if (n <= 16) return wide ? upTo16Wide(input, seed) : narrow(upTo16(input, seed));
  return wide ? mediumWide(input, seed) : narrow(medium(input, seed));
}

/** XXH3's own final mix. */
export function xxh3Avalanche(x: bigint): bigint {
  x = ((x ^ (x >> 37n)) * primeMix1) & mask64;
  return x ^ (x >> 32n);
}

function narrow(low: bigint): Hash128 {
  return { low, high: 0n };
}

function secret(at: number): bigint {
  return defaultSecret.readBigUInt64LE(at);
}

function u64(x: bigint): bigint {
  return x & mask64;
}

function swap32(x: number): number {
  return ((x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0;
}

function swap64(x: bigint): bigint {
  return (BigInt(swap32(Number(x & 0xffffffffn))) << 32n) | BigInt(swap32(Number(x >> 32n)));
}

function empty128(seed: bigint): Hash128 {
  return {
    low: avalanche64(seed ^ secret(64) ^ secret(72)),
    high: avalanche64(seed ^ secret(80) ^ secret(88)),
  };
}

function upTo3(input: Buffer, seed: bigint): Hash128 {
  const n = input.length;
  const combined = (input[n - 1] | (n << 8) | (input[0] << 16) | (input[n >> 1] << 24)) >>> 0;
  const swapped = swap32(combined);
  const turned = ((swapped << 13) | (swapped >>> 19)) >>> 0;
  const word = (i: number) => defaultSecret.readUInt32LE(4 * i);
  return {
    low: avalanche64(u64(BigInt((word(0) ^ word(1)) >>> 0) + seed) ^ BigInt(combined)),
    high: avalanche64(u64(BigInt((word(2) ^ word(3)) >>> 0) - seed) ^ BigInt(turned)),
  };
}

function seedOf8(seed: bigint): bigint {
  return seed ^ (BigInt(swap32(Number(seed & 0xffffffffn))) << 32n);
}

function upTo8(input: Buffer, seed: bigint): bigint {
  const n = input.length;
  const combined = BigInt(input.readUInt32LE(n - 4)) | (BigInt(input.readUInt32LE(0)) << 32n);
  let x = u64((secret(8) ^ secret(16)) - seedOf8(seed)) ^ combined;
  x = x ^ rotate64(x, 49n) ^ rotate64(x, 24n);
  x = u64(x * primeMix2);
  x = u64((x ^ ((x >> 35n) + BigInt(n))) * primeMix2);
  return x ^ (x >> 28n);
}

function upTo8Wide(input: Buffer, seed: bigint): Hash128 {
  const n = input.length;
  const combined = BigInt(input.readUInt32LE(0)) | (BigInt(input.readUInt32LE(n - 4)) << 32n);
  const x = u64((secret(16) ^ secret(24)) + seedOf8(seed)) ^ combined;
  const product = x * u64(prime64x1 + BigInt(n << 2));
  let low = u64(product);
  const high = u64((product >> 64n) + (low << 1n));
  low ^= high >> 3n;
  low = u64((low ^ (low >> 35n)) * primeMix2);
  return { low: low ^ (low >> 28n), high: xxh3Avalanche(high) };
}

function upTo16(input: Buffer, seed: bigint): bigint {
  const n = input.length;
  const low = u64((secret(24) ^ secret(32)) + seed) ^ input.readBigUInt64LE(0);
  const high = u64((secret(40) ^ secret(48)) - seed) ^ input.readBigUInt64LE(n - 8);
  return xxh3Avalanche(u64(BigInt(n) + swap64(low) + high + foldedProduct(low, high)));
}

function upTo16Wide(input: Buffer, seed: bigint): Hash128 {
  const n = input.length;
  const last = input.readBigUInt64LE(n - 8);
  const first = u64((secret(32) ^ secret(40)) - seed) ^ input.readBigUInt64LE(0) ^ last;
  const second = u64((secret(48) ^ secret(56)) + seed) ^ last;
  const product = first * prime64x1;
  let low = u64(u64(product) + (BigInt(n - 1) << 54n));
  let high = u64((product >> 64n) + second + (second & 0xffffffffn) * (prime32x2 - 1n));
  low ^= swap64(high);
  const mixed = low * prime64x2;
  low = u64(mixed);
  high = u64((mixed >> 64n) + high * prime64x2);
  return { low: xxh3Avalanche(low), high: xxh3Avalanche(high) };
}

function mix16(input: Buffer, at: number, secretAt: number, seed: bigint): bigint {
  return foldedProduct(
    input.readBigUInt64LE(at) ^ u64(secret(secretAt) + seed),
    input.readBigUInt64LE(at + 8) ^ u64(secret(secretAt + 8) - seed),
  );
}

function medium(input: Buffer, seed: bigint): bigint {
  const n = input.length;
  let acc = u64(BigInt(n) * prime64x1);
  if (n <= 128) {
    for (let i = (n - 1) >> 5; i >= 0; i--) {
      acc += mix16(input, i * 16, i * 32, seed) + mix16(input, n - i * 16 - 16, i * 32 + 16, seed);
    }
  } else {
    for (let i = 0; i < 8; i++) acc += mix16(input, i * 16, i * 16, seed);
    acc = xxh3Avalanche(u64(acc));
    for (let i = 8; i < n >> 4; i++) acc += mix16(input, i * 16, (i - 8) * 16 + 3, seed);
    acc += mix16(input, n - 16, 119, seed);
  }
  return xxh3Avalanche(u64(acc));
}

function mediumWide(input: Buffer, seed: bigint): Hash128 {
  const n = input.length;
  let low = u64(BigInt(n) * prime64x1);
  let high = 0n;
  const mixTwo = (one: number, two: number, secretAt: number, by: bigint) => {
    low = u64(low + mix16(input, one, secretAt, by));
    high = u64(high + mix16(input, two, secretAt + 16, by));
    low ^= u64(input.readBigUInt64LE(two) + input.readBigUInt64LE(two + 8));
    high ^= u64(input.readBigUInt64LE(one) + input.readBigUInt64LE(one + 8));
  };
  if (n <= 128) {
    for (let i = (n - 1) >> 5; i >= 0; i--) mixTwo(i * 16, n - i * 16 - 16, i * 32, seed);
  } else {
    for (let i = 0; i < 4; i++) mixTwo(i * 32, i * 32 + 16, i * 32, seed);
    low = xxh3Avalanche(low);
    high = xxh3Avalanche(high);
    for (let i = 4; i < n >> 5; i++) mixTwo(i * 32, i * 32 + 16, (i - 4) * 32 + 3, seed);
    mixTwo(n - 16, n - 32, 103, u64(-seed));
  }
  const mixed = low * prime64x1 + high * prime64x4 + u64(BigInt(n) - seed) * prime64x2;
  return { low: xxh3Avalanche(u64(low + high)), high: u64(-xxh3Avalanche(u64(mixed))) };
}
