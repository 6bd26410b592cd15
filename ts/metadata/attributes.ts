import type { Meta } from '../kernel/kernel.ts';
import { S_IFLNK, S_IFMT } from '../kernel/stat-table.ts';
import { Item } from '../wire/constants.ts';
import {
  type AttributeOptions,
  Differs,
  differences,
  everything,
  modeToSet,
  type Present,
  type Wanted,
} from './compare.ts';
import { chmodBits } from './modes.ts';

/** What to hand to `Tree.setMeta`, and which `Item.Report*` bits of the wire it stands for. */
export interface AttributeChange {
  readonly meta: Meta;
  /** 0: nothing to do. An ACL (`Item.ReportAcl`) is set by who can read them. */
  readonly changed: number;
  /** The times of a symbolic link differ and cannot be set here (FLAG_TIME_FAILED). */
  readonly timeFailed: boolean;
}

/** The answer when nothing has to be changed; shared. */
export const nothingToChange: AttributeChange = { meta: {}, changed: 0, timeFailed: false };

const onlyTimeFailed: AttributeChange = { meta: {}, changed: 0, timeFailed: true };
const setAsTold = Item.ReportTime | Item.ReportAtime | Item.ReportOwner | Item.ReportGroup | Item.ReportAcl;
const specialBits = 0o6000;

/**
 * What set_file_attrs would change on a present entry; without one it is a file just made by us with unknown
 * attributes, and all that is preserved is set.
 *
 * A change of owner or group takes setuid and setgid from a file, so its mode is set again afterwards.
 */
export function attrsFor(
  wanted: Wanted,
  present: Present | undefined,
  keep: AttributeOptions,
  flags = 0,
): AttributeChange {
  const bits =
    present === undefined ? everything(wanted, keep, flags) : differences(wanted, present, keep, flags);
  const isLink = (wanted.mode & S_IFMT) === S_IFLNK;
  const timeFailed = isLink && !keep.canLinkTimes && (bits & Item.ReportTime) !== 0;
  const setsMode = (bits & Differs.Mode) !== 0;
  let changed = bits & setAsTold;
  if (timeFailed) changed &= ~Item.ReportTime;
  if (setsMode) changed |= Item.ReportPerms;
  if (changed === 0) return timeFailed ? onlyTimeFailed : nothingToChange;
  const now = present === undefined ? 0 : present.stats.mode(present.row);
  const chowns = (changed & (Item.ReportOwner | Item.ReportGroup)) !== 0;
  const setsTime = (changed & Item.ReportTime) !== 0;
  const again = chowns && !isLink && (now & specialBits) !== 0;
  return {
    meta: {
      mode: setsMode || again ? modeToSet(wanted.mode, now, keep, flags) & chmodBits : undefined,
      uid: changed & Item.ReportOwner ? wanted.uid : undefined,
      gid: changed & Item.ReportGroup ? wanted.gid : undefined,
      mtime: setsTime ? wanted.mtime : undefined,
      mtimeNsec: setsTime ? wanted.mtimeNsec : undefined,
      atime: changed & Item.ReportAtime ? wanted.atime : undefined,
    },
    changed,
    timeFailed,
  };
}
