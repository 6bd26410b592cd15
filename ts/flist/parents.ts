import type { ByteString } from '../kernel/kernel.ts';
import type { FileList } from './file-list.ts';

/** An entry whose directory is no directory of its list. */
export interface Orphan {
  readonly i: number;
  /** --delete-missing-args: asks only for a deletion, in a directory of which nothing is known. */
  readonly isHarmless: boolean;
}

/**
 * Finds the entries of a whole, cleaned list that lie in no directory of it, in the list's order. With
 * incremental recursion each segment is about one directory, and there can be none.
 *
 * Names are checked one by one against what was asked for and against the filters. A name below a directory that
 * was never listed would come past what excludes that directory.
 */
export function* orphans(list: FileList, allowMissing: boolean): Generator<Orphan> {
  const absent = new Set<ByteString>();
  for (const { path } of list.dirs) if (path !== '') absent.add(path);
  if (absent.size === 0) return;
  /** Directories that are no directories: of a file, or (true) of what is to be deleted. */
  const others = new Map<ByteString, boolean>();
  for (let i = list.low; i <= list.high && absent.size > 0; i++) {
    if (!list.isActive(i)) continue;
    if (list.isDir(i)) absent.delete(list.path(i));
    else if (allowMissing) {
      const path = list.path(i);
      if (absent.has(path)) others.set(path, list.mode(i) === 0);
    }
  }
  if (absent.size === 0) return;
  for (let i = list.low; i <= list.high; i++) {
    if (!list.isActive(i)) continue;
    const dir = list.dirname(i);
    if (!absent.has(dir)) continue;
    const isMissing = allowMissing && list.mode(i) === 0;
    if (isMissing && others.get(dir) === true) continue;
    yield { i, isHarmless: isMissing && !others.has(dir) };
  }
}
