/** A file system that is soon full. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Runs `body` with one of 2 MiB below `work`; false where none can be mounted. */
export async function withSmallDisk(work: string, body: (disk: string) => Promise<void>): Promise<boolean> {
  const disk = join(work, 'disk');
  mkdirSync(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status !== 0) return false;
  try {
    await body(disk);
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
  return true;
}
