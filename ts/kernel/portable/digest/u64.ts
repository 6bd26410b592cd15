/** 64-bit arithmetic on BigInt for the rare steps of xxHash: short inputs and the final mix. */

export const mask64 = 0xffff_ffff_ffff_ffffn;

export const prime32x1 = 0x9e3779b1n;
export const prime32x2 = 0x85ebca77n;
export const prime32x3 = 0xc2b2ae3dn;
export const prime64x1 = 0x9e3779b185ebca87n;
export const prime64x2 = 0xc2b2ae3d27d4eb4fn;
export const prime64x3 = 0x165667b19e3779f9n;
export const prime64x4 = 0x85ebca77c2b2ae63n;
export const prime64x5 = 0x27d4eb2f165667c5n;

export function rotate64(x: bigint, by: bigint): bigint {
  return ((x << by) | (x >> (64n - by))) & mask64;
}

/** Product of two 64-bit numbers, its halves folded together with xor. */
export function foldedProduct(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & mask64) ^ (product >> 64n);
}

/** XXH64's final mix. */
export function avalanche64(x: bigint): bigint {
  x = ((x ^ (x >> 33n)) * prime64x2) & mask64;
  x = ((x ^ (x >> 29n)) * prime64x3) & mask64;
  return x ^ (x >> 32n);
}

/** A seed of the wire as xxHash takes it: 32 signed bits, extended to 64. */
export function seed64(seed: number): bigint {
  return BigInt.asUintN(64, BigInt(seed | 0));
}
