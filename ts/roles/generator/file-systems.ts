import type { Tree } from '../../kernel/kernel.ts';

/**
 * -x on the receiving side: file systems that are mounted below the destination are none of the transfer's, so
 * nothing is deleted in them, and they are not taken for something that the source does not have.
 */
export interface FileSystems {
  /** The device of the directory at hand (rsync's filesystem_dev). */
  current: number;
  /** The devices of directories that were named as sources. */
  readonly tops: Set<number>;
}

/** What -x knows at the start; undefined without it. */
export function fileSystemsOf(tree: Tree, oneFileSystem: number): FileSystems | undefined {
  return oneFileSystem === 0 ? undefined : { current: tree.lstat('.').dev(), tops: new Set() };
}

/** Goes to a directory; false where it is on a file system that no source directory is on. */
export function enterFileSystem(known: FileSystems | undefined, dev: number, isTop: boolean): boolean {
  if (known === undefined) return true;
  if (isTop) known.tops.add(dev);
  else if (known.current !== dev && !known.tops.has(dev)) return false;
  known.current = dev;
  return true;
}
