/**
 * The same work through both kernels, side by side. Not a test: `npm run bench:kernels`. What the work costs below
 * this boundary, beside the bare libraries and system calls, is measured by `cargo bench`.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import type { BlockSums, CodecSpec, DigestSpec, Kernel, SendRequest, Tree } from '../../ts/kernel/kernel.ts';
import { ReceiveBatch } from '../../ts/kernel/receive-batch.ts';
import { kernels, noise } from '../contract/lanes.ts';

const MiB = 1024 * 1024;
const length = 4 * MiB;
const blockLength = 16 * 1024;
const fileCount = 256;
const fileSize = 2000;
const digest: DigestSpec = { name: 'md5', seed: 7, seedFirst: true };
/** Where the sum is not what is measured. */
const noDigest: DigestSpec = { name: 'none', seed: 0, seedFirst: true };
const plain: CodecSpec = { name: 'none', level: 0, threads: 0 };
const settings = { time: 300, warmupTime: 100 };

const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'oc-rsync-kernels-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const names = Array.from({ length: fileCount }, (_, i) => `file-${i}`);
mkdirSync(join(dir, 'many'));
mkdirSync(join(dir, 'to'));
for (const name of names) writeFileSync(join(dir, 'many', name), noise(fileSize));
writeFileSync(join(dir, 'basis'), noise(length));
writeFileSync(join(dir, 'other'), noise(length, 2));
writeFileSync(
  join(dir, 'words'),
  Buffer.alloc(length, 'some words that come again and again, as words do; '),
);

/** One row for each kernel that can do it. */
function sideBySide(
  title: string,
  prepare: (kernel: Kernel, tree: Tree) => Promise<() => Promise<unknown> | unknown>,
  can: (kernel: Kernel) => boolean = () => true,
): void {
  describe(title, () => {
    for (const kernel of kernels.filter(can)) {
      let work: (() => Promise<unknown> | unknown) | undefined;
      bench(
        kernel.name,
        async () => {
          work ??= await prepare(kernel, kernel.openTree(dir));
          await work();
        },
        settings,
      );
    }
  });
}

async function blockSums(tree: Tree, path: string): Promise<BlockSums> {
  const job = tree.openBlockSums(path, length, blockLength, 16, digest);
  const count = length / blockLength;
  // The call that finds nothing more wants room, too.
  const sums = Buffer.alloc((count + 1) * 20);
  let at = 0;
  for (let n = await job.next(sums); n > 0; n = await job.next(sums.subarray(at))) at += n;
  job.close();
  return { count, blockLength, remainder: 0, strongLength: 16, sums: sums.subarray(0, at) };
}

/** Takes a file's whole token stream, and throws it away. */
async function drain(tree: Tree, request: SendRequest): Promise<void> {
  const job = tree.openSend(request);
  const into = Buffer.allocUnsafe(256 * 1024);
  while ((await job.next(into)) > 0);
  job.close();
}

for (const name of ['xxh128', 'xxh64', 'md5', 'md4', 'sha1', 'sha256'] as const) {
  const data = noise(MiB);
  sideBySide(
    `${name} of 1 MiB`,
    async (kernel) => () => kernel.digest(name, data),
    (kernel) => kernel.digests.includes(name),
  );
}

sideBySide('rolling sum and md5 of all blocks, 4 MiB', async (_, tree) => () => blockSums(tree, 'basis'));

for (const [title, path] of [
  ['everything in common', 'basis'],
  ['nothing in common', 'other'],
]) {
  sideBySide(`match 4 MiB, ${title}`, async (kernel, tree) => {
    const basis = await blockSums(tree, 'basis');
    const encoder = kernel.openEncoder(plain);
    return () => drain(tree, { path, basis, digest, encoder });
  });
}

for (const [name, level] of [
  ['none', 0],
  ['zlib', 6],
  ['zlibx', 6],
  ['zstd', 3],
  ['lz4', 0],
] as const) {
  const spec: CodecSpec = { name, level, threads: 0 };
  const can = (kernel: Kernel) => kernel.compressions.includes(name);
  sideBySide(
    `write 4 MiB of words as tokens, ${name}`,
    async (kernel, tree) => {
      const encoder = kernel.openEncoder(spec);
      return () => drain(tree, { path: 'words', digest: noDigest, encoder });
    },
    can,
  );
}

sideBySide('scan 256 files', async (_, tree) => () => tree.scan('many'));

sideBySide('read, hash and pack 256 small files', async (_, tree) => {
  const paths = names.map((name) => `many/${name}`);
  const into = Buffer.allocUnsafeSlow(MiB);
  return () => tree.sendMany(paths, into, digest);
});

sideBySide('create, write, dress and rename 256 small files', async (_, tree) => {
  const data = noise(fileSize);
  const batch = new ReceiveBatch(digest);
  for (const name of names) {
    const dataAt = batch.reserve(fileSize);
    batch.data.set(data, dataAt);
    const content = { dataAt, digestAt: -1, size: fileSize };
    batch.add(`to/${name}`, `to/.${name}`, { mode: 0o100644, mtime: 1_000_000_000 }, 0, content);
  }
  return async () => {
    const { status } = await tree.receiveMany(batch);
    if (status.some((one) => one !== 0)) throw new Error(`status ${status}`);
  };
});
