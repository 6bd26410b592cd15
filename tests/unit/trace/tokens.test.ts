import { describe, expect, test } from 'vitest';
import type { CompressName } from '../../../ts/kernel/kernel.ts';
import { Stream } from '../../../ts/trace/stream.ts';
import { tokensOf } from '../../../ts/trace/tokens.ts';

async function tell(bytes: Uint8Array, compression: CompressName = 'none'): Promise<string> {
  const stream = new Stream(
    'back',
    () => {},
    () => {},
  );
  stream.feed(bytes);
  stream.feed(new Uint8Array(0));
  return tokensOf(stream, compression);
}

const int = (n: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
};
const literal = (length: number) => Buffer.concat([int(length), Buffer.alloc(length, 1)]);

describe('tokens', () => {
  test('data that follows data and blocks that follow blocks are one', async () => {
    const bytes = Buffer.concat([
      literal(5),
      literal(7),
      int(-1),
      int(-2),
      int(-3),
      int(-9),
      literal(1),
      int(0),
    ]);
    expect(await tell(bytes)).toBe(
      'tokens: 12 literal bytes in 2, blocks 0-2, block 8, 1 literal byte, end (in all 13 literal bytes, 4 blocks)',
    );
    expect(await tell(int(0))).toBe('tokens: end');
  });

  test('a long row is cut, and its sum told', async () => {
    const many = Array.from({ length: 50 }, (_, k) => [literal(3), int(-1 - 2 * k)]).flat();
    const text = await tell(Buffer.concat([...many, int(0)]));
    expect(text).toMatch(/, \d+ more, end \(in all 150 literal bytes, 50 blocks\)$/);
    expect(text.length).toBeLessThan(300);
  });

  test('compressed ones are told by the lengths of their pieces', async () => {
    // 3 bytes, block 4, a run of 3 from 6 on (relative), block 100000, 16383 bytes.
    const bytes = Buffer.concat([
      Buffer.from([0x40, 3, 9, 9, 9, 0x84, 0xc2, 2, 0, 0x20]),
      int(100000),
      Buffer.from([0x7f, 0xff]),
      Buffer.alloc(16383),
      Buffer.from([0]),
    ]);
    expect(await tell(bytes, 'zlib')).toBe(
      'tokens: 3 zlib bytes, block 4, blocks 6-8, block 100000, 16383 zlib bytes, end (in all 16386 zlib bytes, 5 blocks)',
    );
  });

  test.each([[[0x10]], [[0x21, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff]], [[0x20, 0xff, 0xff, 0xff, 0xff]]])(
    '%j is refused',
    async (bytes) => {
      await expect(tell(Buffer.from(bytes), 'zlib')).rejects.toThrow(
        /no token begins with|there is no block/,
      );
    },
  );
});
