/** File systems of a test's own, in an image that is mounted over a loop device. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

// The shell unmounts when its input ends, which also our death makes it do; that detaches the loop device, too.
const unmounter = 'cat >/dev/null; umount "$1" || umount -l "$1"';

/** How to make a file system: the program with its options, and a size that is enough for it. */
export interface FileSystem {
  readonly mkfs: readonly string[];
  readonly mebibytes: number;
}

const firstLine = (text: string) => text.trim().split('\n', 1)[0];

/**
 * Makes a file system in `work` and runs `body` with the folder it is mounted at. Returns why that cannot be done
 * here, without having run anything, or undefined.
 */
export async function withImage(
  work: string,
  name: string,
  { mkfs, mebibytes }: FileSystem,
  body: (mounted: string) => Promise<void>,
): Promise<string | undefined> {
  const image = join(work, `${name}.img`);
  const folder = join(work, name);
  const fd = openSync(image, 'wx');
  ftruncateSync(fd, mebibytes * 1024 * 1024);
  closeSync(fd);
  const made = spawnSync(mkfs[0]!, [...mkfs.slice(1), image], { encoding: 'latin1' });
  if (made.status !== 0) return `no file system was made: ${made.error?.message ?? firstLine(made.stderr)}`;
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-o', 'loop', image, folder], { encoding: 'latin1' });
  if (mounted.status !== 0)
    return `it cannot be mounted: ${mounted.error?.message ?? firstLine(mounted.stderr)}`;
  const child = spawn('sh', ['-c', unmounter, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  try {
    await body(folder);
  } finally {
    child.stdin.end();
    await gone;
  }
  return undefined;
}
