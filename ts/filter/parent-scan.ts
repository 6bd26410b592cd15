import type { ByteString } from '../kernel/kernel.ts';
import type { MergeList } from './merge-list.ts';
import { mergePath, nameOfMerge, parseRuleFile } from './parse.ts';
import { baseName } from './paths.ts';
import type { FilterState } from './state.ts';
import { ParseFlag } from './token.ts';

/**
 * Completes a per-directory merge rule when the first directory is entered (setup_merge_file). Where its
 * name has a directory part that is a parent of the transfer, the merge files of that directory and all
 * below it, down to the transfer's parent, are read first: `/.rsync-filter` searches from the root on.
 */
export function finishMergeSetup(state: FilterState, merge: MergeList): void {
  merge.finishSetup = false;
  const path = mergePath(state, merge.name, merge.flags);
  if (path === undefined || !path.startsWith('/')) return;
  state.tell(() => `performing parent_dirscan for ${nameOfMerge(state, merge)}`);
  merge.name = baseName(path);
  const from = path.slice(0, path.length - merge.name.length);
  if (state.dir.startsWith(from)) scanParents(state, merge, from);
  state.tell(() => `completed parent_dirscan for ${nameOfMerge(state, merge)}`);
}

function scanParents(state: FilterState, merge: MergeList, from: ByteString): void {
  const transferDir = state.dir;
  state.parentScan = true;
  try {
    for (let end = from.length; end < transferDir.length; end = transferDir.indexOf('/', end) + 1) {
      state.dir = transferDir.slice(0, end);
      parseRuleFile(state, merge, state.dir + merge.name, merge.flags, ParseFlag.PerDirFile);
      if (merge.inherits) merge.inherit();
      else merge.forget();
    }
  } finally {
    state.parentScan = false;
  }
}
