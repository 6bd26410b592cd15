import type { ByteString } from '../kernel/kernel.ts';
import { trimRange } from './clean.ts';
import { EntryFlag, type FileList } from './file-list.ts';

/**
 * Clears the directories of a sorted list that hold nothing but such directories (--prune-empty-dirs).
 * A directory that the filters exclude on this side is kept, with its parents.
 */
export function pruneEmptyDirs(list: FileList, isExcluded: (path: ByteString) => boolean): void {
  /** Directories above the current entry that nothing has kept yet. */
  const open: { i: number; prefix: ByteString }[] = [];
  const close = (path: ByteString): void => {
    while (open.length > 0 && !path.startsWith(open[open.length - 1].prefix)) list.clear(open.pop()!.i);
  };
  for (let i = list.low; i <= list.high; i++) {
    if (!list.isActive(i) || list.flags(i) & EntryFlag.Declined) continue;
    const path = list.path(i);
    close(path);
    if (!list.isDir(i) || list.isDotDir(i)) {
      if (!list.isDir(i)) open.length = 0;
      continue;
    }
    if (isExcluded(path)) open.length = 0;
    else open.push({ i, prefix: `${path}/` });
  }
  while (open.length > 0) list.clear(open.pop()!.i);
  trimRange(list);
}
