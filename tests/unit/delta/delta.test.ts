import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlockSizeOptions, sumSizes } from '../../../ts/delta/block-size.ts';
import { emptySumHead, readSumHead, writeSumHead } from '../../../ts/delta/sum-head.ts';
import { blockToken, literalStreamLength, readLiteralFile, tokenBlock } from '../../../ts/delta/tokens.ts';
import { ReceiveBatch } from '../../../ts/kernel/receive-batch.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import { Writer } from '../../../ts/wire/writer.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
const hasPeer = spawnSync(peer, ['--version']).status === 0;

const usual: BlockSizeOptions = { protocol: 32, blockSize: 0, digestLength: 16, redo: false };

function makeSparse(path: string, size: number): void {
  const fd = openSync(path, 'w');
  ftruncateSync(fd, size);
  closeSync(fd);
}

describe.runIf(hasPeer)('block sizes, compared with the real rsync', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-delta-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  // With --append the generator tells how it would cut the file without reading it.
  function cutByPeer(size: number, args: readonly string[]) {
    makeSparse(join(dir, 'basis'), size);
    makeSparse(join(dir, 'source'), size + 1);
    const run = spawnSync(peer, ['--append', '--debug=deltasum2', ...args, 'source', 'basis'], {
      cwd: dir,
      encoding: 'latin1',
    });
    const found = /count=([\d,]+) rem=(\d+) blength=(\d+) s2length=(\d+)/.exec(run.stdout);
    if (found === null) throw new Error(run.stdout + run.stderr);
    const [count, remainder, blockLength, strongLength] = found
      .slice(1)
      .map((text) => Number(text.replaceAll(',', '')));
    return { count, blockLength, strongLength, remainder };
  }

  const sizes = [
    1,
    699,
    700,
    701,
    489_999,
    490_000,
    490_001,
    1_000_000,
    16_777_215,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 33 + 12_345,
    2 ** 34 - 1,
    2 ** 34,
    2 ** 36 + 7,
    2 ** 40 + 1,
  ];

  it.each(sizes)('of %i bytes', (size) => {
    expect(sumSizes(size, usual)).toEqual(cutByPeer(size, []));
    // Before protocol 30 an appended file is read whole, which takes its time.
    if (size < 2 ** 25)
      expect(sumSizes(size, { ...usual, protocol: 29 })).toEqual(cutByPeer(size, ['--protocol=29']));
    expect(sumSizes(size, { ...usual, digestLength: 8 })).toEqual(
      cutByPeer(size, ['--checksum-choice=xxh64']),
    );
    if (size < 2 ** 36)
      expect(sumSizes(size, { ...usual, blockSize: 4000 })).toEqual(cutByPeer(size, ['-B4000']));
  });
});

describe('block sizes', () => {
  it('stay within the limits for any size', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(28, 32), fc.boolean(), (size, protocol, redo) => {
        const head = sumSizes(size, { ...usual, protocol, redo });
        if (head === undefined) return;
        expect(head.blockLength).toBeLessThanOrEqual(protocol < 30 ? 2 ** 29 : 2 ** 17);
        expect(head.blockLength).toBeGreaterThanOrEqual(700);
        expect(head.strongLength).toBeGreaterThanOrEqual(redo ? 16 : 2);
        expect(head.strongLength).toBeLessThanOrEqual(16);
        const last = head.remainder || head.blockLength;
        expect(head.count === 0 ? 0 : (head.count - 1) * head.blockLength + last).toBe(size);
      }),
    );
  });
  it('are not to be had for too many blocks', () => {
    expect(sumSizes(2 ** 50, usual)).toBeUndefined();
    expect(sumSizes(2 ** 40, { ...usual, blockSize: 1 })).toBeUndefined();
  });
});

async function readerOf(bytes: Uint8Array, pieces = bytes.length): Promise<Reader> {
  let at = 0;
  const source = {
    read: async (into: Uint8Array) => {
      const take = Math.min(pieces, bytes.length - at);
      into.set(bytes.subarray(at, at + take));
      at += take;
      return take;
    },
  };
  return new Reader(source, { message: () => {}, beforeWait: () => {} });
}

function ints(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeInt32LE(value, i * 4);
  });
  return bytes;
}

describe('the sum head', () => {
  it('comes back as it was written', async () => {
    const chunks: Uint8Array[] = [];
    const writer = new Writer({
      write: async (some) => {
        chunks.push(...some);
      },
      unsent: () => 0,
      end: async () => {},
    });
    const head = { count: 3, blockLength: 700, strongLength: 2, remainder: 1 };
    writeSumHead(writer, head);
    writeSumHead(writer, emptySumHead);
    await writer.drain();
    const reader = await readerOf(Buffer.concat(chunks), 5);
    expect(await reader.record(() => readSumHead(reader, 32, 16, 'sender'))).toEqual(head);
    expect(await reader.record(() => readSumHead(reader, 32, 16, 'sender'))).toBe(emptySumHead);
  });

  it.each([
    [[-1, 700, 2, 0], 32, 'Invalid checksum count -1 [sender]'],
    [[1, 131_073, 2, 0], 32, 'Invalid block length 131073 [sender]'],
    [[1, 536_870_913, 2, 0], 29, 'Invalid block length 536870913 [sender]'],
    [[1, -700, 2, 0], 32, 'Invalid block length -700 [sender]'],
    [[1, 0, 2, 0], 32, 'Invalid zero block length [sender]'],
    [[1, 700, 17, 0], 32, 'Invalid checksum length 17 [sender]'],
    [[1, 700, -1, 0], 32, 'Invalid checksum length -1 [sender]'],
    [[1, 700, 2, 701], 32, 'Invalid remainder length 701 [sender]'],
    [[1, 700, 2, -1], 32, 'Invalid remainder length -1 [sender]'],
  ])('%j is refused', async (values, protocol, message) => {
    const reader = await readerOf(ints(...values));
    await expect(reader.record(() => readSumHead(reader, protocol, 16, 'sender'))).rejects.toMatchObject({
      exitCode: 2,
      message,
    });
  });

  it('may have longer blocks in old protocols', async () => {
    const reader = await readerOf(ints(1, 536_870_912, 2, 0));
    expect((await reader.record(() => readSumHead(reader, 29, 16, 'sender'))).blockLength).toBe(2 ** 29);
  });
});

describe('small literal files', () => {
  const digest = Buffer.from('0123456789abcdef');
  const spec = { name: 'md5', seed: 0, seedFirst: true } as const;
  const stream = (...parts: readonly (number | string)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? ints(part) : Buffer.from(part, 'latin1'))));

  it('are copied into the batch, content then digest', async () => {
    const bytes = Buffer.concat([stream(3, 'abc', 2, 'de', 0), digest, stream(0), digest, stream('rest')]);
    for (const pieces of [1, 7, bytes.length]) {
      const reader = await readerOf(bytes, pieces);
      const batch = new ReceiveBatch(spec);
      const first = await reader.record(() => readLiteralFile(reader, batch, 100, 16));
      if (first === 'not-literal') throw new Error(first);
      expect(batch.data.toString('latin1', first.dataAt, first.dataAt + first.size)).toBe('abcde');
      expect(batch.data.toString('latin1', first.digestAt, first.digestAt + 16)).toBe(digest.toString());
      const second = await reader.record(() => readLiteralFile(reader, batch, 100, 16));
      if (second === 'not-literal') throw new Error(second);
      expect(second.size).toBe(0);
      expect(batch.dataBytes).toBe(5 + 16 + 16);
      expect(await reader.record(() => reader.string(4))).toBe('rest');
    }
  });

  it.each([
    ['a block reference', stream(3, 'abc', blockToken(0), 0)],
    ['too many bytes', stream(3, 'abc', 98, 'x'.repeat(98), 0)],
    ['an absurd length', stream(3, 'abc', 0x7fffffff)],
  ])('with %s are left where they are', async (_what, bytes) => {
    const reader = await readerOf(bytes);
    const batch = new ReceiveBatch(spec);
    expect(await reader.record(() => readLiteralFile(reader, batch, 100, 16))).toBe('not-literal');
    expect(batch.dataBytes).toBe(0);
    expect(await reader.record(() => reader.int())).toBe(3);
  });

  it('that are not there whole leave the batch alone', async () => {
    const reader = await readerOf(Buffer.concat([stream(3, 'abc', 0), digest.subarray(0, 15)]));
    await reader.waitForInput();
    const batch = new ReceiveBatch(spec);
    expect(reader.tryRecord(() => readLiteralFile(reader, batch, 100, 16))).toBeUndefined();
    expect(batch.dataBytes).toBe(0);
  });

  it('have a token stream of known length', () => {
    expect(literalStreamLength(0)).toBe(4);
    expect(literalStreamLength(32 * 1024)).toBe(32 * 1024 + 8);
    expect(literalStreamLength(32 * 1024 + 1)).toBe(32 * 1024 + 13);
    expect(tokenBlock(blockToken(5))).toBe(5);
  });
});
