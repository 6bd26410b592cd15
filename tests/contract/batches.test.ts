import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type DigestSpec,
  digestLength,
  digestMismatch,
  held,
  interrupted,
  type Kernel,
  receiveSteps,
  type Tree,
} from '../../ts/kernel/kernel.ts';
import { runOf } from '../../ts/kernel/name-runs.ts';
import { ReceiveBatch, ReceiveFlag } from '../../ts/kernel/receive-batch.ts';
import { canExtras } from '../support/extras.ts';
import { eachKernel, isRoot, kernelPairs, noise, scratch } from './lanes.ts';

const digest: DigestSpec = { name: 'md5', seed: 99, seedFirst: true };

interface Small {
  readonly path: string;
  readonly data: Buffer;
  /** The sender's digest; `undefined` is not verified. */
  readonly sum?: Uint8Array;
  readonly flags?: number;
  readonly mode?: number;
  readonly mtime?: number;
  readonly temporary?: string;
}

function addInline(batch: ReceiveBatch, file: Small): void {
  const dataAt = batch.reserve(file.data.length);
  file.data.copy(batch.data, dataAt);
  let digestAt = -1;
  if (file.sum !== undefined) {
    digestAt = batch.reserve(file.sum.length);
    batch.data.set(file.sum, digestAt);
  }
  const meta = { mode: file.mode, mtime: file.mtime };
  const content = { dataAt, digestAt, size: file.data.length };
  batch.add(file.path, file.temporary ?? `.${file.path}.tmp`, meta, file.flags ?? 0, content);
}

function sum(kernel: Kernel, data: Buffer): Uint8Array {
  return kernel.digest('md5', data);
}

eachKernel('sending many files', (kernel) => {
  const dir = scratch();

  it('gives the token stream of each, and what kept the others from it', async () => {
    const contents: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      small: noise(10),
      'odd\xff': noise(33_000, 2),
      limit: noise(50_000, 3),
      large: noise(4_000, 4),
      one: noise(1, 5),
    };
    for (const [name, data] of Object.entries(contents)) {
      fs.writeFileSync(Buffer.from(dir.at(name), 'latin1'), data);
    }
    fs.mkdirSync(dir.at('directory'));
    fs.symlinkSync('small', dir.at('link'));
    const paths = ['empty', 'missing', 'small', 'odd\xff', 'limit', 'large', 'one', 'directory', 'link'];
    const tree = kernel.openTree(dir.path);
    // Each has its size, four bytes for each piece of it and for its end, and the digest.
    const data = Buffer.alloc(20 + 34 + 33_028 + 50_028 + 4_023);
    const { status, ends, sizes } = await tree.sendMany(paths, data, digest);
    expect([...status.subarray(0, 7)]).toEqual([0, 2, 0, 0, 0, -1, 0]);
    expect(status[7]).toBeGreaterThan(0);
    expect(status[8]).toBeGreaterThan(0);
    let start = 0;
    paths.forEach((path, i) => {
      const stream = Buffer.from(data.subarray(start, ends[i]));
      start = ends[i];
      if (status[i] !== 0) {
        expect(stream.length).toBe(0);
        return;
      }
      const { literal, rest } = readTokens(stream);
      expect(literal.equals(contents[path])).toBe(true);
      expect(sizes[i]).toBe(contents[path].length);
      expect(rest).toEqual(Buffer.from(sum(kernel, contents[path])));
    });
    expect(ends[paths.length - 1]).toBe(data.length - 4_023 + 25);
    tree.close();
  });
});

/** Literal data of an uncompressed token stream, and what follows its end. */
function readTokens(stream: Buffer): { literal: Buffer; rest: Buffer } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const n = stream.readInt32LE(at);
    at += 4;
    if (n === 0) return { literal: Buffer.concat(parts), rest: stream.subarray(at) };
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThanOrEqual(32 * 1024);
    parts.push(stream.subarray(at, at + n));
    at += n;
  }
}

eachKernel('receiving many files', (kernel) => {
  const dir = scratch();

  async function receive(files: readonly Small[], spec: DigestSpec = digest) {
    const batch = new ReceiveBatch(spec);
    for (const file of files) addInline(batch, file);
    const tree = kernel.openTree(dir.path);
    const { status, step } = await tree.receiveMany(batch);
    tree.close();
    expect(status.length).toBe(files.length);
    return { status: [...status], steps: [...step].map((n) => receiveSteps[n]) };
  }

  it('puts each in its place, dressed', async () => {
    fs.writeFileSync(dir.at('b'), 'the old one');
    const files: Small[] = [
      { path: 'a', data: noise(1000), sum: sum(kernel, noise(1000)), mode: 0o100640, mtime: 1_000_000_000 },
      { path: 'b', data: Buffer.alloc(0), sum: sum(kernel, Buffer.alloc(0)), mode: 0o104755, mtime: -5 },
      { path: 'c\xff', data: noise(100_000, 2), mode: 0o100444 },
    ];
    expect((await receive(files)).status).toEqual([0, 0, 0]);
    for (const file of files) {
      const path = Buffer.from(dir.at(file.path), 'latin1');
      expect(fs.readFileSync(path).equals(file.data)).toBe(true);
      const stat = fs.statSync(path);
      expect(stat.mode & 0o7777).toBe((file.mode ?? 0) & 0o7777);
      if (file.mtime !== undefined) expect(stat.mtimeMs).toBe(file.mtime * 1000);
    }
    expect(fs.readdirSync(dir.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('says which failed and leaves nothing of them', async () => {
    fs.mkdirSync(dir.at('is-a-directory'));
    fs.writeFileSync(dir.at('taken.tmp'), 'someone else’s');
    const wrong = sum(kernel, Buffer.from('other content'));
    const { status, steps } = await receive([
      { path: 'good-1', data: noise(10), sum: sum(kernel, noise(10)) },
      { path: 'bad-sum', data: noise(10), sum: wrong },
      { path: 'nowhere/f', temporary: 'nowhere/.f', data: noise(10) },
      { path: 'is-a-directory', data: noise(10) },
      { path: 'unlucky', temporary: 'taken.tmp', data: noise(10) },
      { path: 'good-2', data: noise(20), sum: sum(kernel, noise(20)) },
    ]);
    expect(status[0]).toBe(0);
    expect(status[1]).toBe(digestMismatch);
    expect([status[2], steps[2]]).toEqual([2, 'mkstemp']);
    expect([status[3], steps[3]]).toEqual([21, 'rename']);
    expect([status[4], steps[4]]).toEqual([17, 'mkstemp']);
    expect(status[5]).toBe(0);
    const names = fs.readdirSync(dir.path);
    expect(names).toEqual(expect.arrayContaining(['good-1', 'good-2', 'is-a-directory']));
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    for (const name of ['bad-sum', 'unlucky']) expect(names).not.toContain(name);
    expect(fs.readFileSync(dir.at('taken.tmp'), 'utf8')).toBe('someone else’s');
  });

  it('goes through no link on the way', async () => {
    fs.mkdirSync(dir.at('outside'));
    fs.symlinkSync('outside', dir.at('way'));
    const { status } = await receive([{ path: 'way/f', temporary: 'way/.f', data: noise(10) }]);
    expect(status[0]).toBeGreaterThan(0);
    expect(fs.readdirSync(dir.at('outside'))).toEqual([]);
  });

  it('renames between two directories', async () => {
    fs.mkdirSync(dir.at('temp'));
    for (let i = 0; i < 12; i++) fs.mkdirSync(dir.at(`d${i}`));
    const files = Array.from({ length: 12 }, (_, i) => ({
      path: `d${i}/f`,
      temporary: `temp/t${i}`,
      data: noise(100, i + 1),
    }));
    expect((await receive(files)).status).toEqual(files.map(() => 0));
    files.forEach((file, i) => {
      expect(fs.readFileSync(dir.at(`d${i}/f`)).equals(file.data)).toBe(true);
    });
    expect(fs.readdirSync(dir.at('temp'))).toEqual([]);
  });

  it('leaves holes where it is asked to', async () => {
    const data = Buffer.alloc(1024 * 1024);
    data.write('end', data.length - 3);
    const flags = ReceiveFlag.Sparse | ReceiveFlag.Fsync;
    expect((await receive([{ path: 'holes', data, flags }])).status).toEqual([0]);
    const stat = fs.statSync(dir.at('holes'));
    expect([stat.size, stat.blocks * 512 < data.length / 4]).toEqual([data.length, true]);
    expect(fs.readFileSync(dir.at('holes')).equals(data)).toBe(true);
  });

  it('copies from other trees, and says how much', async () => {
    const batch = new ReceiveBatch(digest);
    const contents = [noise(300_000, 1), noise(5), Buffer.alloc(0), noise(128 * 1024, 3)];
    for (const name of ['one', 'two']) fs.mkdirSync(dir.at(`from/${name}`), { recursive: true });
    const trees = ['one', 'two'].map((name) => kernel.openTree(dir.at(`from/${name}`)));
    contents.forEach((data, i) => {
      fs.writeFileSync(dir.at(`from/${['one', 'two'][i % 2]}/source${i}`), data);
      batch.addCopy(`copy${i}`, `.copy${i}`, { mode: 0o100604, mtime: 7 }, 0, {
        tree: trees[i % 2]!,
        path: `source${i}`,
      });
    });
    fs.mkdirSync(dir.at('from/one/directory'));
    fs.symlinkSync('source0', dir.at('from/one/link'));
    for (const path of ['missing', 'directory', 'link', '../two/source1'])
      batch.addCopy('never', '.never', { mode: 0o100600 }, 0, { tree: trees[0]!, path });
    const tree = kernel.openTree(dir.path);
    const { status, step, sizes } = await tree.receiveMany(batch);
    for (const open of [tree, ...trees]) open.close();
    expect([...status.subarray(0, 6)]).toEqual([0, 0, 0, 0, 2, 21]);
    for (const i of [6, 7]) expect(status[i]).toBeGreaterThan(0);
    expect([...step].map((n) => receiveSteps[n])).toEqual(['', '', '', '', ...Array(4).fill('source')]);
    expect([...sizes]).toEqual([...contents.map((data) => data.length), 0, 0, 0, 0]);
    contents.forEach((data, i) => {
      expect(fs.readFileSync(dir.at(`copy${i}`)).equals(data)).toBe(true);
      const stat = fs.statSync(dir.at(`copy${i}`));
      expect([stat.mode & 0o7777, stat.mtimeMs]).toEqual([0o604, 7000]);
    });
    expect(fs.readdirSync(dir.path).filter((name) => name.includes('never'))).toEqual([]);
    expect(fs.readdirSync(dir.path).filter((name) => name.startsWith('.copy'))).toEqual([]);
  });

  it('holds what the caller places, complete and for its owner alone', async () => {
    const data = noise(3000);
    const files = [
      { path: 'held', data, flags: ReceiveFlag.Hold, mode: 0o100644, mtime: 5 },
      { path: 'wrong', data, flags: ReceiveFlag.Hold, sum: sum(kernel, noise(3000, 2)) },
      { path: 'placed', data, mode: 0o100644 },
    ].map((file) => ({ ...file, path: `some/${file.path}`, temporary: `some/.${file.path}` }));
    fs.mkdirSync(dir.at('some'));
    const { status } = await receive(files);
    expect(status).toEqual([held, digestMismatch, 0]);
    expect(fs.readdirSync(dir.at('some')).sort()).toEqual(['.held', 'placed']);
    expect(fs.readFileSync(dir.at('some/.held')).equals(data)).toBe(true);
    const stat = fs.statSync(dir.at('some/.held'));
    expect([stat.mode & 0o7777, stat.mtimeMs > 5000]).toEqual([0o600, true]);
  });

  it.runIf(canExtras && kernel.can.xattrs)(
    'holds what its directory gives an ACL, and nothing else',
    async () => {
      fs.mkdirSync(dir.at('heir'));
      fs.mkdirSync(dir.at('plain'));
      expect(spawnSync('setfacl', ['-dm', 'u:12:r', dir.at('heir')]).status).toBe(0);
      for (const flags of [ReceiveFlag.HoldAcl, ReceiveFlag.HoldXattrs]) {
        const files = ['plain', 'heir'].map((name) => ({
          path: `${name}/f`,
          temporary: `${name}/.f`,
          data: noise(10),
          flags,
          mode: 0o100644,
        }));
        expect((await receive(files)).status).toEqual([0, held]);
        expect([fs.readdirSync(dir.at('plain')), fs.readdirSync(dir.at('heir'))]).toEqual([['f'], ['.f']]);
        fs.rmSync(dir.at('heir/.f'));
      }
    },
  );

  it('replaces nothing that it shall not', async () => {
    fs.mkdirSync(dir.at('full'));
    fs.writeFileSync(dir.at('full/there'), 'there');
    const data = noise(10);
    const files = ['there', 'new'].map((name) => ({
      path: `full/${name}`,
      temporary: `full/.${name}`,
      data,
      flags: ReceiveFlag.HoldThere,
    }));
    const { status } = await receive(files);
    // Node alone cannot look and rename at once.
    expect(status).toEqual([held, kernel.name === 'native' ? 0 : held]);
    expect(fs.readFileSync(dir.at('full/there'), 'latin1')).toBe('there');
    expect(fs.readFileSync(dir.at('full/.there')).equals(data)).toBe(true);
  });

  it('sets access times, with those of modification and alone', async () => {
    const batch = new ReceiveBatch(digest);
    const content = { dataAt: batch.reserve(0), digestAt: -1, size: 0 };
    fs.mkdirSync(dir.at('times'));
    batch.add('times/both', 'times/.both', { mtime: 5, mtimeNsec: 6000, atime: 77 }, 0, content);
    batch.add('times/one', 'times/.one', { atime: -3 }, 0, content);
    const since = Date.now();
    const tree = kernel.openTree(dir.path);
    expect([...(await tree.receiveMany(batch)).status]).toEqual([0, 0]);
    tree.close();
    const [both, one] = ['both', 'one'].map((name) => fs.statSync(dir.at(`times/${name}`)));
    expect([both!.atimeMs, Math.floor(both!.mtimeMs)]).toEqual([77_000, 5000]);
    expect(one!.atimeMs).toBe(-3000);
    expect(one!.mtimeMs).toBeGreaterThan(since - 2000);
  });

  it('makes a file in its place, and never one that is there', async () => {
    fs.writeFileSync(dir.at('there'), 'there');
    const data = noise(100);
    const files = ['made', 'there'].map((path) => ({
      path,
      temporary: path,
      data,
      flags: ReceiveFlag.InPlace,
      mode: 0o100604,
    }));
    const { status, steps } = await receive(files);
    expect([status, steps]).toEqual([
      [0, 17],
      ['', 'mkstemp'],
    ]);
    expect(fs.readFileSync(dir.at('made')).equals(data)).toBe(true);
    expect(fs.statSync(dir.at('made')).mode & 0o7777).toBe(0o604);
    expect(fs.readFileSync(dir.at('there'), 'latin1')).toBe('there');
  });

  it.runIf(isRoot)('sets owner and group before a mode with set-id bits', async () => {
    const batch = new ReceiveBatch(digest);
    const dataAt = batch.reserve(1);
    batch.data[dataAt] = 65;
    const content = { dataAt, digestAt: -1, size: 1 };
    batch.add('owned', '.owned', { mode: 0o106711, uid: 1111, gid: 2222, mtime: 5 }, 0, content);
    const tree = kernel.openTree(dir.path);
    expect([...(await tree.receiveMany(batch)).status]).toEqual([0]);
    tree.close();
    const stat = fs.statSync(dir.at('owned'));
    expect([stat.uid, stat.gid, stat.mode & 0o7777, stat.mtimeMs]).toEqual([1111, 2222, 0o6711, 5000]);
  });
});

eachKernel('interrupting a tree', (kernel) => {
  const dir = scratch();
  // Nearly nothing on the disk, and long to read.
  const hugeSize = 64 * 1024 ** 3;
  const soon = (tree: Tree) => setTimeout(() => tree.interrupt(), 50);

  function open(): Tree {
    fs.writeFileSync(dir.at('huge'), 'begins so');
    fs.truncateSync(dir.at('huge'), hugeSize);
    return kernel.openTree(dir.path);
  }

  async function copyHuge(tree: Tree, flags: number): Promise<number[]> {
    const batch = new ReceiveBatch(digest);
    batch.addCopy('long', '.long', {}, flags | ReceiveFlag.Sparse, { tree, path: 'huge' });
    addInline(batch, { path: 'after', data: noise(10) });
    return [...(await tree.receiveMany(batch)).status];
  }

  it('ends a batch, and leaves nothing of what was not done', async () => {
    const tree = open();
    soon(tree);
    expect(await copyHuge(tree, 0)).toEqual([interrupted, interrupted]);
    expect(await copyHuge(tree, 0)).toEqual([interrupted, interrupted]);
    expect(fs.readdirSync(dir.path)).toEqual(['huge']);
    tree.close();
  });

  it('leaves the part that is to be kept, and still does what is short', async () => {
    const tree = open();
    soon(tree);
    expect(await copyHuge(tree, ReceiveFlag.KeepPart)).toEqual([interrupted, interrupted]);
    expect(fs.readdirSync(dir.path).sort()).toEqual(['.long', 'huge']);
    tree.rename('.long', 'part');
    expect(tree.lstat('part').isRegular()).toBe(true);
    tree.unlink('part');
    tree.close();
  });

  it('ends checksums, copies and jobs', async () => {
    const ended = (work: Promise<unknown>) =>
      work.then(
        (value) => value,
        (error: { exitCode: number }) => error.exitCode,
      );
    const summing = open();
    soon(summing);
    const sums = await ended(
      summing.fileSums(runOf('huge'), Float64Array.of(hugeSize), digest).then(({ status }) => status[0]),
    );
    expect([interrupted, 20]).toContain(sums);

    const tree = open();
    tree.interrupt();
    expect(await ended(tree.copyFile('huge', 'copy', 0o600))).toBe(20);
    const { name, seed, seedFirst } = digest;
    const blocks = tree.openBlockSums('huge', hugeSize, 131_072, 16, { name, seed, seedFirst });
    expect(await ended(blocks.next(Buffer.alloc(1 << 20)))).toBe(20);
    const encoder = kernel.openEncoder({ name: 'none', level: 0, threads: 0 });
    const job = tree.openSend({ path: 'huge', digest, encoder });
    expect(await ended(job.next(Buffer.alloc(1 << 20)))).toBe(20);
    for (const open of [blocks, job, encoder, tree, summing]) open.close();
    expect(fs.readdirSync(dir.path)).toEqual(['huge']);
  });
});

it.each(kernelPairs)('many small files, %s', async (_title, from, to) => {
  const source = fs.mkdtempSync(join(tmpdir(), 'oc-contract-'));
  const target = fs.mkdtempSync(join(tmpdir(), 'oc-contract-'));
  const paths = Array.from({ length: 300 }, (_, i) => `f${i}`);
  paths.forEach((path, i) => {
    fs.writeFileSync(`${source}/${path}`, noise(i * 37, i + 1));
  });
  for (const name of ['xxh128', 'md4-old', 'sha1'] as const) {
    const spec = { name, seed: 5, seedFirst: true };
    const sender = from.openTree(source);
    const receiver = to.openTree(target);
    const data = Buffer.alloc(2_000_000);
    const many = await sender.sendMany(paths, data, spec);
    const batch = new ReceiveBatch(spec);
    let start = 0;
    paths.forEach((path, i) => {
      const stream = Buffer.from(data.subarray(start, many.ends[i]));
      start = many.ends[i];
      const { literal, rest } = readTokens(stream);
      expect(rest.length).toBe(digestLength[name]);
      addInline(batch, { path, data: literal, sum: rest });
    });
    const { status } = await receiver.receiveMany(batch);
    expect(status.every((errno) => errno === 0)).toBe(true);
    sender.close();
    receiver.close();
  }
  for (const path of paths) {
    expect(fs.readFileSync(`${target}/${path}`).equals(fs.readFileSync(`${source}/${path}`))).toBe(true);
  }
  fs.rmSync(source, { recursive: true });
  fs.rmSync(target, { recursive: true });
});
