import type { ByteString } from '../kernel/kernel.ts';

/**
 * What a line about a file can tell. The caller keeps one such object and points it at entry after entry
 * (fields may be getters), so that no object is made for an item.
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
  /** The group is not known to the receiver (FLAG_SKIP_GROUP): %G says DEFAULT. */
  readonly skipGroup?: boolean;
  /** The digest that --checksum put into the list. */
  readonly checksum?: Uint8Array;
  /** Folder that `path` is below on the sender (F_PATHNAME), for %f. */
  readonly root?: ByteString;
  /** Whole seconds, where access times are transferred (-U). */
  readonly atime?: number;
}
