import type { ByteString } from '../kernel/kernel.ts';

/** The columns of a file list that a line about an entry can show; `FileList` is one. */
export interface ItemList {
  /** Wire index (ndx) of the first entry. */
  readonly ndxStart: number;
  readonly count: number;
  /** The name as the list has it (f_name), no trailing slash. */
  path(i: number): ByteString;
  mode(i: number): number;
  size(i: number): number;
  /** Whole seconds. */
  mtime(i: number): number;
  atime(i: number): number;
  uid(i: number): number;
  gid(i: number): number;
  /** '' for none. */
  linkTarget(i: number): ByteString;
  /** The digest that --checksum put into the list. */
  checksum(i: number): Uint8Array | undefined;
  /** Its `root` says below which source the entry lies on the sender. */
  dir(i: number): { readonly root: number };
  /** The receiver does not know the group (FLAG_SKIP_GROUP): %G says DEFAULT. */
  skipsGroup?(i: number): boolean;
}

/** What progress lines tell of all lists of a direction; `FileLists` is one. */
export interface ListTotals {
  readonly incRecurse: boolean;
  /** No list follows any more. */
  readonly eof: boolean;
  /** Entries of the lists that are still held. */
  readonly held: number;
  readonly segments: readonly { readonly ndxStart: number; readonly count: number }[];
  readonly totals: { readonly entries: number };
}

/** Stands for an entry that is in no list: a deletion's, of which only the mode is known. */
export class LooseEntry implements ItemList {
  readonly ndxStart = 0;
  readonly count = 1;
  readonly name: ByteString;
  private readonly itsMode: number;
  constructor(name: ByteString, mode: number) {
    this.name = name;
    this.itsMode = mode;
  }
  path(): ByteString {
    return this.name;
  }
  mode(): number {
    return this.itsMode;
  }
  size(): number {
    return 0;
  }
  mtime(): number {
    return 0;
  }
  atime(): number {
    return 0;
  }
  uid(): number {
    return 0;
  }
  gid(): number {
    return 0;
  }
  linkTarget(): ByteString {
    return '';
  }
  checksum(): undefined {
    return undefined;
  }
  dir(): { readonly root: number } {
    return { root: -1 };
  }
}
