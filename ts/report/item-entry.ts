import type { ByteString } from '../kernel/kernel.ts';

/**
 * What a line about a file can tell. The caller keeps one such object and points it at entry after entry
 * (its fields may be getters), so that no object is made for an item.
 */
export interface ItemEntry {
  /** The name as the file list has it (f_name), no trailing slash. */
  readonly path: ByteString;
  readonly mode: number;
  readonly size: number;
  /** Whole seconds. */
  readonly mtime: number;
  readonly mtimeNsec: number;
  readonly uid: number;
  readonly gid: number;
  /** '' for none. */
  readonly linkTarget: ByteString;
  /** The receiver does not know the group (FLAG_SKIP_GROUP): %G says DEFAULT. */
  readonly skipGroup: boolean;
  /** The digest that --checksum put into the list. */
  readonly checksum?: Uint8Array;
  /** Sender: the folder that `path` is below (F_PATHNAME), for %f. */
  readonly root?: ByteString;
  /** Whole seconds, where access times are transferred (-U). */
  readonly atime: number;
}

/** One file list, as far as progress lines count with it; `FileList` is one. */
export interface ListRange {
  /** Wire index (ndx) of the first entry. */
  readonly ndxStart: number;
  readonly count: number;
  path?(i: number): ByteString;
  /** Bytes of the regular files and symbolic links from one entry up to another. */
  bytesOf?(from: number, to: number): number;
}

/** What progress lines tell of all lists of a direction; `FileLists` is one. */
export interface ListTotals {
  readonly incRecurse: boolean;
  /** No list follows any more. */
  readonly eof: boolean;
  /** Entries of the lists that are still held. */
  readonly held: number;
  readonly segments: readonly ListRange[];
  /** Bytes of `size` are those of all files known so far. */
  readonly totals: { readonly entries: number; readonly size: number };
}
