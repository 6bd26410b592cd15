import { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { Present } from '../metadata/compare.ts';

/** What is at `path`, if anything can be seen there. */
export function presentAt(tree: Tree, path: ByteString): Present | undefined {
  try {
    return { stats: tree.lstat(path), row: 0, tree, path };
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
