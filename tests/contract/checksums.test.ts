import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DigestName, digestLength } from '../../ts/kernel/kernel.ts';
import { NameCollector } from '../../ts/kernel/name-runs.ts';
import {
  vectorInput,
  xxh3Vectors,
  xxh64Vectors,
  xxh128Vectors,
} from '../unit/kernel/portable/xxhash-vectors.ts';
import { eachKernel, isRoot, kernels, noise, scratch } from './lanes.ts';

const digestNames: DigestName[] = [
  'xxh128',
  'xxh3',
  'xxh64',
  'md5',
  'md4',
  'md4-old',
  'sha1',
  'sha256',
  'sha512',
];
const seeds = [0, 1, -1, 0x12345678, -0x80000000];

eachKernel('digests', (kernel) => {
  it('are those that xxHash publishes', () => {
    const hash = (name: DigestName, length: number) => Buffer.from(kernel.digest(name, vectorInput(length)));
    for (const [length, seed, expected] of xxh64Vectors) {
      if (seed === 0n) expect(hash('xxh64', length).readBigUInt64LE()).toBe(expected);
    }
    for (const [length, seed, expected] of xxh3Vectors) {
      if (seed === 0n) expect(hash('xxh3', length).readBigUInt64LE()).toBe(expected);
    }
    for (const [length, seed, low, high] of xxh128Vectors) {
      if (seed !== 0n) continue;
      const out = hash('xxh128', length);
      expect([out.readBigUInt64LE(0), out.readBigUInt64LE(8)]).toEqual([low, high]);
    }
  });

  it('are those of OpenSSL and of RFC 1320', () => {
    const data = noise(5000);
    for (const name of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
      const expected = createHash(name).update(data).digest('hex');
      expect(Buffer.from(kernel.digest(name, data)).toString('hex')).toBe(expected);
    }
    const abc = Buffer.from(kernel.digest('md4', Buffer.from('abc')));
    expect(abc.toString('hex')).toBe('a448017aaf21d8525fc10ae87aa6729d');
  });

  const dir = scratch();
  it('-c sums of many files come with one errno for each', async () => {
    const contents = [Buffer.alloc(0), noise(10), noise(300_000, 7)];
    contents.forEach((data, i) => {
      writeFileSync(dir.at(`f${i}`), data);
    });
    mkdirSync(dir.at('sub/deep'), { recursive: true });
    writeFileSync(dir.at('sub/deep/f3'), contents[2]);
    writeFileSync(dir.at('secret'), 'x', { mode: 0 });
    const tree = kernel.openTree(dir.path);
    const names = new NameCollector();
    for (const path of ['f0', 'missing', 'f1', 'secret', 'f2']) names.addPath(path);
    for (const path of ['sub/deep/f3', 'f1', dir.at('f1')]) names.addPath(path);
    const { runs } = names;
    // The first bytes alone, and more than there are.
    const sizes = Float64Array.of(0, 1, 10, 1, 300_000, 270_000, 11, 10);
    for (const name of digestNames) {
      const length = digestLength[name];
      const { status, sums } = await tree.fileSums(runs, sizes, { name, seed: 77, seedFirst: true });
      expect([...status]).toEqual([0, 2, 0, isRoot ? 0 : 13, 0, 0, constants.errno.ENODATA, 0]);
      const sum = (i: number) => Buffer.from(sums.subarray(i * length, (i + 1) * length)).toString('hex');
      for (const [row, file] of [
        [0, 0],
        [2, 1],
        [4, 2],
        [7, 1],
      ]) {
        expect(sum(row)).toBe(Buffer.from(kernel.digest(name, contents[file])).toString('hex'));
      }
      const front = kernel.digest(name, contents[2].subarray(0, 270_000));
      expect(sum(5)).toBe(Buffer.from(front).toString('hex'));
      expect(sum(1)).toBe('00'.repeat(length));
      expect(sum(6)).toBe('00'.repeat(length));
    }
    tree.close();
  });

  it('block sums cover the file, the last block included', async () => {
    const data = noise(10_000, 3);
    writeFileSync(dir.at('blocks'), data);
    const tree = kernel.openTree(dir.path);
    const digest = { name: 'md5', seed: 0x01020304, seedFirst: true } as const;
    const job = tree.openBlockSums('blocks', data.length, 700, 5, digest);
    const into = Buffer.alloc(9 * 4 + 3);
    const parts: Buffer[] = [];
    for (;;) {
      const n = await job.next(into);
      if (n === 0) break;
      expect(n % 9).toBe(0);
      parts.push(Buffer.from(into.subarray(0, n)));
    }
    job.close();
    tree.close();
    const all = Buffer.concat(parts);
    expect(all.length).toBe(15 * 9);
    for (let block = 0; block < 15; block++) {
      const bytes = data.subarray(block * 700, (block + 1) * 700);
      let s1 = 0;
      let s2 = 0;
      for (const byte of bytes) {
        s1 = (s1 + ((byte << 24) >> 24)) & 0xffff;
        s2 = (s2 + s1) & 0xffff;
      }
      expect(all.readUInt32LE(block * 9)).toBe((s2 * 65536 + s1) >>> 0);
      const strong = createHash('md5').update(Buffer.from('04030201', 'hex')).update(bytes).digest();
      expect(all.subarray(block * 9 + 4, block * 9 + 9)).toEqual(strong.subarray(0, 5));
    }
  });
});

it.skipIf(kernels.length < 2)('both kernels make the same block sums, whatever the seed', async () => {
  const path = mkdtempSync(join(tmpdir(), 'oc-contract-'));
  writeFileSync(`${path}/f`, noise(5555, 9));
  for (const name of digestNames) {
    for (const seed of seeds) {
      for (const seedFirst of [true, false]) {
        for (const blockLength of [3, 16, 200, 700, 5555]) {
          const results: string[] = [];
          for (const kernel of kernels) {
            const tree = kernel.openTree(path);
            const digest = { name, seed, seedFirst };
            const job = tree.openBlockSums('f', 5555, blockLength, digestLength[name], digest);
            const into = Buffer.alloc(256 * 1024);
            const n = await job.next(into);
            results.push(into.toString('hex', 0, n));
            job.close();
            tree.close();
          }
          expect(results[1], `${name} seed ${seed} block ${blockLength}`).toBe(results[0]);
        }
      }
    }
  }
  rmSync(path, { recursive: true });
});
