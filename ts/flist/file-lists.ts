import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { Listing } from '../kernel/listing.ts';
import { FileList, type ListLimit } from './file-list.ts';

/** Where a wire index (ndx) lies. `i` is -1 for `ndxStart - 1`: the segment's own directory. */
export interface EntryPlace {
  readonly list: FileList;
  readonly i: number;
}

/** Entries seen so far, by type. */
export interface FlistTotals {
  files: number;
  dirs: number;
  links: number;
  devices: number;
  specials: number;
  /** All entries, duplicates included (rsync's num_files). */
  entries: number;
  /** Bytes of all regular files and symbolic links. */
  size: number;
  /** Bytes the lists took on the wire. */
  wireBytes: number;
  /** Milliseconds: reading the source (0 on the receiving side), and sending it. */
  buildTime: number;
  transferTime: number;
}

/** Directories whose places are held together, and forgotten together. */
const pageSize = 1024;

/** The places of directories with numbers in a row. */
interface DirPage {
  readonly lists: (FileList | undefined)[];
  readonly indexes: number[];
  /** How many of them are still to be dealt with. */
  held: number;
}

/**
 * All directories of an incremental transfer by their number (rsync's dir_flist). An entry outlives the
 * segment it came in: it is held until its content has been dealt with. Numbers that were dealt with take no
 * memory: a run may go over any number of directories.
 */
export class DirTable {
  private readonly pages: (DirPage | undefined)[] = [];
  /** How many there were so far. */
  length = 0;

  /** Whether `d`, which may be any number from the wire, is a directory whose content is still to come. */
  holds(d: number): boolean {
    return this.page(d)?.lists[d % pageSize] !== undefined;
  }
  /** The list that holds directory `d`; its entry there is `index(d)`. */
  list(d: number): FileList {
    return this.page(d)?.lists[d % pageSize] as FileList;
  }
  index(d: number): number {
    return (this.page(d) as DirPage).indexes[d % pageSize];
  }
  path(d: number): ByteString {
    return this.list(d).path(this.index(d));
  }
  add(list: FileList, i: number): number {
    const d = this.length++;
    let page = this.page(d);
    if (page === undefined) {
      page = { lists: [], indexes: [], held: 0 };
      this.pages.push(page);
    }
    page.lists.push(list);
    page.indexes.push(i);
    page.held++;
    return d;
  }
  /** Lets `d`, which is held, be found in another list from now on. */
  move(d: number, list: FileList, i: number): void {
    const page = this.page(d) as DirPage;
    page.lists[d % pageSize] = list;
    page.indexes[d % pageSize] = i;
  }
  /** Forgets `d`, which is held. */
  drop(d: number): void {
    const page = this.page(d) as DirPage;
    page.lists[d % pageSize] = undefined;
    page.held--;
    if (page.held === 0 && page.lists.length === pageSize) this.pages[Math.floor(d / pageSize)] = undefined;
  }

  private page(d: number): DirPage | undefined {
    return this.pages[Math.floor(d / pageSize)];
  }
}

/** From so many on, the directories of released segments go into another list. */
const keptTogether = 1024;

export interface ListsOptions {
  readonly limit?: ListLimit | undefined;
  readonly received?: boolean;
  readonly keepsDirs?: boolean;
}

/**
 * The file list of one direction of a session: a growing row of segments. Wire indexes start at 1 with
 * incremental recursion and at 0 without; one index stays free between two segments, for the directory
 * that the later one is the content of.
 */
export class FileLists {
  readonly segments: FileList[] = [];
  readonly dirs = new DirTable();
  /** Sender: the held directories that sources lie in; see `Dir.root`. */
  readonly roots: Tree[] = [];
  /** No segment follows any more. */
  eof = false;
  readonly totals: FlistTotals = {
    files: 0,
    dirs: 0,
    links: 0,
    devices: 0,
    specials: 0,
    entries: 0,
    size: 0,
    wireBytes: 0,
    buildTime: 0,
    transferTime: 0,
  };
  readonly incRecurse: boolean;
  /** The lists come from a peer. */
  readonly received: boolean;
  /** Entries of all segments that are still held. */
  held = 0;
  private nextStart: number;
  private cursor = 0;
  /** Directories of released segments: the list that takes the next, and of each list how many are still held. */
  private keptDirs = new FileList();
  private readonly keptCounts = new Map<FileList, number>();
  private first = true;
  private readonly limit: ListLimit | undefined;
  private readonly keepsDirs: boolean;

  /**
   * `limit`: of each list, and of all directories; none where nobody says. `keepsDirs`: directories are held to the end.
   */
  constructor(incRecurse: boolean, { limit, received = false, keepsDirs = false }: ListsOptions = {}) {
    this.incRecurse = incRecurse;
    this.received = received;
    this.limit = limit;
    this.keepsDirs = keepsDirs;
    this.nextStart = incRecurse ? 1 : 0;
  }

  /** The wire index that the next list's first entry will have. */
  get nextNdxStart(): number {
    return this.nextStart;
  }

  /** An empty list, numbered to follow the last; `append` it when it is complete and sorted. */
  newList(capacity?: number): FileList {
    const list = new FileList(capacity, this.limit);
    list.ndxStart = this.nextStart;
    list.dirStart = this.dirs.length;
    return list;
  }

  /** True until the first list is appended. */
  get isEmpty(): boolean {
    return this.first;
  }

  /** Adds a complete, sorted list, and (with incremental recursion) its directories to `dirs`. */
  append(list: FileList): void {
    list.ndxStart = this.nextStart;
    this.nextStart += list.count + 1;
    this.segments.push(list);
    this.held += list.count;
    this.totals.entries += list.count;
    this.first = false;
  }

  /** Numbers the directories of a sorted list in the order of the wire, before duplicates are cleared. */
  addDirs(list: FileList): void {
    list.dirStart = this.dirs.length;
    const from = list.listing === undefined ? 0 : list.count - list.listing.dirs;
    for (let place = from; place < list.count; place++) {
      const i = list.rowOf(place);
      if (list.isDir(i)) this.dirs.add(list, i);
    }
    list.dirCount = this.dirs.length - list.dirStart;
    if (this.limit !== undefined && this.dirs.length > this.limit.most) throw this.limit.exceeded();
  }

  /** The segment of a wire index, its directory's index included (rsync's flist_for_ndx). */
  listOf(ndx: number): FileList | undefined {
    const { segments } = this;
    const hit = segments[this.cursor];
    if (hit !== undefined && ndx >= hit.ndxStart - 1 && ndx < hit.ndxStart + hit.count) return hit;
    let low = 0;
    let high = segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const list = segments[middle];
      if (ndx < list.ndxStart - 1) high = middle - 1;
      else if (ndx >= list.ndxStart + list.count) low = middle + 1;
      else {
        this.cursor = middle;
        return list;
      }
    }
    return undefined;
  }

  /** The segment that follows `list`, which may have been released. */
  after(list: FileList): FileList | undefined {
    const { segments } = this;
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle].ndxStart > list.ndxStart) high = middle;
      else low = middle + 1;
    }
    return segments[low];
  }

  /** Sender: the tree that the entry's path is below. */
  rootOf(list: FileList, i: number): Tree {
    return this.roots[list.dir(i).root];
  }

  /** Entries in the segments after the one that was looked up last (rsync's file_total - file_old_total). */
  get ahead(): number {
    const current = this.segments[this.cursor];
    if (current === undefined) return 0;
    const gaps = this.segments.length - 1 - this.cursor;
    return this.nextStart - (current.ndxStart + current.count + 1) - gaps;
  }

  /** Segments after the one that was looked up last. */
  get segmentsAhead(): number {
    return this.segments.length - 1 - this.cursor;
  }

  /** The entry of a wire index; `undefined` where no held list has it. */
  byNdx(ndx: number): EntryPlace | undefined {
    const list = this.listOf(ndx);
    return list === undefined ? undefined : { list, i: list.rowOf(ndx - list.ndxStart) };
  }

  /**
   * Forgets the oldest segment, whose content has been dealt with, and the directory that it is the content of. Its own
   * directories stay in `dirs` until their turn.
   */
  releaseFirst(): FileList | undefined {
    const list = this.segments.shift();
    if (list === undefined) return undefined;
    this.held -= list.count;
    if (this.cursor > 0) this.cursor--;
    for (let d = list.dirStart; d < list.dirStart + list.dirCount; d++) this.keepDir(d, list);
    // What ends a segment for the receiver comes from the peer, who may tell it too early.
    const isOver = list.ended || !this.received;
    if (isOver && !this.keepsDirs && list.parentDirNdx < list.dirStart) this.dropDir(list.parentDirNdx);
    return list;
  }

  private keepDir(d: number, list: FileList): void {
    if (this.keptDirs.count >= keptTogether) this.keptDirs = new FileList();
    const kept = this.keptDirs;
    this.dirs.move(d, kept, kept.addCopy(list, this.dirs.index(d)));
    this.keptCounts.set(kept, (this.keptCounts.get(kept) ?? 0) + 1);
  }

  /** A list of which nothing is held any more is left to the garbage collector. */
  private dropDir(d: number): void {
    if (!this.dirs.holds(d)) return;
    const kept = this.dirs.list(d);
    this.dirs.drop(d);
    const left = (this.keptCounts.get(kept) ?? 0) - 1;
    if (left > 0) this.keptCounts.set(kept, left);
    else this.keptCounts.delete(kept);
  }

  /** Counts all entries of a directory. */
  countListing({ count, dirs, links, size }: Listing): void {
    const { totals } = this;
    totals.files += count - dirs - links;
    totals.dirs += dirs;
    totals.links += links;
    totals.size += size;
  }

  /** Counts an entry of the type that `list` says. */
  count(list: FileList, i: number): void {
    const { totals } = this;
    if (list.isRegular(i)) {
      totals.files++;
      totals.size += list.size(i);
    } else if (list.isDir(i)) totals.dirs++;
    else if (list.isLink(i)) {
      totals.links++;
      totals.size += list.size(i);
    } else if (list.isDevice(i)) totals.devices++;
    // What --delete-missing-args asks to be deleted has no type; so rsync's sender counts it as one, its receiver as another.
    else if (list.isSpecial(i) || this.received) totals.specials++;
    else totals.files++;
  }
}
