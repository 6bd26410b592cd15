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
  protected list!: FileList;
  protected i = 0;

  /** Goes to an entry; good until it goes to the next. */
  at(list: FileList, i: number): this {
    this.list = list;
    this.i = i;
    return this;
  }

  get mode(): number {
    return this.list.mode(this.i);
  }
  get size(): number {
    return this.list.size(this.i);
  }
  get mtime(): number {
    return this.list.mtime(this.i);
  }
  get mtimeNsec(): number {
    return this.list.mtimeNsec(this.i);
  }
  get atime(): number {
    return this.list.atime(this.i);
  }
  get uid(): number {
    return this.list.uid(this.i);
  }
  get gid(): number {
    return this.list.gid(this.i);
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
  get skipGroup(): boolean {
    return (this.list.flags(this.i) & EntryFlag.SkipGroup) !== 0;
  }
}
