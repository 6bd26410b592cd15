/** What one kernel writes, the other reads: they were written apart from each other. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockSums, CompressName, DigestName, DigestSpec, Kernel } from '../../../ts/kernel/kernel.ts';
import { loadNativeKernel } from '../../../ts/kernel/native.ts';
import { createPortableKernel } from '../../../ts/kernel/portable/index.ts';
import { testHost } from '../../support/host.ts';

const load = (make: () => Kernel): Kernel | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

const native = load(loadNativeKernel);
const portable = load(() => createPortableKernel(testHost()));
const blockLength = 700;

describe.skipIf(native === undefined || portable === undefined)('the two kernels', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-rsync-cross-'));
  const old = Buffer.alloc(200_123);
  const parts: Buffer[] = [];

  beforeAll(() => {
    let state = 42;
    for (let i = 0; i < old.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      old[i] = i % 50_000 < 20_000 ? state >>> 24 : 'the quick brown fox '.charCodeAt(i % 20);
    }
    parts.push(old.subarray(5000, 90_000), Buffer.from('new words, '), old.subarray(1400, 3500));
    parts.push(old.subarray(90_000), Buffer.alloc(40_000, 'z'), old.subarray(0, 7000));
    writeFileSync(join(folder, 'old'), old);
    writeFileSync(join(folder, 'new'), Buffer.concat(parts));
    writeFileSync(join(folder, 'empty'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const sumsOf = async (kernel: Kernel, digest: DigestSpec, strongLength: number): Promise<BlockSums> => {
    const tree = kernel.openTree(folder);
    const job = tree.openBlockSums('old', old.length, blockLength, strongLength, digest);
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = Buffer.alloc(4096);
      const n = await job.next(piece);
      if (n === 0) break;
      pieces.push(piece.subarray(0, n));
    }
    job.close();
    tree.close();
    return {
      count: Math.ceil(old.length / blockLength),
      blockLength,
      remainder: old.length % blockLength,
      strongLength,
      sums: Buffer.concat(pieces),
    };
  };

  const names: DigestName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'md4-old', 'sha1'];
  it.each(names)('make the same block sums with %s', async (name) => {
    for (const seedFirst of [true, false]) {
      const digest: DigestSpec = { name, seed: -123_456, seedFirst };
      const mine = await sumsOf(native!, digest, 8);
      const theirs = await sumsOf(portable!, digest, 8);
      expect(mine.sums.length).toBe(mine.count * 12);
      expect(Buffer.from(mine.sums).equals(Buffer.from(theirs.sums))).toBe(true);
    }
  });

  const transfer = async (from: Kernel, to: Kernel, codec: CompressName) => {
    const spec = { name: codec, level: codec === 'lz4' ? 0 : 3, threads: 0 };
    const digest: DigestSpec = { name: 'md5', seed: 99, seedFirst: true };
    const basis = await sumsOf(to, digest, 3);
    const encoder = from.openEncoder(spec);
    const decoder = to.openDecoder(spec);
    const source = from.openTree(folder);
    const target = to.openTree(folder);
    const results: unknown[] = [];
    for (const [path, delta] of [
      ['new', true],
      ['empty', true],
      ['new', false],
      ['new', true],
    ] as const) {
      const send = source.openSend({ path, digest, encoder, basis: delta ? basis : undefined });
      const receive = target.openReceive({
        path: '.tmp',
        basis: 'old',
        blockLength,
        blockCount: basis.count,
        remainder: basis.remainder,
        digest,
        decoder,
      });
      const buffer = new Uint8Array(64 * 1024);
      let done = false;
      for (;;) {
        const n = await send.next(buffer);
        if (n === 0) break;
        const cut = Math.min(n, 7);
        const progress = await receive.push(buffer, Uint32Array.of(0, cut, cut, n - cut), 2);
        expect(progress.consumed).toBe(n);
        done = progress.done;
      }
      expect(done).toBe(true);
      const written = readFileSync(join(folder, '.tmp'));
      expect(written.equals(readFileSync(join(folder, path)))).toBe(true);
      const { verified, literal, matched, size } = receive.result();
      expect(verified).toBe(true);
      expect(literal + matched).toBe(size);
      if (path === 'new') expect(matched > 0).toBe(delta);
      results.push({ literal, matched, size });
      send.close();
      receive.abort();
    }
    encoder.close();
    decoder.close();
    source.close();
    target.close();
    return results;
  };

  for (const codec of ['none', 'zlib', 'zlibx', 'zstd', 'lz4'] as const) {
    const both = portable?.compressions.includes(codec) && native?.compressions.includes(codec);
    it.skipIf(!both)(`read each other’s streams, compressed by ${codec}`, async () => {
      const there = await transfer(native!, portable!, codec);
      const back = await transfer(portable!, native!, codec);
      expect(there).toEqual(back);
    });
  }
});
