/**
 * Bytes of the UTF-8 character that `first` leads; 0 where it leads none. As iconv(3) of the C library counts: also of the
 * old sequences of up to six bytes.
 */
export function sequenceLength(first: number): number {
  if (first < 0xc2 || first > 0xfd) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf8 ? 4 : first < 0xfc ? 5 : 6;
}
