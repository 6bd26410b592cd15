/**
 * Where the file system can, a local copy shares the blocks of its source; it is a copy all the same, and where
 * blocks cannot be shared the bytes are copied.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadNativeKernel } from '../../ts/kernel/native.ts';
import { withImage } from '../support/image.ts';
import { withoutLosses } from '../support/messages.ts';
import { isRoot, kernelName, ours, type Peer, readPeerFile, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const { mkfsBtrfs, mkfsXfs, filefrag } = readPeerFile();
const reference = referencePeer();

const fileSystems = [
  { name: 'btrfs', program: mkfsBtrfs, options: ['-q'], mebibytes: 160 },
  { name: 'XFS', program: mkfsXfs, options: ['-q', '-m', 'reflink=1'], mebibytes: 320 },
];

/** No whole number of blocks, so that the last one is shared in part. */
const length = 20 * 1024 * 1024 + 777;

/** Bytes that no file system would store as less. */
const content = (() => {
  const bytes = Buffer.alloc(length);
  let x = 1;
  for (let at = 0; at + 4 <= length; at += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes.writeInt32LE(x | 0, at);
  }
  return bytes;
})();

/** Where the blocks of a file lie, as `first..last` numbers of the file system. */
function extents(path: string): string[] {
  const { stdout, status, stderr } = spawnSync(filefrag!, ['-s', '-v', path], { encoding: 'latin1' });
  expect(status, stderr).toBe(0);
  const rows = [...stdout.matchAll(/^\s*\d+:\s+\d+\.\.\s*\d+:\s+(\d+)\.\.\s*(\d+):/gm)];
  expect(rows.length, stdout).toBeGreaterThan(0);
  return rows.map(([, first, last]) => `${first}..${last}`);
}

async function copy(who: Peer, source: string, dest: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await run([...who.command, '-a', ...options, `${source}/`, `${dest}/`]);
  expect({ code, stderr: withoutLosses(stderr) }).toEqual({ code: 0, stderr: '' });
}

function overwrite(path: string, at: number, text: string): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, text, at);
  closeSync(fd);
}

/** Why the program under test shares no blocks; undefined where it does. */
const copiesBytes = ((): string | undefined => {
  if (process.env.OC_RSYNC_BIN) return 'another program is tested';
  const why = 'the portable kernel copies bytes';
  if (kernelName === 'portable') return why;
  try {
    loadNativeKernel();
    return undefined;
  } catch {
    return why;
  }
})();

const missing = !isRoot ? 'mounting needs root' : filefrag === null ? 'there is no filefrag' : undefined;

describe.each(fileSystems)('a local copy on $name', ({ name, program, options, mebibytes }) => {
  const cannot = missing ?? (program === null ? `there is no mkfs for ${name}` : undefined);

  /** A test in a folder on this file system, with a source of one large file and room outside of it. */
  const onFileSystem = (
    title: string,
    body: (inside: string, outside: string) => Promise<void>,
    why = cannot,
  ) =>
    test(why === undefined ? title : `${title} (${why})`, async (context) => {
      if (why !== undefined) return context.skip(why);
      await withWorkspace(async (work) => {
        const fileSystem = { mkfs: [program!, ...options], mebibytes };
        const refused = await withImage(work, 'mounted', fileSystem, async (inside) => {
          for (const parent of [inside, work]) {
            mkdirSync(join(parent, 'src'));
            writeFileSync(join(parent, 'src', 'large'), content);
          }
          await body(inside, work);
        });
        if (refused !== undefined) context.skip(refused);
      });
    });

  onFileSystem(
    'shares the blocks of its source',
    async (inside) => {
      const [source, dest] = [join(inside, 'src'), join(inside, 'dest')];
      const before = extents(join(source, 'large'));
      const free = () => statfsSync(inside).bfree * statfsSync(inside).bsize;
      const room = free();
      await copy(ours(), source, dest);
      expect(extents(join(dest, 'large'))).toEqual(before);
      expect(readFileSync(join(dest, 'large')).equals(content)).toBe(true);
      expect(room - free()).toBeLessThan(length / 2);
      // A file that is replaced, too.
      writeFileSync(join(dest, 'large'), 'another');
      await copy(ours(), source, dest);
      expect(extents(join(dest, 'large'))).toEqual(before);
      expect(readFileSync(join(dest, 'large')).equals(content)).toBe(true);
    },
    cannot ?? copiesBytes,
  );

  onFileSystem('stays as it is when its source changes', async (inside) => {
    const [source, dest] = [join(inside, 'src'), join(inside, 'dest')];
    await copy(ours(), source, dest);
    overwrite(join(source, 'large'), 10_000_000, 'the source has changed');
    expect(readFileSync(join(dest, 'large')).equals(content)).toBe(true);
    overwrite(join(dest, 'large'), 0, 'the copy has changed');
    const left = readFileSync(join(source, 'large')).subarray(0, 10_000_000);
    expect(left.equals(content.subarray(0, 10_000_000))).toBe(true);
  });

  onFileSystem('copies bytes where others are on the other side', async (inside, outside) => {
    await copy(ours(), join(inside, 'src'), join(outside, 'from-inside'));
    expect(readFileSync(join(outside, 'from-inside', 'large')).equals(content)).toBe(true);
    await copy(ours(), join(outside, 'src'), join(inside, 'from-outside'));
    expect(readFileSync(join(inside, 'from-outside', 'large')).equals(content)).toBe(true);
  });

  onFileSystem('is seen to share nothing where real rsync makes it', async (inside) => {
    if (reference === null) return;
    await copy(reference, join(inside, 'src'), join(inside, 'dest'));
    expect(extents(join(inside, 'dest', 'large'))).not.toEqual(extents(join(inside, 'src', 'large')));
  });
});
