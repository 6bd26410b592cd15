import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Lz4BlockCompressor,
  lz4Bound,
  lz4Decompress,
} from '../../../../ts/kernel/portable/tokens/lz4-block.ts';

describe('LZ4 blocks', () => {
  it('decode as the format says', () => {
    // Two literals, a match of 14 at distance 2, five literals.
    const block = Buffer.from([0x2a, 0x61, 0x62, 0x02, 0x00, 0x50, 0x31, 0x32, 0x33, 0x34, 0x35]);
    const out = Buffer.alloc(100);
    const n = lz4Decompress(block, block.length, out);
    expect(out.toString('latin1', 0, n)).toBe(`${'ab'.repeat(8)}12345`);
  });

  it.each([
    ['nothing at all', []],
    ['literals that are not there', [0x50, 1, 2]],
    ['a length that does not end', [0xf0, 255, 255]],
    ['half a distance', [0x10, 1, 2]],
    ['distance 0', [0x10, 1, 0, 0, 0x10, 1]],
    ['a distance before the start', [0x10, 1, 2, 0, 0x10, 1]],
    ['no literals at the end', [0x10, 1, 1, 0]],
    ['more than there is room for', [0x1f, 1, 1, 0, 255, 0, 0x10, 1]],
  ])('refuse %s', (_what, bytes) => {
    expect(lz4Decompress(Buffer.from(bytes), bytes.length, Buffer.alloc(100))).toBe(-1);
  });

  it('come back as they were', () => {
    const compressor = new Lz4BlockCompressor();
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(80))
        .map(([p, n]) => Buffer.alloc(p.length * n, p)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(20), (pieces, skip) => {
        const data = Buffer.concat([Buffer.alloc(skip, 7), ...pieces]);
        const n = data.length - skip;
        const block = Buffer.alloc(lz4Bound(n));
        const size = compressor.compress(data, skip, n, block);
        const out = Buffer.alloc(n);
        expect(lz4Decompress(block, size, out)).toBe(n);
        expect(out.equals(data.subarray(skip))).toBe(true);
      }),
    );
    const text = Buffer.alloc(16_000, 'the same words again and again. ');
    expect(compressor.compress(text, 0, text.length, Buffer.alloc(lz4Bound(text.length)))).toBeLessThan(200);
  });
});
