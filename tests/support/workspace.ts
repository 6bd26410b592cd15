/**
 * A folder of its own for each test case, removed with whatever strange modes it holds.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot } from './peers.ts';

/** Makes an empty folder, runs `body` with its path, and removes the folder unless OC_RSYNC_KEEP is set. */
export async function withWorkspace<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-test-'));
  try {
    return await body(dir);
  } finally {
    if (process.env.OC_RSYNC_KEEP === undefined) removeTree(dir);
  }
}

/** Removes a folder and all below it. */
export function removeTree(dir: string): void {
  if (!isRoot) spawnSync('chmod', ['-R', 'u+rwX', '--', dir]);
  spawnSync('rm', ['-rf', '--', dir]);
}
