import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { entryBytes, entryF64, entryU16, entryU32, type Listing } from '../kernel/listing.ts';
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../kernel/stat-table.ts';
import { type ColumnKind, columnKinds, SideColumns } from './column.ts';
import { LargeBuffer } from './large-buffer.ts';

/** What a role knows about an entry besides its metadata (rsync's FLAG_* bits). */
export const EntryFlag = {
  /** A directory that was named as a source. */
  TopDir: 1 << 0,
  /** Generator: a name of an inode that was asked for. */
  FileSent: 1 << 1,
  /** A directory whose content is transferred, and below which may be deleted. */
  ContentDir: 1 << 2,
  /** A directory of another file system (-x): it has no content here. */
  MountDir: 1 << 3,
  /** Sender: a directory that has the name of the one before; their contents go into one list. */
  Duplicate: 1 << 4,
  Hlinked: 1 << 5,
  HlinkFirst: 1 << 6,
  HlinkLast: 1 << 7,
  HlinkDone: 1 << 8,
  /** Generator: a hard link that is not transferred. */
  SkipHlink: 1 << 9,
  /** A parent of a --relative source, sent for its attributes only. */
  ImpliedDir: 1 << 10,
  /** The group may not be set: this user is no member. */
  SkipGroup: 1 << 11,
  /** Generator: the time of this (symlink) entry could not be set. */
  TimeFailed: 1 << 12,
  /** Receiver: the list of this directory has come. */
  GotDirFlist: 1 << 13,
  /** Generator: the directory is not there. */
  MissingDir: 1 << 14,
  /** Generator: the directory was made in this run. */
  DirCreated: 1 << 15,
  /** Receiver: the content came once and did not verify; what comes now is the second attempt. */
  Redo: 1 << 17,
  /** Generator: the directory was not there when its parent was looked at. */
  AbsentDir: 1 << 17,
  /** Sender: the file was sent, so that another request for it is the second attempt. */
  Answered: 1 << 18,
  /** Receiver: a caller's function leaves it out. */
  Declined: 1 << 19,
  /** Dropped as a duplicate: keeps its index, and is nothing else any more. */
  Cleared: 1 << 16,
} as const;

/** A directory that entries lie in, shared by all of them. */
export interface Dir {
  /** What stands before a basename: `''`, or the path with its closing slash. */
  readonly prefix: ByteString;
  /** The path, `''` for the root of the transfer. */
  readonly path: ByteString;
  /** Number of path components (the depth of an entry in it is one more). */
  readonly depth: number;
  /** Sender: which source root the path is below (index into `roots`). */
  readonly root: number;
}

/** How many entries a list may have (--max-alloc), and what more of them end the run with. */
export interface ListLimit {
  readonly most: number;
  exceeded(): RsyncError;
}

/** Of lists that only hold what others have. */
const unlimited: ListLimit = {
  most: Number.POSITIVE_INFINITY,
  exceeded: () => new RsyncError(ExitCode.Malloc, tooLarge),
};

/** Fields of a new entry; one object is reused for all. */
export interface EntryFields {
  mode: number;
  /** Bytes. */
  size: number;
  /** Whole seconds since 1970, may be negative. */
  mtime: number;
  mtimeNsec: number;
  uid: number;
  gid: number;
  flags: number;
}

const F64 = entryF64;
const U32 = entryU32;
const U16 = entryU16;
/** An extra row: rdev major, rdev minor, hard-link group, hard-link previous. */
const extraWords = 4;

/** The names of entries; `nameOffset` and `nameLength` tell where an entry's name lies in `names`. */
export interface NameColumns {
  readonly names: Uint8Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
}
export function nameOffset(columns: NameColumns, i: number): number {
  return columns.u32[i * U32 + 7];
}
export function nameLength(columns: NameColumns, i: number): number {
  return columns.u16[i * U16 + 23];
}

const firstRecords = 16;
/** Entries from which a list grows in place. */
const largeList = 1 << 16;
/** Bytes of names from which on they do. */
const largeNames = 1 << 20;
/** One buffer holds at most 4 GiB. */
const maxRecords = Math.floor(0xffffffff / (U32 * 4));
const maxNameBytes = 0xffff0000;
const tooLarge = 'file list has grown too large to expand';
const firstNameBytes = 256;
const noNames = Buffer.alloc(0);
const noF64 = new Float64Array(0);
const noU32 = new Uint32Array(0);
const noU16 = new Uint16Array(0);

/**
 * One file list (or, with incremental recursion, one segment of it): packed columns, about 65 bytes an
 * entry. An entry is an index; on the wire it is `ndxStart + index`, once the list is sorted (`ndxOf`).
 */
export class FileList {
  /** Wire index (ndx) of the first entry. */
  ndxStart = 0;
  /** Index in `FileLists.dirs` of the directory that this segment is the content of; -1 has none. */
  parentDirNdx = -1;
  count = 0;
  /** First and last entry that is not cleared; `high < low` when there is none. */
  low = 0;
  high = -1;
  /** The directories among the entries, as a range of `FileLists.dirs`. */
  dirStart = 0;
  dirCount = 0;
  /** Generator and receiver: entries whose content is still on its way. */
  inProgress = 0;
  /** Generator and receiver: entries that will be asked for again. */
  toRedo = 0;
  /** Set once the generator is done with it. */
  ended = false;
  /** Receiving side: `IoError` bits that the sender told at the end of this list, if it is not the first. */
  ioError = 0;
  /** Generator: some entry was more than passed over, so that the directory may have changed. */
  worked = false;
  readonly dirs: Dir[] = [];
  /** What bounds the number of entries. */
  readonly limit: ListLimit;
  /** Set by `cleanList`: some entries have the same name. */
  hasDuplicates = false;

  /** Set while the list is just this directory: it is sorted, and no name occurs twice. */
  listing: Listing | undefined = undefined;
  /** Targets of links are where the listing has them: behind their names. */
  private targetsInPlace = false;

  private f64: Float64Array;
  private u32: Uint32Array;
  private u16: Uint16Array;
  /** The record that entry 0 has; not 0 where records are shared with other lists. */
  private base = 0;
  private ownsRecords = true;
  /** Hold the records, and the names, of a list that has grown large. */
  private large: LargeBuffer | undefined = undefined;
  private largeNames: LargeBuffer | undefined = undefined;
  private capacity: number;
  private pool: Buffer;
  private nameBytes = 0;
  private extras: Int32Array | undefined;
  private extraCount = 0;
  private targets: (ByteString | undefined)[] | undefined;
  private sums: Uint8Array | undefined;
  private sumLength = 0;
  /** Set once an entry has a value in one of them. */
  private side: SideColumns | undefined;
  private lastDir = -1;
  /** Where entries are by their place on the wire, once that is another. */
  private wireRows: Uint32Array | undefined;

  constructor(capacity = firstRecords, limit = unlimited) {
    this.capacity = capacity;
    this.limit = limit;
    if (capacity === 0) {
      this.f64 = noF64;
      this.u32 = noU32;
      this.ownsRecords = false;
      this.u16 = noU16;
      this.pool = noNames;
      return;
    }
    const buffer = new ArrayBuffer(capacity * U32 * 4);
    this.f64 = new Float64Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.pool = Buffer.allocUnsafeSlow(Math.max(firstNameBytes, capacity * 16));
  }

  /** The wire index (ndx) of entry `i`. */
  ndxOf(i: number): number {
    return this.ndxStart + (this.wireRows === undefined ? i : this.value('wirePlace', i));
  }
  /** The entry whose wire index is `ndxStart + place`; -1, the list's own directory, stays what it is. */
  rowOf(place: number): number {
    return this.wireRows === undefined || place < 0 ? place : this.wireRows[place];
  }
  /**
   * --iconv: an entry keeps the index that it came with, because names sort otherwise on the other side. `order`: which
   * place each entry had before the list was sorted; undefined when none moved.
   */
  keepWireOrder(order: Uint32Array | undefined): void {
    if (order === undefined) return;
    const rows = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      rows[order[i]] = i;
      this.setValue('wirePlace', i, order[i]);
    }
    this.wireRows = rows;
  }

  bytesOf(from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i++) if (this.isRegular(i) || this.isLink(i)) sum += this.size(i);
    return sum;
  }
  size(i: number): number {
    return this.f64[(this.base + i) * F64];
  }
  mtime(i: number): number {
    return this.f64[(this.base + i) * F64 + 1];
  }
  mtimeNsec(i: number): number {
    return this.u32[(this.base + i) * U32 + 4];
  }
  uid(i: number): number {
    return this.u32[(this.base + i) * U32 + 5];
  }
  gid(i: number): number {
    return this.u32[(this.base + i) * U32 + 6];
  }
  mode(i: number): number {
    return this.u16[(this.base + i) * U16 + 22];
  }
  /** `EntryFlag` bits. */
  flags(i: number): number {
    return this.u32[(this.base + i) * U32 + 9];
  }
  setFlags(i: number, flags: number): void {
    this.u32[(this.base + i) * U32 + 9] = flags;
  }
  setFlag(i: number, flag: number): void {
    this.u32[(this.base + i) * U32 + 9] |= flag;
  }
  clearFlag(i: number, flag: number): void {
    this.u32[(this.base + i) * U32 + 9] &= ~flag;
  }
  setMode(i: number, mode: number): void {
    this.u16[(this.base + i) * U16 + 22] = mode;
  }
  setSize(i: number, size: number): void {
    this.f64[(this.base + i) * F64] = size;
  }
  setUid(i: number, uid: number): void {
    this.u32[(this.base + i) * U32 + 5] = uid;
  }
  setGid(i: number, gid: number): void {
    this.u32[(this.base + i) * U32 + 6] = gid;
  }
  /** What a side column has of an entry. */
  value(kind: ColumnKind, i: number): number {
    return this.side === undefined ? columnKinds[kind].absent : this.side.get(kind, i);
  }
  setValue(kind: ColumnKind, i: number, value: number): void {
    this.side ??= new SideColumns();
    this.side.set(kind, i, value, this.capacity);
  }
  /** Seconds; 0 where access times are not preserved. */
  atime(i: number): number {
    return this.value('atime', i);
  }
  setAtime(i: number, atime: number): void {
    this.setValue('atime', i, atime);
  }

  basename(i: number): ByteString {
    const at = this.u32[(this.base + i) * U32 + 7];
    return this.pool.toString('latin1', at, at + this.u16[(this.base + i) * U16 + 23]);
  }
  /** Writes the basename to `into` from `at` on; its length. */
  copyName(i: number, into: Uint8Array, at: number): number {
    const names = this.pool;
    const from = this.u32[(this.base + i) * U32 + 7];
    const length = this.u16[(this.base + i) * U16 + 23];
    for (let k = 0; k < length; k++) into[at + k] = names[from + k];
    return length;
  }
  /** All names; where each lies, `nameOffsetOf` and `nameLengthOf` tell. Valid until the list changes. */
  get names(): Uint8Array {
    return this.pool;
  }
  nameOffsetOf(i: number): number {
    return this.u32[(this.base + i) * U32 + 7];
  }
  /** Bytes of the basename. */
  nameLengthOf(i: number): number {
    return this.u16[(this.base + i) * U16 + 23];
  }
  dir(i: number): Dir {
    return this.dirs[this.u32[(this.base + i) * U32 + 8]];
  }
  /** Path of the directory, `''` for the root of the transfer. */
  dirname(i: number): ByteString {
    return this.dir(i).path;
  }
  /** The name in the transfer (rsync's f_name). */
  path(i: number): ByteString {
    return this.dir(i).prefix + this.basename(i);
  }
  /** Number of path components; 0 for the transfer's own `.` (rsync's F_DEPTH). */
  depth(i: number): number {
    const dir = this.dir(i);
    return this.isDotDir(i) ? dir.depth : dir.depth + 1;
  }

  isActive(i: number): boolean {
    return (this.u32[(this.base + i) * U32 + 9] & EntryFlag.Cleared) === 0;
  }
  isDir(i: number): boolean {
    return (this.u16[(this.base + i) * U16 + 22] & S_IFMT) === S_IFDIR;
  }
  isRegular(i: number): boolean {
    return (this.u16[(this.base + i) * U16 + 22] & S_IFMT) === S_IFREG;
  }
  isLink(i: number): boolean {
    return (this.u16[(this.base + i) * U16 + 22] & S_IFMT) === S_IFLNK;
  }
  isDevice(i: number): boolean {
    return isDeviceMode(this.u16[(this.base + i) * U16 + 22]);
  }
  /** A fifo or a socket. */
  isSpecial(i: number): boolean {
    return isSpecialMode(this.u16[(this.base + i) * U16 + 22]);
  }
  /** True for a directory named `.`. */
  isDotDir(i: number): boolean {
    return (
      this.u16[(this.base + i) * U16 + 23] === 1 &&
      this.pool[this.u32[(this.base + i) * U32 + 7]] === 0x2e &&
      this.isDir(i)
    );
  }

  /** Target of a symbolic link, `''` where there is none. */
  linkTarget(i: number): ByteString {
    const extra = this.u32[(this.base + i) * U32 + 10];
    if (this.targetsInPlace) return this.targetBehind(i, extra);
    return extra === 0 ? '' : (this.targets?.[extra - 1] ?? '');
  }
  setLinkTarget(i: number, target: ByteString): void {
    const row = this.extraRow(i);
    this.targets ??= [];
    while (this.targets.length <= row) this.targets.push(undefined);
    this.targets[row] = target;
  }
  rdevMajor(i: number): number {
    return this.extra(i, 0) >>> 0;
  }
  rdevMinor(i: number): number {
    return this.extra(i, 1) >>> 0;
  }
  setRdev(i: number, major: number, minor: number): void {
    this.setExtra(i, 0, major);
    this.setExtra(i, 1, minor);
  }
  /** Number that all names of one inode share (rsync's F_HL_GNUM); -1 for none. */
  hardLinkGroupOf(i: number): number {
    return this.hasExtra(i) ? this.extra(i, 2) : -1;
  }
  setHardLinkGroup(i: number, group: number): void {
    this.setExtra(i, 2, group);
  }
  /** Wire index of the previous name of the same inode (rsync's F_HL_PREV); -1 for none. */
  hardLinkPrev(i: number): number {
    return this.hasExtra(i) ? this.extra(i, 3) : -1;
  }
  setHardLinkPrev(i: number, ndx: number): void {
    this.setExtra(i, 3, ndx);
  }

  /** The -c checksum, a view into the column; `undefined` where there is none. */
  checksum(i: number): Uint8Array | undefined {
    if (this.sums === undefined || !this.isRegular(i)) return undefined;
    return this.sums.subarray(i * this.sumLength, (i + 1) * this.sumLength);
  }
  setChecksum(i: number, sum: Uint8Array, at: number, length: number): void {
    this.sumLength = length;
    const need = this.capacity * length;
    if (this.sums === undefined || this.sums.length < need) {
      const sums = new Uint8Array(need);
      if (this.sums !== undefined) sums.set(this.sums);
      this.sums = sums;
    }
    for (let k = 0; k < length; k++) this.sums[i * length + k] = sum[at + k];
  }

  /** Makes room for that many entries, and bytes of names, in an empty list. */
  reserve(entries: number, nameBytes: number): void {
    if (this.count > 0) return;
    if (entries > this.capacity) this.growTo(entries);
    if (nameBytes > this.pool.length) this.growNames(nameBytes);
  }

  private makeRoom(entries: number, nameBytes: number): void {
    const need = this.count + entries;
    if (need > this.capacity) this.growTo(Math.max(need, this.grownCapacity()));
    if (this.nameBytes + nameBytes > this.pool.length) this.growNames(nameBytes);
  }

  /** The list's number of a directory; asking twice for the same one gives the same. */
  internDir(prefix: ByteString, root: number): number {
    const last = this.lastDir;
    if (last >= 0 && this.dirs[last].prefix === prefix && this.dirs[last].root === root) return last;
    return this.addDir(makeDir(prefix, root));
  }
  /** As `internDir`, for a `Dir` that is there already. */
  addDir(dir: Dir): number {
    const last = this.lastDir;
    if (last >= 0 && this.dirs[last] === dir) return last;
    this.lastDir = this.dirs.length;
    this.dirs.push(dir);
    return this.lastDir;
  }

  /** Adds an entry whose basename is `name[from .. to)`, and returns its index. */
  add(name: Uint8Array, from: number, to: number, dir: number, fields: EntryFields): number {
    const length = to - from;
    const at = this.nameBytes;
    if (at + length > this.pool.length) this.growNames(length);
    const names = this.pool;
    for (let k = 0; k < length; k++) names[at + k] = name[from + k];
    return this.put(length, dir, fields);
  }
  /** As `add`, with the basename as a byte string. */
  addName(name: ByteString, dir: number, fields: EntryFields): number {
    const { length } = name;
    const at = this.nameBytes;
    if (at + length > this.pool.length) this.growNames(length);
    const names = this.pool;
    for (let k = 0; k < length; k++) names[at + k] = name.charCodeAt(k);
    return this.put(length, dir, fields);
  }

  /**
   * Adds a copy of another list's entry with all that is known of it, and returns its index. Only indexes of other
   * entries (hard links) mean nothing in another list.
   */
  addCopy(from: FileList, i: number): number {
    const at = from.nameOffsetOf(i);
    const copy = this.add(from.pool, at, at + from.nameLengthOf(i), this.addDir(from.dir(i)), {
      mode: from.mode(i),
      size: from.size(i),
      mtime: from.mtime(i),
      mtimeNsec: from.mtimeNsec(i),
      uid: from.uid(i),
      gid: from.gid(i),
      flags: from.flags(i),
    });
    if (from.u32[(from.base + i) * U32 + 10] !== 0) {
      if (from.isLink(i)) this.setLinkTarget(copy, from.linkTarget(i));
      else if (from.isDevice(i)) this.setRdev(copy, from.rdevMajor(i), from.rdevMinor(i));
    }
    const sum = from.checksum(i);
    if (sum !== undefined) this.setChecksum(copy, sum, 0, sum.length);
    if (from.side !== undefined) {
      this.side ??= new SideColumns();
      from.side.copyEntry(i, this.side, copy, this.capacity);
    }
    return copy;
  }

  /** The same list for another owner. What never changes once a list is sorted is shared. */
  copy(): FileList {
    const copy = new FileList(0, this.limit);
    copy.ndxStart = this.ndxStart;
    copy.parentDirNdx = this.parentDirNdx;
    copy.count = this.count;
    copy.low = this.low;
    copy.high = this.high;
    copy.hasDuplicates = this.hasDuplicates;
    copy.dirs.push(...this.dirs);
    copy.listing = this.listing;
    copy.targetsInPlace = this.targetsInPlace;
    copy.capacity = this.count;
    const from = this.base * U32;
    const to = (this.base + this.count) * U32;
    const records = this.listing?.records;
    if (records !== undefined && records.u32.length >= 2 * records.count * U32) {
      copy.base = this.base + records.count;
      copy.ownsRecords = false;
      this.u32.copyWithin(copy.base * U32, from, to);
      copy.u32 = this.u32;
      copy.f64 = this.f64;
      copy.u16 = this.u16;
    } else {
      copy.ownsRecords = true;
      copy.u32 = this.u32.slice(from, to);
      copy.f64 = new Float64Array(copy.u32.buffer);
      copy.u16 = new Uint16Array(copy.u32.buffer);
    }
    copy.pool = this.pool;
    copy.nameBytes = this.nameBytes;
    copy.extras = this.extras?.slice();
    copy.extraCount = this.extraCount;
    copy.targets = this.targets;
    copy.sums = this.sums;
    copy.sumLength = this.sumLength;
    copy.side = this.side;
    return copy;
  }

  /**
   * Adds a directory's content; `dir` is the list's number of it. An empty list takes the records as they are
   * and stays the listing until something else is added.
   */
  addListing(listing: Listing, dir: number): void {
    const { records, first, count } = listing;
    if (this.count + count > this.limit.most) throw this.limit.exceeded();
    if (this.count === 0 && dir === 0) {
      this.f64 = records.f64;
      this.u32 = records.u32;
      this.u16 = records.u16;
      this.base = first;
      this.ownsRecords = false;
      this.capacity = count;
      this.pool = records.names;
      this.nameBytes = records.names.length;
      this.count = count;
      this.listing = listing;
      this.targetsInPlace = listing.links > 0;
      return;
    }
    this.endListing();
    const shift = this.takeNames(listing);
    this.makeRoom(count, 0);
    const from = this.count;
    const { u32 } = this;
    let row = (this.base + this.count) * U32;
    u32.set(records.u32.subarray(first * U32, (first + count) * U32), row);
    for (const end = row + count * U32; row < end; row += U32) {
      u32[row + 7] += shift;
      u32[row + 8] = dir;
    }
    this.count += count;
    this.targetsInPlace = listing.links > 0;
    this.settleTargets(from, this.count);
  }

  /**
   * Takes a listing's names, and gives by how much their offsets change. Where they are many for the few entries that are
   * there, the names of those few go behind them: a directory's names are not held twice.
   */
  private takeNames({ records, namesAt, nameBytes }: Listing): number {
    const { names, nameRoom } = records;
    const own = this.nameBytes;
    const isPart = nameBytes < names.length;
    if (isPart || own > nameRoom || this.largeNames !== undefined) {
      if (own + nameBytes > this.pool.length) this.growNames(nameBytes);
      names.copy(this.pool, own, namesAt, namesAt + nameBytes);
      this.nameBytes += nameBytes;
      return own - namesAt;
    }
    const pool = Buffer.from(names.buffer, names.byteOffset, names.length + nameRoom);
    this.pool.copy(pool, nameBytes, 0, own);
    this.pool = pool;
    this.nameBytes += nameBytes;
    for (let i = 0; i < this.count; i++) this.u32[(this.base + i) * U32 + 7] += nameBytes;
    return 0;
  }

  /** True where a kernel finds the targets of all links behind their names. */
  get hasTargetsInPlace(): boolean {
    return this.listing !== undefined && (this.targetsInPlace || this.listing.links === 0);
  }

  private targetBehind(i: number, length: number): ByteString {
    const at = this.nameOffsetOf(i) + this.nameLengthOf(i);
    return this.pool.toString('latin1', at, at + length);
  }

  private endListing(): void {
    this.settleTargets(0, this.count);
    this.listing = undefined;
  }

  /** Takes the targets of links among the entries `from .. to` to where those of other lists are. */
  private settleTargets(from: number, to: number): void {
    if (!this.targetsInPlace) return;
    this.targetsInPlace = false;
    for (let i = from; i < to; i++) {
      if (!this.isLink(i)) continue;
      const row = (this.base + i) * U32 + 10;
      const target = this.targetBehind(i, this.u32[row]);
      this.u32[row] = 0;
      if (target !== '') this.setLinkTarget(i, target);
    }
  }

  /** The records of entries `from .. to`, as they are held. */
  recordBytes(from: number, to: number): Uint8Array {
    const { buffer, byteOffset } = this.u32;
    return new Uint8Array(buffer, byteOffset + (this.base + from) * entryBytes, (to - from) * entryBytes);
  }
  /** True when entry `i` of `next` is in the record behind entry `last` of this list, with names in one place. */
  leadsTo(last: number, next: FileList, i: number): boolean {
    return this.u32 === next.u32 && this.pool === next.pool && this.base + last + 1 === next.base + i;
  }

  /** Drops an entry as a duplicate; its index stays taken. */
  clear(i: number): void {
    this.u32[(this.base + i) * U32 + 9] = EntryFlag.Cleared;
    this.u16[(this.base + i) * U16 + 22] = 0;
    this.f64[(this.base + i) * F64] = 0;
  }

  /** Takes off leading slashes of all directories (after sorting a --relative list). */
  stripRoot(): void {
    for (let d = 0; d < this.dirs.length; d++) {
      const dir = this.dirs[d];
      if (dir.prefix.charCodeAt(0) === 0x2f) this.dirs[d] = makeDir(dir.prefix.replace(/^\/+/, ''), dir.root);
    }
    this.lastDir = -1;
  }

  /**
   * Puts the records into `order` (`order[k]` is the index that becomes `k`; `undefined` keeps it) and
   * gives back memory that growing left over.
   */
  reorder(order: Uint32Array | undefined): void {
    const n = this.count;
    if (this.listing !== undefined) return;
    if (order !== undefined) {
      this.permute(order);
      this.permuteColumns(order);
    }
    if (this.large === undefined && this.capacity > n + (n >> 3) + 8) this.growTo(n);
    if (this.largeNames === undefined && this.pool.length > this.nameBytes + (this.nameBytes >> 3) + 64)
      this.pool = Buffer.from(Uint8Array.prototype.slice.call(this.pool, 0, this.nameBytes).buffer);
  }

  /** Sorts the records with a kernel's call; which index each entry had before, `undefined` when none moved. */
  sortWith(sort: NonNullable<Kernel['sortEntries']>): Uint32Array | undefined {
    const order = sort(this.recordBytes(0, this.count), this.pool) ?? undefined;
    if (order !== undefined) this.permuteColumns(order);
    this.reorder(undefined);
    return order;
  }

  private permuteColumns(order: Uint32Array): void {
    const n = this.count;
    if (this.sums !== undefined) this.sums = permuted(this.sums, order, n, this.sumLength);
    this.side?.reorder(order, n);
  }

  /** Records that are free, at least `entries`, and with names room for `nameBytes` more. */
  freeRecords(entries: number, nameBytes: number): Uint8Array {
    this.endListing();
    this.makeRoom(entries, nameBytes);
    return this.recordBytes(this.count, this.capacity);
  }
  /** Bytes of names in use. */
  get namesUsed(): number {
    return this.nameBytes;
  }
  /** Takes over records and names that were put behind the others. */
  addRecords(count: number, nameBytes: number): void {
    this.count += count;
    this.nameBytes += nameBytes;
  }

  /** Moves records along the cycles of `order`, in place: a second buffer of a large list would be large. */
  private permute(order: Uint32Array): void {
    const { u32 } = this;
    const placed = new Uint8Array(this.count);
    const first = new Uint32Array(U32);
    for (let start = 0; start < this.count; start++) {
      if (placed[start] !== 0) continue;
      for (let w = 0; w < U32; w++) first[w] = u32[start * U32 + w];
      let to = start;
      for (let from = order[to]; from !== start; from = order[to]) {
        for (let w = 0, f = from * U32, t = to * U32; w < U32; w++) u32[t++] = u32[f++];
        placed[to] = 1;
        to = from;
      }
      for (let w = 0; w < U32; w++) u32[to * U32 + w] = first[w];
      placed[to] = 1;
    }
  }

  /** For sorting: the names, and the records that say where each one lies. Valid until the list changes. */
  nameColumns(): NameColumns {
    const { base } = this;
    if (base === 0) return { names: this.pool, u32: this.u32, u16: this.u16 };
    return { names: this.pool, u32: this.u32.subarray(base * U32), u16: this.u16.subarray(base * U16) };
  }
  /** For sorting: the list's number of the entry's directory. */
  dirNumber(i: number): number {
    return this.u32[(this.base + i) * U32 + 8];
  }

  setDirNumber(i: number, dir: number): void {
    this.u32[(this.base + i) * U32 + 8] = dir;
  }

  /** Bytes of memory the list holds, names included. */
  get memory(): number {
    return (
      this.capacity * entryBytes +
      this.pool.length +
      (this.extras?.byteLength ?? 0) +
      (this.sums?.byteLength ?? 0) +
      (this.side?.memory ?? 0) +
      (this.targets?.reduce((sum, target) => sum + 16 + (target?.length ?? 0), 0) ?? 0)
    );
  }

  private put(length: number, dir: number, fields: EntryFields): number {
    const i = this.count;
    if (i === this.capacity) this.grow();
    this.f64[(this.base + i) * F64] = fields.size;
    this.f64[(this.base + i) * F64 + 1] = fields.mtime;
    const { u32 } = this;
    const row = (this.base + i) * U32;
    u32[row + 4] = fields.mtimeNsec;
    u32[row + 5] = fields.uid;
    u32[row + 6] = fields.gid;
    u32[row + 7] = this.nameBytes;
    u32[row + 8] = dir;
    u32[row + 9] = fields.flags;
    u32[row + 10] = 0;
    this.u16[(this.base + i) * U16 + 22] = fields.mode;
    this.u16[(this.base + i) * U16 + 23] = length;
    this.nameBytes += length;
    this.count = i + 1;
    return i;
  }

  private hasExtra(i: number): boolean {
    return !this.targetsInPlace && this.u32[(this.base + i) * U32 + 10] !== 0;
  }

  private extra(i: number, word: number): number {
    if (!this.hasExtra(i)) return 0;
    return this.extras![(this.u32[(this.base + i) * U32 + 10] - 1) * extraWords + word];
  }

  private setExtra(i: number, word: number, value: number): void {
    const row = this.extraRow(i);
    this.extras![row * extraWords + word] = value;
  }

  private extraRow(i: number): number {
    this.settleTargets(0, this.count);
    const extra = this.u32[(this.base + i) * U32 + 10];
    if (extra !== 0) return extra - 1;
    const row = this.extraCount++;
    const need = (row + 1) * extraWords;
    if (this.extras === undefined || this.extras.length < need) {
      const extras = new Int32Array(Math.max(need, (this.extras?.length ?? 8) * 2));
      if (this.extras !== undefined) extras.set(this.extras);
      this.extras = extras;
    }
    this.extras[row * extraWords + 2] = -1;
    this.extras[row * extraWords + 3] = -1;
    this.u32[(this.base + i) * U32 + 10] = row + 1;
    return row;
  }

  private grow(): void {
    this.endListing();
    this.growTo(this.grownCapacity());
  }

  private grownCapacity(): number {
    return Math.max(firstRecords, Math.floor(this.capacity * (this.capacity < largeList ? 2 : 1.1)));
  }

  private growTo(wanted: number): void {
    if (wanted > this.capacity && this.count >= this.limit.most) throw this.limit.exceeded();
    const capacity = Math.min(wanted, this.limit.most);
    if (capacity > maxRecords) throw new RsyncError(ExitCode.Malloc, tooLarge);
    const bytes = capacity * entryBytes;
    let buffer: ArrayBuffer;
    if (this.large !== undefined || (capacity >= largeList && this.ownsRecords)) {
      this.large ??= new LargeBuffer(this.recordBytes(0, this.count));
      buffer = this.large.grow(bytes);
    } else {
      buffer = new ArrayBuffer(bytes);
      new Uint8Array(buffer).set(this.recordBytes(0, Math.min(this.count, capacity)));
    }
    this.ownsRecords = true;
    this.base = 0;
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.capacity = capacity;
  }

  private growNames(need: number): void {
    const used = this.nameBytes + need;
    const size = this.pool.length;
    if (used > maxNameBytes) throw new RsyncError(ExitCode.Malloc, tooLarge);
    if (this.largeNames !== undefined || used >= largeNames) {
      this.largeNames ??= new LargeBuffer(this.pool.subarray(0, this.nameBytes));
      const bytes = Math.min(Math.max(used, Math.floor(size * 1.1)), maxNameBytes);
      this.pool = Buffer.from(this.largeNames.grow(bytes));
      return;
    }
    const grownNames = Buffer.allocUnsafeSlow(Math.max(used, firstNameBytes, size * 2));
    this.pool.copy(grownNames, 0, 0, this.nameBytes);
    this.pool = grownNames;
  }
}

/** True for block and character devices. */
export function isDeviceMode(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFCHR || type === S_IFBLK;
}

/** True for fifos and sockets. */
export function isSpecialMode(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFIFO || type === S_IFSOCK;
}

function makeDir(prefix: ByteString, root: number): Dir {
  let depth = 0;
  for (let k = 0; k < prefix.length; k++)
    if (prefix.charCodeAt(k) === 0x2f && k > 0 && prefix.charCodeAt(k - 1) !== 0x2f) depth++;
  return { prefix, path: prefix === '/' ? '' : prefix.slice(0, -1), depth, root };
}

function permuted(column: Uint8Array, order: Uint32Array, n: number, width: number): Uint8Array {
  const to = new Uint8Array(n * width);
  for (let k = 0; k < n; k++) {
    const f = order[k];
    for (let w = 0; w < width; w++) to[k * width + w] = column[f * width + w];
  }
  return to;
}
