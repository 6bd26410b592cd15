import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlockSums, CompressName, DigestName, DigestSpec, Kernel } from '../../ts/kernel/kernel.ts';
import { rollingSum } from '../../ts/kernel/portable/digest/rolling.ts';
import { kernelPairs, noise, scratch } from './lanes.ts';
import { Line, wholeCuts } from './stream.ts';

const codecs: CompressName[] = ['none', 'zlib', 'zlibx', 'zstd', 'lz4'];
const xxh128: DigestSpec = { name: 'xxh128', seed: 0x5eed, seedFirst: true };

/** Text that compresses, with noise in it that does not. */
function mixed(length: number, seed: number): Buffer {
  const data = noise(length, seed);
  for (let at = 0; at < length; at += 3000) {
    data.fill('all work and no play makes a dull file. ', at, Math.min(at + 1700, length));
  }
  return data;
}

/** `old` with bytes inserted, removed and changed. */
function edited(old: Buffer): Buffer {
  const third = Math.floor(old.length / 3);
  const changed = Buffer.from(old.subarray(2 * third));
  if (changed.length > 10) changed[10] ^= 0xff;
  return Buffer.concat([
    old.subarray(0, third),
    Buffer.from('inserted'),
    old.subarray(third + 5, 2 * third),
    changed,
  ]);
}

/** Words that compress, and are nowhere the same. */
function words(length: number, seed: number): Buffer {
  const draws = noise(length >> 1, seed);
  let text = '';
  for (let at = 0; text.length < length; at += 2) text += `word${draws.readUInt16LE(at) % 5000} `;
  return Buffer.from(text.slice(0, length));
}

/**
 * Sums that collide: all belong to one bucket of a table that is indexed by the sum of both halves, and `same` of them
 * are one weak sum with strong sums that nothing has.
 */
function collidingSums(count: number, same: boolean, blockLength: number): BlockSums {
  const sums = Buffer.alloc(count * 20, 0xee);
  for (let i = 0; i < count; i++) {
    const low = same ? 0 : i + 1;
    sums.writeUInt16LE(low, i * 20);
    sums.writeUInt16LE((0x10000 - low) & 0xffff, i * 20 + 2);
  }
  return { count, blockLength, remainder: 0, strongLength: 16, sums };
}

describe.each(kernelPairs)('%s', (_title, from, to) => {
  const dir = scratch();
  const line = (name: CompressName, digest = xxh128) => open(from, to, name, digest);
  function open(sender: Kernel, receiver: Kernel, name: CompressName, digest: DigestSpec, threads = 0): Line {
    fs.mkdirSync(dir.at('src'), { recursive: true });
    fs.mkdirSync(dir.at('dst'), { recursive: true });
    const spec = { name, level: name === 'lz4' ? 0 : 3, threads };
    return new Line(sender, receiver, dir.at('src'), dir.at('dst'), spec, digest);
  }
  const put = (where: 'src' | 'dst', name: string, data: Buffer) =>
    fs.writeFileSync(dir.at(where, name), data);
  const fresh = (name: string) => {
    fs.rmSync(dir.at('dst', name), { force: true });
    return name;
  };

  const hasZstd = from.compressions.includes('zstd') && to.compressions.includes('zstd');
  it.skipIf(!hasZstd).each([0, 1, 2, 1000])(
    'large files on %i zstd threads, others between',
    async (threads) => {
      const files = open(from, to, 'zstd', xxh128, threads);
      for (const size of [3000, 9 << 20, 50_000, 0, (8 << 20) + 1, 700]) {
        const data = words(size, size + 1);
        put('src', 'f', data);
        const { received, wire } = await files.transfer({ path: 'f' }, { path: fresh('f') });
        expect(received).toMatchObject({ verified: true, literal: size, size });
        expect(wire).toBeLessThan(size / 2 + 100);
        expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
      }
      files.close();
    },
  );

  it.each([true, false])('holes in a file that is written in place: %s', async (isBasis) => {
    const size = 1 << 20;
    const files = line('none');
    put('dst', 'f', noise(size));
    const data = Buffer.alloc(size);
    noise(5000).copy(data, 4096);
    noise(5000).copy(data, size / 2);
    put('src', 'f', data);
    const basis = isBasis ? await files.sums('f', size, 700, 16) : undefined;
    const { received } = await files.transfer(
      { path: 'f', basis, updatingInPlace: isBasis },
      { path: 'f', basis: isBasis ? 'f' : undefined, inPlace: true, sparse: true },
    );
    expect(received.verified).toBe(true);
    expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
    const holes = fs.statSync(dir.at('dst', 'f')).blocks * 512 < size / 8;
    const cannot = isBasis && to.name === 'portable';
    expect([holes, [...(files.receiver.losses ?? [])]]).toEqual(cannot ? [false, ['holes']] : [true, []]);
    files.close();
  });

  it.each([true, false])(
    'sums that are made to collide cost no more than others, equal ones: %s',
    async (same) => {
      const size = 32 * 1024;
      const files = line('none');
      put('src', 'f', Buffer.alloc(size));
      const basis = collidingSums(20_000, same, 700);
      let turns = 0;
      const clock = setInterval(() => turns++, 0);
      const { sent, received } = await files.transfer(
        { path: 'f', basis },
        { path: fresh('f'), basis: undefined, blockCount: 0 },
      );
      clearInterval(clock);
      expect(received.verified).toBe(true);
      expect(sent).toMatchObject({ literal: size, matched: 0, matches: 0 });
      // Each offset counts as many blocks as a chain may have; one of a stretch of zeros is compared with them.
      if (same) expect(sent.falseAlarms).toBe(1024 * (size + 1 - 700));
      else expect(sent.falseAlarms).toBe(0);
      if (from.name === 'portable' && !same) expect(turns).toBeGreaterThan(2);
      files.close();
    },
  );

  it('blocks that look like each place of a file are hashed so often and no oftener', async () => {
    const [size, blockLength] = [64 * 1024, 1024];
    const files = line('none');
    const data = noise(size, 31);
    put('src', 'f', data);
    const count = size - blockLength;
    const sums = Buffer.alloc(count * 20, 0xee);
    for (let i = 0; i < count; i++) sums.writeInt32LE(rollingSum(data, i, i + blockLength) | 0, i * 20);
    const basis = { count, blockLength, remainder: 0, strongLength: 16, sums };
    const { sent, received } = await files.transfer(
      { path: 'f', basis },
      { path: fresh('f'), basis: undefined, blockCount: 0 },
    );
    expect(received.verified).toBe(true);
    expect(sent).toMatchObject({ literal: size, matched: 0, matches: 0 });
    // 64 blocks, and 16 bytes for each byte.
    const most = 64 + (16 * size) / blockLength;
    expect(sent.falseAlarms).toBeLessThanOrEqual(most);
    expect(sent.falseAlarms).toBeGreaterThan(most / 2);
    files.close();
  });

  it('behind what is empty, and looks like each block, blocks are found', async () => {
    const blockLength = 16 * 1024;
    const files = line('none');
    const real = noise(blockLength, 37);
    const data = Buffer.concat([Buffer.alloc(20 * blockLength + 77), real, Buffer.alloc(3 * blockLength)]);
    put('src', 'f', data);
    const alike = Buffer.alloc(blockLength);
    alike.set([1, 0xfe, 1]);
    put('dst', 'old', Buffer.concat([alike, alike, real]));
    const basis = await files.sums('old', 3 * blockLength, blockLength, 16);
    const { sent, received } = await files.transfer({ path: 'f', basis }, { path: fresh('f'), basis: 'old' });
    expect(received.verified).toBe(true);
    expect(sent).toMatchObject({ matched: blockLength, matches: 1 });
    files.close();
  });

  describe.each(codecs)('%s', (codec) => {
    const able = from.compressions.includes(codec) && to.compressions.includes(codec);
    const test = it.skipIf(!able);

    test('whole files of all sizes, one after the other on one stream', async () => {
      const files = line(codec);
      for (const size of [0, 1, 2, 3, 100, 16_383, 16_384, 32_767, 32_768, 32_769, 100_000, 700_001]) {
        const data = mixed(size, size + 1);
        put('src', 'f', data);
        const { sent, received } = await files.transfer({ path: 'f' }, { path: fresh('f') });
        expect(received).toMatchObject({ verified: true, literal: size, matched: 0, size, writeErrno: 0 });
        expect(sent).toMatchObject({ literal: size, matched: 0, readErrno: 0 });
        expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
        expect(fs.statSync(dir.at('dst', 'f')).mode & 0o777).toBe(0o600);
      }
      files.close();
    });

    test('deltas, cut into pieces of any size', async () => {
      const files = line(codec);
      for (const [size, blockLength, range] of [
        [10_000, 700, 1],
        [10_007, 700, 3],
        [300_000, 1000, 1000],
        [300_001, 70_000, 4096],
        [400_000, 131_072, 65_536],
        [650, 700, 7],
      ]) {
        const old = mixed(size, 5);
        const data = edited(old);
        put('dst', 'old', old);
        put('src', 'f', data);
        const basis = await files.sums('old', size, blockLength, 4);
        const cuts = { read: 64 * 1024, range };
        const { sent, received } = await files.transfer(
          { path: 'f', basis },
          { path: fresh('f'), basis: 'old' },
          cuts,
        );
        expect(received).toMatchObject({ verified: true, size: data.length });
        expect(received.literal + received.matched).toBe(data.length);
        expect([sent.literal, sent.matched]).toEqual([received.literal, received.matched]);
        if (size > 3 * blockLength) expect(sent.matched).toBeGreaterThan(size / 4);
        expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
      }
      files.close();
    });

    test('runs of many blocks, and jumps between them', async () => {
      const files = line(codec);
      const blockLength = 16;
      const old = noise(blockLength * 70_000, 11);
      const back = old.subarray(0, blockLength * 100);
      const data = Buffer.concat([
        old,
        Buffer.from('middle'),
        back,
        old.subarray(blockLength * 500, blockLength * 501),
        back,
      ]);
      put('dst', 'old', old);
      put('src', 'f', data);
      const basis = await files.sums('old', old.length, blockLength, 8);
      const { sent, received, wire } = await files.transfer(
        { path: 'f', basis },
        { path: fresh('f'), basis: 'old' },
      );
      expect(received.verified).toBe(true);
      expect(sent.literal).toBe(6);
      if (codec !== 'none') expect(wire).toBeLessThan(200);
      expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
      files.close();
    });

    test('any file against any basis', async () => {
      const files = line(codec);
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc
          .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 3000 }))
          .map(([b, n]) => Buffer.alloc(n, b)),
        fc
          .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 4000 }))
          .map(([s, n]) => noise(n, s)),
      );
      const content = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
      await fc.assert(
        fc.asyncProperty(
          content,
          content,
          fc.constantFrom(1, 2, 7, 64, 700, 5000),
          fc.integer({ min: 0, max: 16 }),
          fc.integer({ min: 1, max: 300 }),
          async (old, data, blockLength, strongLength, range) => {
            put('dst', 'old', old);
            put('src', 'f', data);
            const basis = await files.sums('old', old.length, blockLength, strongLength);
            const { sent, received } = await files.transfer(
              { path: 'f', basis },
              { path: fresh('f'), basis: old.length > 0 ? 'old' : undefined },
              { read: 64 * 1024, range },
            );
            expect(sent.literal + sent.matched).toBe(data.length);
            // A strong sum cut short may match what it should not: the digest tells, and the file is sent again.
            if (strongLength >= 8) expect(received.verified).toBe(true);
            if (received.verified) expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
          },
        ),
        { numRuns: 60 },
      );
      files.close();
    });

    test('what is thrown away leaves the stream in step', async () => {
      const files = line(codec);
      const old = mixed(50_000, 5);
      const data = edited(old);
      put('dst', 'old', old);
      put('src', 'f', data);
      const basis = await files.sums('old', old.length, 700, 4);
      const dropped = await files.transfer({ path: 'f', basis }, { path: undefined });
      expect(dropped.received.literal + dropped.received.matched).toBe(data.length);
      const next = await files.transfer({ path: 'f' }, { path: fresh('f') });
      expect(next.received.verified).toBe(true);
      files.close();
    });

    test('in place, with blocks that moved', async () => {
      const files = line(codec);
      const old = mixed(60_000, 21);
      const zeros = Buffer.alloc(5000);
      const shapes: [Buffer, Buffer][] = [
        [old, edited(old)],
        [old, Buffer.concat([old.subarray(30_000), old.subarray(0, 30_000)])],
        [old, Buffer.concat([Buffer.from('x'), old])],
        [old, old.subarray(700)],
        [old, old],
        [Buffer.concat([zeros, old, zeros, zeros]), Buffer.concat([zeros, zeros, old.subarray(3), zeros])],
        [Buffer.concat([noise(300), zeros, zeros, old]), Buffer.concat([noise(200), zeros, zeros, old])],
        [old, Buffer.alloc(0)],
      ];
      for (const sparse of [false, true]) {
        for (const [before, after] of shapes) {
          put('dst', 'f', before);
          put('src', 'f', after);
          const basis = await files.sums('f', before.length, 700, 6);
          const { sent, received } = await files.transfer(
            { path: 'f', basis, updatingInPlace: true },
            { path: 'f', basis: 'f', inPlace: true, sparse },
          );
          expect(received).toMatchObject({ verified: true, size: after.length });
          expect(fs.readFileSync(dir.at('dst', 'f')).equals(after)).toBe(true);
          if (before === after) expect(sent.literal).toBe(0);
        }
      }
      files.close();
    });

    test('appending, plainly and verified', async () => {
      const files = line(codec);
      const data = mixed(90_000, 31);
      for (const [append, have] of [
        ['plain', 40_000],
        ['verify', 40_000],
        ['verify', 90_000],
        ['plain', 0],
        ['verify', 700],
      ] as const) {
        put('src', 'f', data);
        put('dst', 'f', data.subarray(0, have));
        const head = { blockLength: 700, count: Math.ceil(have / 700), remainder: have % 700 };
        const basis = { ...head, strongLength: 2, sums: new Uint8Array(0) };
        const { received, sent } = await files.transfer(
          { path: 'f', basis, append },
          { path: 'f', basis: 'f', inPlace: true, appendAt: have, appendDigest: append === 'verify' },
        );
        expect(received).toMatchObject({ verified: true, size: data.length, literal: data.length - have });
        expect(sent.literal).toBe(data.length - have);
        expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
      }
      put('dst', 'f', Buffer.alloc(700, 'wrong'));
      const basis = { blockLength: 700, count: 1, remainder: 0, strongLength: 2, sums: new Uint8Array(0) };
      const { received } = await files.transfer(
        { path: 'f', basis, append: 'verify' },
        { path: 'f', basis: 'f', inPlace: true, appendAt: 700, appendDigest: true },
      );
      expect(received.verified).toBe(false);
      files.close();
    });
  });

  it.each(['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'md4-old', 'sha1'] satisfies DigestName[])(
    'the digest %s, with and without a seed',
    async (name) => {
      for (const seed of [0, -559038737]) {
        for (const seedFirst of [true, false]) {
          const files = line('none', { name, seed, seedFirst });
          const old = mixed(20_000, 41);
          put('dst', 'old', old);
          put('src', 'f', edited(old));
          const basis = await files.sums('old', old.length, 512, 8);
          const { sent, received } = await files.transfer(
            { path: 'f', basis },
            { path: fresh('f'), basis: 'old' },
          );
          expect(received.verified).toBe(true);
          expect(sent.matched).toBeGreaterThan(10_000);
          files.close();
        }
      }
    },
  );

  it('leaves holes for zeros', async () => {
    const files = line('none');
    const data = Buffer.alloc(4 * 1024 * 1024);
    data.write('start', 0);
    data.write('middle', 2_000_000);
    put('src', 'f', data);
    const { received } = await files.transfer({ path: 'f' }, { path: fresh('f'), sparse: true });
    expect(received).toMatchObject({ verified: true, size: data.length });
    const stat = fs.statSync(dir.at('dst', 'f'));
    expect(stat.size).toBe(data.length);
    expect(stat.blocks * 512).toBeLessThan(data.length / 8);
    expect(fs.readFileSync(dir.at('dst', 'f')).equals(data)).toBe(true);
    files.close();
  });

  it('a file that shrank is sent to its old length, with a digest that cannot match', async () => {
    const files = line('none');
    put('src', 'f', noise(300_000));
    const job = files.sender.openSend({ path: 'f', digest: xxh128, encoder: files.encoder });
    fs.truncateSync(dir.at('src', 'f'), 100_000);
    const receiver = files.receiver.openReceive({
      path: fresh('f'),
      blockCount: 0,
      blockLength: 0,
      remainder: 0,
      digest: xxh128,
      decoder: files.decoder,
    });
    const into = Buffer.alloc(64 * 1024);
    for (let n = await job.next(into); n > 0; n = await job.next(into)) {
      await receiver.push(into, Uint32Array.of(0, n), 1);
    }
    expect(job.size).toBe(300_000);
    expect(job.result().readErrno).toBeGreaterThan(0);
    expect(receiver.result()).toMatchObject({ verified: false, size: 300_000 });
    job.close();
    receiver.abort();
    expect(fs.existsSync(dir.at('dst', 'f'))).toBe(false);
    files.close();
  });

  it('what came of a file is in it when the job is closed, also the last small pieces', async () => {
    const files = line('none');
    const data = noise(50_000, 9);
    for (const inPlace of [false, true]) {
      if (inPlace) fs.writeFileSync(dir.at('dst', 'f'), 'old');
      const job = files.receiver.openReceive({
        path: inPlace ? 'f' : fresh('f'),
        inPlace,
        blockCount: 0,
        blockLength: 0,
        remainder: 0,
        digest: xxh128,
        decoder: files.decoder,
      });
      for (let at = 0; at < 7000; at += 1000) {
        const piece = Buffer.alloc(1004);
        piece.writeInt32LE(1000);
        data.copy(piece, 4, at, at + 1000);
        await job.push(piece, Uint32Array.of(0, piece.length), 1);
      }
      if (inPlace) job.abort();
      else job.close();
      expect(fs.readFileSync(dir.at('dst', 'f')).equals(data.subarray(0, 7000))).toBe(true);
    }
    files.close();
  });

  it('a write that fails is remembered, and the stream is read to its end', async () => {
    if (!fs.existsSync('/dev/full')) return;
    const files = line('none');
    put('src', 'f', noise(1_000_000));
    const { received } = await files.transfer({ path: 'f' }, { path: '/dev/full', inPlace: true });
    expect(received).toMatchObject({ verified: false, writeErrno: 28, syscall: 'write', literal: 1_000_000 });
    files.close();
  });

  it('gives a large file in slices, to a buffer of 64 KiB', async () => {
    const files = line('none');
    const data = noise(9_000_000, 3);
    put('src', 'f', data);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { received } = await files.transfer({ path: 'f' }, { path: fresh('f'), fsync: true }, wholeCuts);
    clearInterval(timer);
    expect(received.verified).toBe(true);
    expect(turns).toBeGreaterThan(1);
    files.close();
  });
});
