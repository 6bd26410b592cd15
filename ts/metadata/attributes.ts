import type { Meta } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, type StatTable } from '../kernel/stat-table.ts';
import { type ChmodStep, tweakMode } from './chmod.ts';
import { chmodBits } from './modes.ts';
import { sameTime } from './quick-check.ts';

/** The attributes an entry shall have, from the file list. Ids are local ones. */
export interface WantedAttributes {
  /** With file type; already passed through `destMode` and --chmod. */
  mode: number;
  mtime: number;
  mtimeNsec: number;
  /** Whole seconds; the wire carries no more. */
  atime: number;
  uid: number;
  gid: number;
  /** The group cannot be set (FLAG_SKIP_GROUP: not root and not a member). */
  skipGroup: boolean;
}

export interface AttributeOptions {
  readonly perms: boolean;
  readonly times: boolean;
  /** -U; directories have none. */
  readonly atimes: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  /** Effective uid is 0. */
  readonly amRoot: boolean;
  readonly omitDirTimes: boolean;
  readonly omitLinkTimes: boolean;
  /** Seconds; -1 compares nanoseconds. */
  readonly modifyWindow: number;
  /** The kernel can set nanoseconds, and times of symbolic links. */
  readonly canNanoseconds: boolean;
  readonly canLinkTimes: boolean;
  /** A daemon module's `incoming chmod`. */
  readonly chmod?: readonly ChmodStep[];
}

/** Flags of one `attrsFor` call (rsync's ATTRS_*). */
export const AttrFlag = {
  /** Leave the times alone (a partial file kept after an interruption). */
  SkipTimes: 1,
  /** Compare times exactly, whatever --modify-window says: data was just written. */
  AccurateTime: 2,
  /** The entry is a directory made in this run: its own setgid bit stays. */
  DirCreated: 4,
} as const;

/** What to hand to `Tree.setMeta`, and which `Item.Report*` bits of the wire it stands for. */
export interface AttributeChange {
  readonly meta: Meta;
  /** 0: nothing to do. */
  readonly changed: number;
  /** The times of a symbolic link differ and cannot be set here (FLAG_TIME_FAILED). */
  readonly timeFailed: boolean;
}

/** The answer when nothing has to be changed; shared. */
export const nothingToChange: AttributeChange = { meta: {}, changed: 0, timeFailed: false };

/**
 * Bits of `AttributeChange.changed`: those of the wire's item flags (ReportAtime, ReportTime, ReportPerms, ReportOwner,
 * ReportGroup), so that a caller can combine them.
 */
export const Changed = { Atime: 1 << 0, Time: 1 << 3, Perms: 1 << 4, Owner: 1 << 5, Group: 1 << 6 } as const;

/**
 * What set_file_attrs would change on an entry whose present state is row `row` of `stat`; without `stat`
 * the entry is a file just made by us with unknown attributes, and all that is preserved is set.
 *
 * Only root gives files away. A change of owner or group takes setuid and setgid from a file, so its mode
 * is set again afterwards. Symbolic links have no mode of their own.
 */
export function attrsFor(
  wanted: WantedAttributes,
  stat: StatTable | undefined,
  row: number,
  options: AttributeOptions,
  flags = 0,
): AttributeChange {
  const type = wanted.mode & S_IFMT;
  const isLink = type === S_IFLNK;
  const present = stat === undefined ? -1 : stat.mode(row);
  const mode = isLink ? present : wantedMode(wanted.mode, present, options, flags);

  const setsUid =
    stat === undefined ? options.owner && options.amRoot : ownerDiffers(wanted, stat, row, options);
  const setsGid =
    stat === undefined ? options.group && !wanted.skipGroup : groupDiffers(wanted, stat, row, options);
  const chowns = setsUid || setsGid;
  const losesBits = chowns && present >= 0 && (present & 0o6000) !== 0;
  const setsMode = !isLink && (present < 0 || ((present ^ mode) & chmodBits) !== 0);
  const timeDiffers = keepsTime(type, options, flags) && !hasTime(wanted, stat, row, options, flags);
  const setsAtime = keepsAtime(type, options, flags) && !hasAtime(wanted, stat, row, options, flags);
  const timeFailed = timeDiffers && isLink && !options.canLinkTimes;
  const setsTime = timeDiffers && !timeFailed;

  const changed =
    (setsTime ? Changed.Time : 0) |
    (setsAtime ? Changed.Atime : 0) |
    (setsMode ? Changed.Perms : 0) |
    (setsUid ? Changed.Owner : 0) |
    (setsGid ? Changed.Group : 0);
  if (changed === 0) return timeFailed ? onlyTimeFailed : nothingToChange;
  return {
    meta: {
      mode: setsMode || (losesBits && !isLink) ? mode & chmodBits : undefined,
      uid: setsUid ? wanted.uid : undefined,
      gid: setsGid ? wanted.gid : undefined,
      mtime: setsTime ? wanted.mtime : undefined,
      mtimeNsec: setsTime ? wanted.mtimeNsec : undefined,
      atime: setsAtime ? wanted.atime : undefined,
    },
    changed,
    timeFailed,
  };
}

/** True when nothing that is preserved differs (unchanged_attrs); for alternate destinations and -i. */
export function unchangedAttrs(
  wanted: WantedAttributes,
  stat: StatTable,
  row: number,
  options: AttributeOptions & { readonly executability: boolean },
): boolean {
  const isLink = (wanted.mode & S_IFMT) === S_IFLNK;
  if (options.times && !(isLink && options.omitLinkTimes) && !hasTime(wanted, stat, row, options, 0))
    return false;
  if (!isLink && permsDiffer(wanted.mode, stat.mode(row), options)) return false;
  return !ownerDiffers(wanted, stat, row, options) && !groupDiffers(wanted, stat, row, options);
}

/** Do permissions differ in what is preserved (perms_differ)? Symbolic links have none. */
export function permsDiffer(
  wantedMode: number,
  presentMode: number,
  options: { readonly perms: boolean; readonly executability: boolean },
): boolean {
  if (options.perms) return ((wantedMode ^ presentMode) & chmodBits) !== 0;
  return options.executability && ((wantedMode & 0o111) !== 0) !== ((presentMode & 0o111) !== 0);
}

/** Only root can give a file to its owner, so for all others no owner differs. */
export function ownerDiffers(
  wanted: WantedAttributes,
  stat: StatTable,
  row: number,
  options: AttributeOptions,
): boolean {
  return options.owner && options.amRoot && stat.uid(row) !== wanted.uid;
}

/** Does a group differ that we may set? */
export function groupDiffers(
  wanted: WantedAttributes,
  stat: StatTable,
  row: number,
  options: AttributeOptions,
): boolean {
  return options.group && !wanted.skipGroup && stat.gid(row) !== wanted.gid;
}

const onlyTimeFailed: AttributeChange = { meta: {}, changed: 0, timeFailed: true };

function wantedMode(mode: number, present: number, options: AttributeOptions, flags: number): number {
  if (
    !options.perms &&
    (flags & AttrFlag.DirCreated) !== 0 &&
    (mode & S_IFMT) === S_IFDIR &&
    present >= 0 &&
    (present & 0o2000) !== 0
  )
    mode |= 0o2000;
  return options.chmod === undefined ? mode : tweakMode(mode, options.chmod);
}

function keepsTime(type: number, options: AttributeOptions, flags: number): boolean {
  if (!options.times || (flags & AttrFlag.SkipTimes) !== 0) return false;
  if (type === S_IFDIR) return !options.omitDirTimes;
  return type !== S_IFLNK || !options.omitLinkTimes;
}

function keepsAtime(type: number, options: AttributeOptions, flags: number): boolean {
  if (!options.atimes || type === S_IFDIR || (flags & AttrFlag.SkipTimes) !== 0) return false;
  return type !== S_IFLNK || !options.omitLinkTimes;
}

/** Is the access time as it should be? After a transfer or a checksum it is always set, as by rsync. */
function hasAtime(
  wanted: WantedAttributes,
  stat: StatTable | undefined,
  row: number,
  options: AttributeOptions,
  flags: number,
): boolean {
  if (stat === undefined || (flags & AttrFlag.AccurateTime) !== 0) return false;
  return sameTime(stat.atime(row), 0, wanted.atime, 0, options.modifyWindow);
}

function hasTime(
  wanted: WantedAttributes,
  stat: StatTable | undefined,
  row: number,
  options: AttributeOptions,
  flags: number,
): boolean {
  if (stat === undefined) return false;
  const exact = (flags & AttrFlag.AccurateTime) !== 0;
  if (exact && !options.canNanoseconds) return withinMicroseconds(wanted, stat, row);
  const window = exact ? -1 : options.modifyWindow;
  return sameTime(stat.mtime(row), stat.mtimeNsec(row), wanted.mtime, wanted.mtimeNsec, window);
}

/** As close as a system call in microseconds gets; more cannot be asked for where there is no better one. */
function withinMicroseconds(wanted: WantedAttributes, stat: StatTable, row: number): boolean {
  const nanoseconds = (stat.mtime(row) - wanted.mtime) * 1e9 + stat.mtimeNsec(row) - wanted.mtimeNsec;
  return Math.abs(nanoseconds) < 2000;
}
