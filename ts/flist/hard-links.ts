import { protocolError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { EntryFlag, type FileList } from './file-list.ts';
import type { FileLists } from './file-lists.ts';
import { KeptPaths } from './kept-paths.ts';
import { NumberTable } from './number-table.ts';
import { withRoomFor } from './numbers.ts';

/** The place of an entry among the names of its inode. */
export interface HardLinkPlace {
  /** Number that all names of the inode share. */
  readonly group: number;
  /** Wire index of the name before; -1 when this is the first, or the others are gone or skipped. */
  readonly prev: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The groups that may go on in a later segment, each with a number of its own. */
class PriorGroups {
  /** Where the content is, once a name of the group is complete. */
  readonly paths = new KeptPaths();
  private readonly numbers = new NumberTable();
  private count = 0;
  /** Wire index of the last name so far. */
  private lasts = new Int32Array(0);

  /** The number of a group; -1 where it is not known. */
  numberOf(group: number): number {
    return this.numbers.find(0, group);
  }
  add(group: number): number {
    const n = this.count++;
    this.numbers.set(0, group, n);
    this.lasts = withRoomFor(n, this.lasts);
    return n;
  }
  last(n: number): number {
    return this.lasts[n];
  }
  setLast(n: number, ndx: number): void {
    this.lasts[n] = ndx;
  }
}

/**
 * Which entries of received lists are names of one inode (rsync's match_hard_links). Names of a group
 * form a chain from last to first: `list.hardLinkPrev(i)` is the wire index of the one before; the flags
 * `HlinkFirst` and `HlinkLast` mark the ends.
 *
 * With incremental recursion a group may go on in a later segment. The generator calls `finish` when a
 * name of a group is complete; names of later segments then have no `prev`, and link to `finishedPath`.
 */
export class HardLinks {
  private readonly lists: FileLists;
  private readonly prior = new PriorGroups();

  constructor(lists: FileLists) {
    this.lists = lists;
  }

  /** Chains the entries of a list that was just sorted and appended. */
  match(list: FileList): void {
    const linked: number[] = [];
    for (let i = 0; i < list.count; i++) if (list.flags(i) & EntryFlag.Hlinked) linked.push(i);
    linked.sort((a, b) => list.hardLinkGroupOf(a) - list.hardLinkGroupOf(b) || a - b);
    for (let from = 0; from < linked.length; ) {
      const group = list.hardLinkGroupOf(linked[from]);
      let to = from + 1;
      while (to < linked.length && list.hardLinkGroupOf(linked[to]) === group) to++;
      this.chain(list, group, linked.slice(from, to));
      from = to;
    }
  }

  /** The entry's place, `undefined` when it has one name only. */
  place(list: FileList, i: number): HardLinkPlace | undefined {
    const flags = list.flags(i);
    if ((flags & EntryFlag.Hlinked) === 0) return undefined;
    return {
      group: list.hardLinkGroupOf(i),
      prev: list.hardLinkPrev(i),
      isFirst: (flags & EntryFlag.HlinkFirst) !== 0,
      isLast: (flags & EntryFlag.HlinkLast) !== 0,
    };
  }

  /** Where a complete name of the group is, for groups that outlive their segments. */
  finishedPath(group: number): ByteString | undefined {
    return this.prior.paths.get(this.prior.numberOf(group));
  }

  /** A name of the group is complete at `path`: later segments link to it. */
  finish(group: number, path: ByteString): void {
    const { prior } = this;
    const known = prior.numberOf(group);
    if (known < 0) {
      if (this.lists.incRecurse) throw protocolError(`Unable to find a hlink node for ${group} (${path})`);
      return;
    }
    if (!prior.paths.has(known)) prior.paths.set(known, path);
  }

  private chain(list: FileList, group: number, members: readonly number[]): void {
    const { incRecurse } = this.lists;
    const { prior } = this;
    const known = incRecurse ? this.priorGroup(list, group) : -1;
    const isComplete = prior.paths.has(known);
    const before = known < 0 ? -1 : prior.last(known);
    const [first] = members;
    let prev = -1;
    if (!isComplete && before < 0) list.setFlag(first, EntryFlag.HlinkFirst);
    else if (!isComplete) {
      const place = this.lists.byNdx(before);
      if (place !== undefined && place.i >= 0) {
        place.list.clearFlag(place.i, EntryFlag.HlinkLast);
        prev = before;
      } else list.setFlag(first, EntryFlag.HlinkFirst);
    }
    for (const i of members) {
      list.setHardLinkPrev(i, prev);
      prev = list.ndxOf(i);
    }
    const last = members[members.length - 1];
    if (members.length === 1 && !incRecurse) {
      list.clearFlag(last, EntryFlag.Hlinked | EntryFlag.HlinkFirst);
      list.setFlag(last, EntryFlag.HlinkDone);
      return;
    }
    list.setFlag(last, EntryFlag.HlinkLast);
    if (known >= 0 && !isComplete) prior.setLast(known, list.ndxOf(last));
  }

  /** The number of a group, which is known from now on. */
  private priorGroup(list: FileList, group: number): number {
    const known = this.prior.numberOf(group);
    if (known >= 0) return known;
    if (group < list.ndxStart)
      throw protocolError(`hard-link gnum ${group} precedes flist start ${list.ndxStart}`);
    return this.prior.add(group);
  }
}
