import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DigestName } from '../../../../ts/kernel/kernel.ts';
import {
  openBlockDigest,
  openFileDigest,
  openPlainDigest,
} from '../../../../ts/kernel/portable/digest/digest.ts';
import { rollingSum } from '../../../../ts/kernel/portable/digest/rolling.ts';
import { Xxh3 } from '../../../../ts/kernel/portable/digest/xxh3.ts';
import { Xxh64 } from '../../../../ts/kernel/portable/digest/xxh64.ts';
import { vectorInput, xxh3Vectors, xxh64Vectors, xxh128Vectors } from './xxhash-vectors.ts';

function plain(name: DigestName, data: Buffer): string {
  const digest = openPlainDigest(name);
  digest.update(data, 0, data.length);
  return digest.final().toString('hex');
}

describe('xxHash against its published vectors', () => {
  it.each(xxh64Vectors)('xxh64 of %d bytes, seed %d', (length, seed, expected) => {
    const digest = new Xxh64(seed);
    digest.update(vectorInput(length), 0, length);
    expect(digest.final().readBigUInt64LE()).toBe(expected);
  });
  it.each(xxh3Vectors)('xxh3 of %d bytes, seed %d', (length, seed, expected) => {
    const digest = new Xxh3(64, seed);
    digest.update(vectorInput(length), 0, length);
    expect(digest.final().readBigUInt64LE()).toBe(expected);
  });
  it.each(xxh128Vectors)('xxh128 of %d bytes, seed %d', (length, seed, low, high) => {
    const digest = new Xxh3(128, seed);
    digest.update(vectorInput(length), 0, length);
    const out = digest.final();
    expect([out.readBigUInt64LE(0), out.readBigUInt64LE(8)]).toEqual([low, high]);
  });
});

describe('MD4', () => {
  // RFC 1320, appendix A.5.
  it.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('of %j', (text, expected) => {
    expect(plain('md4', Buffer.from(text))).toBe(expected);
  });
});

describe('digests fed piece by piece', () => {
  const data = vectorInput(20_000);
  it.each(['xxh128', 'xxh3', 'xxh64', 'md4', 'md5', 'sha1', 'sha256', 'sha512'] as const)('%s', (name) => {
    const whole = plain(name, data);
    for (const step of [1, 31, 64, 1024, 4096, 4097, 9000, 20_000]) {
      const digest = openPlainDigest(name);
      for (let at = 0; at < data.length; at += step)
        digest.update(data, at, Math.min(at + step, data.length));
      expect(digest.final().toString('hex')).toBe(whole);
    }
  });
});

describe('the seed', () => {
  const data = Buffer.from('some block of a file');
  const seed = -2;
  const seedBytes = Buffer.from('feffffff', 'hex');
  const md5 = (...parts: Buffer[]) => createHash('md5').update(Buffer.concat(parts)).digest('hex');
  const block = (name: DigestName, seedFirst: boolean, by = seed) =>
    openBlockDigest({ name, seed: by, seedFirst })(data, 0, data.length).toString('hex');

  it('stands before or after the data of an MD5 block sum', () => {
    expect(block('md5', true)).toBe(md5(seedBytes, data));
    expect(block('md5', false)).toBe(md5(data, seedBytes));
    expect(block('md5', true, 0)).toBe(md5(data));
  });
  it('stands after the data of an MD4 block sum, and before that of SHA1', () => {
    expect(block('md4', true)).toBe(plain('md4', Buffer.concat([data, seedBytes])));
    expect(block('md4-old', true)).toBe(plain('md4', Buffer.concat([data, seedBytes])));
    expect(block('sha1', false)).toBe(plain('sha1', Buffer.concat([seedBytes, data])));
  });
  it('is extended with its sign for xxHash', () => {
    const digest = new Xxh64(0xffff_ffff_ffff_fffen);
    digest.update(data, 0, data.length);
    expect(block('xxh64', true)).toBe(digest.final().toString('hex'));
  });
  it('enters the digest of a whole file with MD4 of old protocols alone', () => {
    const file = (name: DigestName) => {
      const digest = openFileDigest({ name, seed, seedFirst: true });
      digest.update(data, 0, data.length);
      return digest.final().toString('hex');
    };
    expect(file('md4-old')).toBe(plain('md4', Buffer.concat([seedBytes, data])));
    for (const name of ['md4', 'md5', 'xxh64', 'xxh128', 'sha1'] as const)
      expect(file(name)).toBe(plain(name, data));
  });
});

it('sums bytes as signed numbers', () => {
  // 1 + -1 = 0; partial sums 1, 0.
  expect(rollingSum(Buffer.from([1, 255]), 0, 2)).toBe(0x0001_0000);
  expect(rollingSum(Buffer.from([0, 128, 3]), 1, 3)).toBe(((0xffff & -125) | ((-128 - 125) << 16)) >>> 0);
});
