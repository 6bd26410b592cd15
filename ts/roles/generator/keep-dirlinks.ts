/**
 * --keep-dirlinks: where the list has a directory, a symbolic link to one is as good. What is in it is found through
 * the link, below the destination (rsync's secure resolver); times and owner are the link's own, and permissions cannot
 * be set, as in rsync.
 */
import { SysError } from '../../errors.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import type { Entry, Generator } from './state.ts';

/** The directory's own path where a link is kept: what names the link would not enter it. */
export function insideOf(path: ByteString): ByteString {
  return `${path}/.`;
}

/** Sees the directory that a symbolic link in an entry's place leads to. */
export function seeThroughLink({ ctx, destination }: Generator, entry: Entry): void {
  const { list, i, stats, row } = entry;
  if (!ctx.options.keepDirlinks || !list.isDir(i) || stats?.isLink(row) !== true) return;
  const found = directoryBehind(destination.tree, entry.path);
  if (found === undefined) return;
  entry.stats = found;
  entry.row = 0;
  entry.isDirlink = true;
}

/** Status of the directory that a link leads to; undefined where it leads to none. */
export function directoryBehind(tree: Tree, path: ByteString): StatTable | undefined {
  try {
    const found = tree.stat(path);
    return found.isDir() ? found : undefined;
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
