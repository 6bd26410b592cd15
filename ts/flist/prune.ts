import type { ByteString } from '../kernel/kernel.ts';
import { trimRange } from './clean.ts';
import { EntryFlag, type FileList } from './file-list.ts';

/**
 * Clears the directories of a sorted list that hold nothing but such directories (--prune-empty-dirs).
 * A directory that the filters exclude on this side is kept, with its parents. As in rsync, what is a directory's own is
 * told by depth and place alone, and a duplicate that was dropped counts as a file.
 */
export function pruneEmptyDirs(list: FileList, isExcluded: (path: ByteString) => boolean): void {
  /** Directories above the current entry that nothing has kept yet. */
  let open: number[] = [];
  let lastDepth = 0;
  for (let i = list.low; i <= list.high; i++) {
    if (list.isActive(i) && list.flags(i) & EntryFlag.Declined) continue;
    if (!list.isActive(i) || !list.isDir(i) || list.isDotDir(i)) {
      open = [];
      continue;
    }
    const path = list.path(i);
    const depth = path.split('/').length;
    for (let d = lastDepth; d >= depth && open.length > 0; d--) list.clear(open.pop() as number);
    lastDepth = depth;
    if (isExcluded(path)) open = [];
    else open.push(i);
  }
  while (open.length > 0) list.clear(open.pop() as number);
  trimRange(list);
}
