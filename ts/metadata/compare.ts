/**
 * What differs between an entry of a file list and what is on the disk. This is the one place that knows; item flags,
 * what is set, what is passed over and whether an alternate will do all follow from it (docs/decisions/0039).
 */
import type { ByteString, Tree } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type StatTable } from '../kernel/stat-table.ts';
import { Item } from '../wire/constants.ts';
import { type ChmodStep, tweakMode } from './chmod.ts';
import { chmodBits } from './modes.ts';

/** What an entry shall be, from the file list. Ids are local ones. */
export interface Wanted {
  /** With file type; already passed through `destMode` and --chmod. */
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly mtimeNsec: number;
  /** Whole seconds; the wire carries no more. */
  readonly atime: number;
  readonly uid: number;
  readonly gid: number;
  /** The group cannot be set (FLAG_SKIP_GROUP: not root and not a member). */
  readonly skipGroup: boolean;
  /** Where the run's tables have its ACLs and extended attributes; -1 for none. */
  readonly accessAcl: number;
  readonly defaultAcl: number;
  readonly xattrs: number;
}

/** Where something lies. */
export interface At {
  readonly tree: Tree;
  readonly path: ByteString;
}

/** What is there: a row of a status table, and where that is. */
export interface Present extends At {
  readonly stats: StatTable;
  readonly row: number;
}

/** Which attributes are preserved, and which can be. */
export interface AttributeOptions {
  readonly perms: boolean;
  /** -E: without `perms`, whether anybody may execute a file. */
  readonly executability: boolean;
  readonly times: boolean;
  /** -U; directories have none. */
  readonly atimes: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  /** Effective uid is 0. */
  readonly amRoot: boolean;
  readonly omitDirTimes: boolean;
  readonly omitLinkTimes: boolean;
  /** Seconds; -1 compares nanoseconds, less than one second as close as a kernel gets (`closestWindow`). */
  readonly modifyWindow: number;
  /** The kernel can set nanoseconds, and times of symbolic links. */
  readonly canNanoseconds: boolean;
  readonly canLinkTimes: boolean;
  /** A daemon module's `incoming chmod`. */
  readonly chmod?: readonly ChmodStep[];
  /** --acls, --xattrs; undefined where they are not preserved. */
  readonly acls: BeyondStatus | undefined;
  readonly xattrs: BeyondStatus | undefined;
}

/** Something that a status does not tell, so that it is read where it is compared. */
export interface BeyondStatus {
  differs(wanted: Wanted, present: Present): boolean;
}

/** Flags of one comparison (rsync's ATTRS_*). */
export const AttrFlag = {
  /** Leave the times alone (a partial file kept after an interruption). */
  SkipTimes: 1,
  /** Compare times exactly, whatever --modify-window says: data was just written. */
  AccurateTime: 2,
  /** The entry is a directory made in this run: its own setgid bit stays. */
  DirCreated: 4,
  /** Times of directories count, though -O leaves them alone. */
  DirTimes: 8,
  /** Times of symbolic links count, though -J leaves them alone: it is a file, which is noted as a link later. */
  LinkTimes: 16,
} as const;

/** Bits of `differences` beside those of the wire's item flags. */
export const Differs = {
  /** The mode that would be set is another one; `Item.ReportPerms` tells of what is preserved alone. */
  Mode: 1 << 19,
} as const;

/** What is told of a present file and can be set: the bits of `differences` that an item has. */
const attributeBits =
  Item.ReportTime |
  Item.ReportAtime |
  Item.ReportPerms |
  Item.ReportOwner |
  Item.ReportGroup |
  Item.ReportAcl |
  Item.ReportXattr;
export const reportedBits = attributeBits | Item.ReportSize;

/** What is different about what is there: `Item.Report*` bits and `Differs`. */
export function differences(wanted: Wanted, present: Present, keep: AttributeOptions, flags = 0): number {
  const { stats, row } = present;
  const { mode } = wanted;
  const type = mode & S_IFMT;
  let bits = 0;
  if (type === S_IFREG && stats.size(row) !== wanted.size) bits |= Item.ReportSize;
  if (keepsTime(type, keep, flags) && !hasTime(wanted, present, keep, flags)) bits |= Item.ReportTime;
  if (keepsAtime(type, keep, flags) && !hasAtime(wanted, present, keep, flags)) bits |= Item.ReportAtime;
  // Symbolic links have no mode of their own.
  if (type !== S_IFLNK) {
    const now = stats.mode(row);
    if (permsDiffer(mode, now, keep)) bits |= Item.ReportPerms;
    if (((now ^ modeToSet(mode, now, keep, flags)) & chmodBits) !== 0) bits |= Differs.Mode;
  }
  // Only root can give a file to its owner, so for all others no owner differs.
  if (keep.owner && keep.amRoot && stats.uid(row) !== wanted.uid) bits |= Item.ReportOwner;
  if (keep.group && !wanted.skipGroup && stats.gid(row) !== wanted.gid) bits |= Item.ReportGroup;
  return bits | beyondStatus(wanted, present, keep);
}

/** What is different beyond the status; symbolic links have no ACLs. */
export function beyondStatus(wanted: Wanted, present: Present, keep: AttributeOptions): number {
  let bits = 0;
  if (keep.acls !== undefined && (wanted.mode & S_IFMT) !== S_IFLNK && keep.acls.differs(wanted, present))
    bits |= Item.ReportAcl;
  if (keep.xattrs?.differs(wanted, present)) bits |= Item.ReportXattr;
  return bits;
}

/** Is the modification time another one, where it is preserved? */
export function timeDiffers(wanted: Wanted, present: Present, keep: AttributeOptions): boolean {
  return keepsTime(wanted.mode & S_IFMT, keep) && !hasTime(wanted, present, keep, 0);
}

/** As `differences` of a file that was just made: all of its status that is preserved has to be set. */
export function everything(wanted: Wanted, keep: AttributeOptions, flags = 0): number {
  const type = wanted.mode & S_IFMT;
  return (
    (keepsTime(type, keep, flags) ? Item.ReportTime : 0) |
    (keepsAtime(type, keep, flags) ? Item.ReportAtime : 0) |
    (type === S_IFLNK ? 0 : Differs.Mode) |
    (keep.owner && keep.amRoot ? Item.ReportOwner : 0) |
    (keep.group && !wanted.skipGroup ? Item.ReportGroup : 0)
  );
}

/** True when nothing that is preserved differs (unchanged_attrs); the access time is no reason not to use an alternate. */
export function unchangedAttrs(wanted: Wanted, present: Present, keep: AttributeOptions): boolean {
  return (differences(wanted, present, keep, AttrFlag.DirTimes) & attributeBits & ~Item.ReportAtime) === 0;
}

/** Is the modification time of such an entry preserved? */
export function keepsTime(type: number, keep: AttributeOptions, flags = 0): boolean {
  if (!keep.times || (flags & AttrFlag.SkipTimes) !== 0) return false;
  if (type === S_IFDIR) return !keep.omitDirTimes || (flags & AttrFlag.DirTimes) !== 0;
  return type !== S_IFLNK || !keep.omitLinkTimes || (flags & AttrFlag.LinkTimes) !== 0;
}

/** The mode that a present entry with the mode `now` gets. */
export function modeToSet(mode: number, now: number, keep: AttributeOptions, flags: number): number {
  const inherits =
    !keep.perms && (flags & AttrFlag.DirCreated) !== 0 && (mode & S_IFMT) === S_IFDIR && (now & 0o2000) !== 0;
  const wanted = inherits ? mode | 0o2000 : mode;
  return keep.chmod === undefined ? wanted : tweakMode(wanted, keep.chmod);
}

/**
 * As a window, how close a kernel that cannot set nanoseconds gets with two system calls in microseconds; more cannot
 * be asked for.
 */
const closest = 2e-6;

/** The window that compares as exactly as times can be set. */
export function closestWindow(canNanoseconds: boolean): number {
  return canNanoseconds ? -1 : closest;
}

/** Are two times the same, seen through --modify-window (same_time)? A window of -1 compares nanoseconds. */
export function sameTime(
  seconds1: number,
  nsec1: number,
  seconds2: number,
  nsec2: number,
  modifyWindow: number,
): boolean {
  if (modifyWindow === 0) return seconds1 === seconds2;
  if (modifyWindow < 0) return seconds1 === seconds2 && nsec1 === nsec2;
  if (modifyWindow < 1) return Math.abs((seconds1 - seconds2) * 1e9 + nsec1 - nsec2) < modifyWindow * 1e9;
  return Math.abs(seconds1 - seconds2) <= modifyWindow;
}

export interface QuickCheckOptions {
  readonly sizeOnly: boolean;
  readonly ignoreTimes: boolean;
}

/**
 * Does a regular file look unchanged (quick_check_ok without -c)? With --checksum the caller compares
 * sizes here through `sizeOnly` and then digests.
 */
export function fileLooksUnchanged(
  wanted: Wanted,
  { stats, row }: Present,
  options: QuickCheckOptions,
  modifyWindow: number,
): boolean {
  if (stats.size(row) !== wanted.size) return false;
  if (options.sizeOnly) return true;
  if (options.ignoreTimes) return false;
  return sameTime(stats.mtime(row), stats.mtimeNsec(row), wanted.mtime, wanted.mtimeNsec, modifyWindow);
}

/** Does a symbolic link point where it should? An unreadable one (`undefined`, empty) does not. */
export function linkLooksUnchanged(wanted: ByteString, existing: ByteString | undefined): boolean {
  return existing !== undefined && existing !== '' && existing === wanted;
}

/** Is it the same file under two names? */
export function sameInode(a: Present, b: Present): boolean {
  return (
    a.stats.dev(a.row) === b.stats.dev(b.row) &&
    a.stats.inoLow(a.row) === b.stats.inoLow(b.row) &&
    a.stats.inoHigh(a.row) === b.stats.inoHigh(b.row)
  );
}

/** Do permissions differ in what is preserved (perms_differ)? */
function permsDiffer(mode: number, now: number, keep: AttributeOptions): boolean {
  if (keep.perms) return ((mode ^ now) & chmodBits) !== 0;
  return keep.executability && ((mode & 0o111) !== 0) !== ((now & 0o111) !== 0);
}

function keepsAtime(type: number, keep: AttributeOptions, flags: number): boolean {
  if (!keep.atimes || type === S_IFDIR || (flags & AttrFlag.SkipTimes) !== 0) return false;
  return type !== S_IFLNK || !keep.omitLinkTimes;
}

/** Is the access time as it should be? After a transfer or a checksum it is always set, as by rsync. */
function hasAtime(wanted: Wanted, { stats, row }: Present, keep: AttributeOptions, flags: number): boolean {
  if ((flags & AttrFlag.AccurateTime) !== 0) return false;
  return sameTime(stats.atime(row), 0, wanted.atime, 0, keep.modifyWindow);
}

function hasTime(wanted: Wanted, present: Present, keep: AttributeOptions, flags: number): boolean {
  const { stats, row } = present;
  const exact = (flags & AttrFlag.AccurateTime) !== 0;
  const window = exact ? closestWindow(keep.canNanoseconds) : keep.modifyWindow;
  return sameTime(stats.mtime(row), stats.mtimeNsec(row), wanted.mtime, wanted.mtimeNsec, window);
}
