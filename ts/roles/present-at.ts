import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { Present } from '../metadata/compare.ts';

/** What is at `path`, if anything can be seen there. */
export function presentAt(tree: Tree, path: ByteString): Present | undefined {
  const stats = tree.lstatMany('', [path]);
  return stats.errno() === 0 ? { stats, row: 0, tree, path } : undefined;
}
