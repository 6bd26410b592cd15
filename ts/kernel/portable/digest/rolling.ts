/**
 * The rolling (weak) sum of a block: the sum of its bytes, taken as signed, in the low half; the sum of
 * all those partial sums in the high half. Unsigned 32 bits.
 */
export function rollingSum(data: Uint8Array, start: number, end: number): number {
  let s1 = 0;
  let s2 = 0;
  for (let i = start; i < end; i++) {
    s1 = (s1 + ((data[i] << 24) >> 24)) | 0;
    s2 = (s2 + s1) | 0;
  }
  return ((s1 & 0xffff) | (s2 << 16)) >>> 0;
}
