import type { ByteString } from '../kernel/kernel.ts';
import type { FileList } from './file-list.ts';
import type { FileLists } from './file-lists.ts';

/** The place of an entry among the names of its inode. */
export interface HardLinkPlace {
  /** Number that all names of the inode share. */
  readonly group: number;
  /** Wire index of the name before; -1 when this is the first, or the others are gone or skipped. */
  readonly prev: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Which entries of a received list are names of one inode (rsync's match_hard_links). Names of a group
 * form a chain from last to first: `list.hardLinkPrev(i)` is the wire index of the one before; flags
 * `HlinkFirst` and `HlinkLast` mark the ends.
 */
export class HardLinks {
  constructor(_lists: FileLists) {}

  /** Chains the entries of a list that was just sorted and appended. */
  match(_list: FileList): void {
    throw new Error('pending');
  }
  /** The entry's place, `undefined` when it has one name only. */
  place(_list: FileList, _i: number): HardLinkPlace | undefined {
    throw new Error('pending');
  }
  /** Where the last complete name of a group is, for groups that outlive their segments. */
  finishedPath(_group: number): ByteString | undefined {
    throw new Error('pending');
  }
  /** A name of the group is complete at `path`: later segments link to it. */
  finish(_group: number, _path: ByteString): void {
    throw new Error('pending');
  }
}
