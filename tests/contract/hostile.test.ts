import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExitCode, RsyncError } from '../../ts/errors.ts';
import type { BlockSums, CompressName, DigestSpec, Kernel, ReceiveRequest } from '../../ts/kernel/kernel.ts';
import { eachKernel, failure, noise, scratch } from './lanes.ts';
import { pushCut } from './stream.ts';

const digest: DigestSpec = { name: 'md5', seed: 0, seedFirst: true };
const codecs: CompressName[] = ['none', 'zlib', 'zlibx', 'zstd', 'lz4'];

function spec(name: CompressName) {
  return { name, level: name === 'lz4' ? 0 : 3, threads: 0 };
}

function int(...values: number[]): Buffer {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    out.writeInt32LE(value, 4 * i);
  });
  return out;
}

eachKernel('a hostile sender', (kernel) => {
  const dir = scratch();
  const basisBytes = 700 * 3;

  /** Feeds a stream to a fresh job and gives what became of it. */
  async function feed(
    codec: CompressName,
    stream: Uint8Array,
    request: Partial<ReceiveRequest> = {},
    range = 64 * 1024,
  ): Promise<unknown> {
    fs.writeFileSync(dir.at('basis'), noise(basisBytes));
    fs.rmSync(dir.at('out'), { force: true });
    const tree = kernel.openTree(dir.path);
    const decoder = kernel.openDecoder(spec(codec));
    const job = tree.openReceive({
      path: 'out',
      basis: 'basis',
      blockLength: 700,
      blockCount: 3,
      remainder: 0,
      digest,
      decoder,
      ...request,
    });
    try {
      return await pushCut(job, stream, range);
    } catch (error) {
      return error;
    } finally {
      job.abort();
      decoder.close();
      tree.close();
      if (request.inPlace !== true) expect(fs.existsSync(dir.at('out'))).toBe(false);
    }
  }

  function refused(outcome: unknown): void {
    expect(outcome).toBeInstanceOf(RsyncError);
    const codes: number[] = [ExitCode.Protocol, ExitCode.StreamIo];
    expect(codes).toContain((outcome as RsyncError).exitCode);
    expect((outcome as RsyncError).message).not.toBe('');
  }

  it.each([
    ['the block behind the last', int(-4)],
    ['a block far behind', int(-0x7fffffff)],
    ['the lowest number there is', int(-0x80000000)],
  ])('names %s', async (_what, stream) => {
    const outcome = await feed('none', stream);
    refused(outcome);
    expect((outcome as Error).message).toMatch(/^Invalid block index \d+ \(count=3\)/);
  });

  it('names a block where there are none', async () => {
    refused(await feed('none', int(-1), { basis: undefined, blockCount: 0, blockLength: 0 }));
  });

  it('names a block where there is no basis file', async () => {
    refused(await feed('none', int(-1), { basis: undefined }));
  });

  it('promises a huge literal run, and stops', async () => {
    expect(await feed('none', Buffer.concat([int(0x7fffffff), noise(100)]))).toBe(false);
  });

  describe.each(codecs.filter((name) => name !== 'none' && kernel.compressions.includes(name)))(
    '%s',
    (codec) => {
      it.each([
        ['a block that is not there', [0x80 + 3]],
        ['a negative block', [0x20, 0xff, 0xff, 0xff, 0xff]],
        ['the highest block', [0x20, 0xff, 0xff, 0xff, 0x7f]],
        ['an empty run', [0xc0, 0, 0]],
        ['a run behind the last block', [0xc0, 0xff, 0xff]],
        ['a run beyond all numbers', [0x21, 0xfe, 0xff, 0xff, 0x7f, 0xff, 0xff]],
      ])('names %s', async (_what, bytes) => {
        refused(await feed(codec, Buffer.from(bytes)));
        refused(await feed(codec, Buffer.from(bytes), {}, 1));
      });

      it('sends a record of noise', async () => {
        const record = Buffer.concat([
          Buffer.from([0x40 + 7, 0xff]),
          Buffer.alloc(0x7ff, 0xff),
          Buffer.from([0]),
        ]);
        refused(await feed(codec, record));
      });
    },
  );

  it.each(codecs.filter((name) => kernel.compressions.includes(name)))(
    'sends any bytes at all: %s',
    async (codec) => {
      const flags = fc.constantFrom(0, 0x20, 0x21, 0x40, 0x41, 0x80, 0x81, 0xc0, 0xff);
      const noisy = fc.array(fc.oneof(flags, fc.integer({ min: 0, max: 255 })), { maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(noisy, fc.integer({ min: 1, max: 64 }), async (bytes, range) => {
          const outcome = await feed(codec, Buffer.from(bytes), {}, range);
          if (typeof outcome === 'boolean') return;
          if (outcome instanceof Error && outcome.message === 'bytes behind the digest') return;
          refused(outcome);
        }),
        { numRuns: 150 },
      );
    },
  );
});

eachKernel('a hostile receiver', (kernel) => {
  const dir = scratch();

  function open(kernelOf: Kernel, basis: Partial<BlockSums>) {
    fs.writeFileSync(dir.at('f'), noise(5000));
    const tree = kernelOf.openTree(dir.path);
    const encoder = kernelOf.openEncoder(spec('none'));
    try {
      return tree.openSend({
        path: 'f',
        digest,
        encoder,
        basis: {
          count: 1,
          blockLength: 700,
          remainder: 0,
          strongLength: 2,
          sums: new Uint8Array(6),
          ...basis,
        },
      });
    } finally {
      tree.close();
    }
  }

  it.each([
    ['more sums than it sends', { count: 0x7fffffff }],
    ['a negative count', { count: -1 }],
    ['blocks of no length', { blockLength: 0 }],
    ['blocks of negative length', { blockLength: -5 }],
    ['a remainder longer than a block', { remainder: 701 }],
    ['a negative remainder', { remainder: -1 }],
    ['sums longer than the digest', { strongLength: 17, sums: new Uint8Array(21) }],
  ])('announces %s', (_what, basis) => {
    expect(failure(() => open(kernel, basis))).toBeInstanceOf(RsyncError);
  });

  it('sends a thousand equal sums', async () => {
    fs.writeFileSync(dir.at('zeros'), Buffer.alloc(30_000));
    const tree = kernel.openTree(dir.path);
    const encoder = kernel.openEncoder(spec('none'));
    const count = 100_000;
    // The rolling sum of zeros is right in all of them, the strong one in none.
    const sums = Buffer.alloc(count * 6, 1);
    for (let i = 0; i < count; i++) sums.writeInt32LE(0, i * 6);
    const job = tree.openSend({
      path: 'zeros',
      digest,
      encoder,
      basis: { count, blockLength: 2000, remainder: 0, strongLength: 2, sums },
    });
    const into = Buffer.alloc(64 * 1024);
    while ((await job.next(into)) > 0);
    expect(job.result().literal).toBe(30_000);
    job.close();
    tree.close();
  });
});
