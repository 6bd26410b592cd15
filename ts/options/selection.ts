/** -r, -d, --list-only, -R and what --files-from makes of them. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Run } from './definition.ts';

/** What of a draft decides how sources are gone through. */
export interface Selecting {
  /** 0 no, 1 implied by -a, 2 by -r. */
  readonly recursive: number;
  /** -1 not said, 0 --no-dirs, 2 --dirs, 4 --old-dirs. */
  readonly dirs: number;
  readonly listOnly: boolean;
  readonly filesFrom: ByteString;
  readonly batch: { readonly read: boolean };
}

export interface Selection {
  readonly recursive: boolean;
  readonly dirs: boolean;
  readonly listOnly: boolean;
  /** --old-dirs: recursion, and a filter that leaves out all that it brings. */
  readonly oldDirs: boolean;
}

export function selectionOf(draft: Selecting, run: Run): Selection {
  let recursive = draft.recursive > 0;
  let { dirs } = draft;
  if (draft.filesFrom !== '') {
    if (draft.recursive === 1) recursive = false;
    if (dirs < 0) dirs = 1;
  }
  const listOnly = draft.listOnly || (run.args.length < 2 && !draft.batch.read && !run.server);
  const oldDirs = dirs >= 4;
  if (oldDirs) {
    recursive = true;
    dirs = 1;
  } else if (recursive) dirs = 1;
  else if (dirs < 0) dirs = listOnly ? 1 : 0;
  return { recursive, dirs: dirs > 0, listOnly, oldDirs };
}
