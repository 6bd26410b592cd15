import { EntryFlag, type FileList } from '../flist/file-list.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { Wanted } from '../metadata/compare.ts';

/** An entry of a file list. */
export interface Listed {
  readonly list: FileList;
  readonly i: number;
}

/** An entry and where it is brought up to date. */
export interface Place extends Listed {
  readonly tree: Tree;
  readonly path: ByteString;
}

/** What one entry after the other shall be: one for a run, so that looking at an entry makes no object. */
export class WantedCursor implements Wanted {
  private list!: FileList;
  private i = 0;
  // Read all at once: a getter for each costs twice as much.
  mode = 0;
  size = 0;
  mtime = 0;
  mtimeNsec = 0;
  uid = 0;
  gid = 0;
  skipGroup = false;

  /** Goes to an entry; good until it goes to the next, or the entry is changed. */
  at(list: FileList, i: number): this {
    this.list = list;
    this.i = i;
    this.mode = list.mode(i);
    this.size = list.size(i);
    this.mtime = list.mtime(i);
    this.mtimeNsec = list.mtimeNsec(i);
    this.uid = list.uid(i);
    this.gid = list.gid(i);
    this.skipGroup = (list.flags(i) & EntryFlag.SkipGroup) !== 0;
    return this;
  }

  get atime(): number {
    return this.list.atime(this.i);
  }
  get accessAcl(): number {
    return this.list.value('accessAcl', this.i);
  }
  get defaultAcl(): number {
    return this.list.value('defaultAcl', this.i);
  }
  get xattrs(): number {
    return this.list.value('xattrs', this.i);
  }
}
