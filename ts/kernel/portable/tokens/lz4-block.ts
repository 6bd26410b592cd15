/**
 * The LZ4 block format. A block is a row of sequences:
 *   token byte: literal length (high half), match length - 4 (low half); 15 means that more bytes follow,
 *   each adding to the length until one is below 255
 *   literal bytes; then, except in the last sequence, the match's distance (u16 LE) and length bytes.
 * The last five bytes are literal, and no match starts in the last twelve.
 */

const minMatch = 4;
const lastLiterals = 5;
const matchLimit = 12;
const hashBits = 12;
const maxDistance = 65535;

/** The most that `n` bytes can become. */
export function lz4Bound(n: number): number {
  return n + Math.floor(n / 255) + 16;
}

/** Compresses blocks, each for itself; only the table is kept from one to the next. */
export class Lz4BlockCompressor {
  private readonly table = new Int32Array(1 << hashBits);

  /** Compresses `data[start .. start + n)` into `out`, which holds `lz4Bound(n)`; returns the size. */
  compress(data: Buffer, start: number, n: number, out: Buffer): number {
    const table = this.table.fill(-1);
    const end = start + n;
    const searchEnd = end - matchLimit;
    const matchEnd = end - lastLiterals;
    let anchor = start;
    let at = start;
    let size = 0;
    let misses = 0;
    const literals = { data, from: start, to: start };
    while (at < searchEnd) {
      const word = data.readInt32LE(at);
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
      const from = table[slot];
      table[slot] = at;
      if (from < 0 || at - from > maxDistance || data.readInt32LE(from) !== word) {
        // The longer nothing is found, the larger the steps: what cannot be compressed costs little.
        at += 1 + (misses++ >> 6);
        continue;
      }
      misses = 0;
      let length = minMatch;
      while (at + length < matchEnd && data[from + length] === data[at + length]) length++;
      literals.from = anchor;
      literals.to = at;
      size = writeSequence(out, size, literals, length - minMatch);
      out.writeUInt16LE(at - from, size);
      size = writeLength(out, size + 2, length - minMatch);
      at += length;
      anchor = at;
    }
    return writeSequence(out, size, { data, from: anchor, to: end }, 0);
  }
}

/** `data[from .. to)`. */
interface Literals {
  readonly data: Buffer;
  from: number;
  to: number;
}

/** The token byte and the literals of a sequence; returns where its match's distance goes. */
function writeSequence(out: Buffer, at: number, { data, from, to }: Literals, matchCode: number): number {
  const literals = to - from;
  out[at] = (Math.min(literals, 15) << 4) | Math.min(matchCode, 15);
  const next = writeLength(out, at + 1, literals);
  data.copy(out, next, from, to);
  return next + literals;
}

/** The bytes that follow where a half of the token byte is full. */
function writeLength(out: Buffer, at: number, length: number): number {
  if (length < 15) return at;
  let left = length - 15;
  for (; left >= 255; left -= 255) out[at++] = 255;
  out[at++] = left;
  return at;
}

/** Uncompresses `data[0 .. n)` into `out`. Returns the size, or -1 where the block is malformed. */
export function lz4Decompress(data: Buffer, n: number, out: Buffer): number {
  let at = 0;
  let size = 0;
  while (at < n) {
    const token = data[at++];
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= n) return -1;
        more = data[at++];
        literals += more;
      } while (more === 255);
    }
    if (literals > n - at || literals > out.length - size) return -1;
    data.copy(out, size, at, at + literals);
    at += literals;
    size += literals;
    if (at === n) return size;
    if (n - at < 2) return -1;
    const distance = data.readUInt16LE(at);
    at += 2;
    let length = token & 15;
    if (length === 15) {
      let more: number;
      do {
        if (at >= n) return -1;
        more = data[at++];
        length += more;
      } while (more === 255);
    }
    length += minMatch;
    if (distance === 0 || distance > size || length > out.length - size) return -1;
    if (distance >= length) {
      out.copyWithin(size, size - distance, size - distance + length);
      size += length;
    } else {
      for (const stop = size + length; size < stop; size++) out[size] = out[size - distance];
    }
  }
  return -1;
}
