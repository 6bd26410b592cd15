import { describe, expect, test } from 'vitest';
import { emptySumHead } from '../../../ts/delta/sum-head.ts';
import type { CompressName } from '../../../ts/kernel/kernel.ts';
import { ByteQueue } from '../../../ts/kernel/portable/tokens/byte-queue.ts';
import { availableCompressions, openEncoder } from '../../../ts/kernel/portable/tokens/codecs.ts';
import { openLiterals } from '../../../ts/trace/literals.ts';
import { Stream } from '../../../ts/trace/stream.ts';
import { tokensOf } from '../../../ts/trace/tokens.ts';

async function tell(
  bytes: Uint8Array,
  compression: CompressName = 'none',
  head = emptySumHead,
): Promise<string> {
  const stream = new Stream(
    'back',
    () => {},
    () => {},
  );
  stream.feed(bytes);
  stream.feed(new Uint8Array(0));
  const literals = openLiterals(compression);
  return tokensOf(stream, { compression, literals }, head).finally(() => literals.close());
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

  test('compressed ones that are no such data are told by the lengths of their pieces', async () => {
    // 3 bytes that begin no block of deflate, block 4, a run of 3 from 6 on (relative), block 100000, 16383 bytes.
    const bytes = Buffer.concat([
      Buffer.from([0x40, 3, 7, 7, 7, 0x84, 0xc2, 2, 0, 0x20]),
      int(100000),
      Buffer.from([0x7f, 0xff]),
      Buffer.alloc(16383),
      Buffer.from([0]),
    ]);
    expect(await tell(bytes, 'zlib')).toBe(
      'tokens: 3 zlib bytes, block 4, blocks 6-8, block 100000, 16383 zlib bytes, end (in all 16386 zlib bytes, 5 blocks)',
    );
  });

  test.each(availableCompressions().filter((name) => name !== 'none'))(
    'of %s: how much data they are',
    async (name) => {
      // What is compressed has pieces of what is matched, for whoever keeps a history of that.
      const block = Buffer.from(Array.from({ length: 700 }, (_, k) => (k * k) % 251));
      const data = Buffer.concat([Buffer.alloc(100_000, 'text of a kind '), block]);
      const head = { count: 3, blockLength: block.length, strongLength: 16, remainder: 500 };
      const encoder = openEncoder({ name, level: 6, threads: 0 });
      const files: string[] = [];
      for (let n = 0; n < 2; n++) {
        const out = new ByteQueue(1 << 20);
        encoder.begin(undefined);
        for (const token of [0, 1, 2, -1]) {
          const blockLength = token === 2 ? head.remainder : token < 0 ? 0 : block.length;
          const run = Buffer.concat([data, block.subarray(0, blockLength)]);
          encoder.send(out, token, { data: run, at: 0, literal: token === 1 ? 0 : data.length, blockLength });
        }
        files.push(out.buffer.subarray(0, out.length).toString('latin1'));
      }
      encoder.close();
      const stream = new Stream(
        'back',
        () => {},
        () => {},
      );
      stream.feed(Buffer.from(files.join(''), 'latin1'));
      const literals = openLiterals(name);
      for (const file of files) {
        const text = await tokensOf(stream, { compression: name, literals }, head);
        expect(text).toMatch(
          /^tokens: 100700 literal bytes as \d+ \w+ bytes?( in \d+)?, blocks 0-1, 100700 /,
        );
        expect(text).toMatch(/ \(in all 302100 literal bytes as \d+ \w+ bytes, 3 blocks\)$/);
        expect(Number(/as (\d+) \w+ bytes, 3/.exec(text)?.[1])).toBeLessThan(file.length);
      }
      literals.close();
    },
  );

  test.each([[[0x10]], [[0x21, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff]], [[0x20, 0xff, 0xff, 0xff, 0xff]]])(
    '%j is refused',
    async (bytes) => {
      await expect(tell(Buffer.from(bytes), 'zlib')).rejects.toThrow(
        /no token begins with|there is no block/,
      );
    },
  );
});
