import type { Meta } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import type { ChmodStep } from './chmod.ts';

/** The attributes an entry shall have, from the file list. Ids are local ones. */
export interface WantedAttributes {
  /** With file type; already passed through `destMode` and --chmod. */
  mode: number;
  mtime: number;
  mtimeNsec: number;
  uid: number;
  gid: number;
  /** The group cannot be set (FLAG_SKIP_GROUP: not root and not a member). */
  skipGroup: boolean;
}

export interface AttributeOptions {
  readonly perms: boolean;
  readonly times: boolean;
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
 * What set_file_attrs would change on an entry whose present state is row `row` of `stat`; without `stat`
 * the entry is a file just made by us with unknown attributes, and all that is preserved is set.
 */
export function attrsFor(
  _wanted: WantedAttributes,
  _stat: StatTable | undefined,
  _row: number,
  _options: AttributeOptions,
  _flags = 0,
): AttributeChange {
  throw new Error('not yet');
}

/** True when nothing that is preserved differs (unchanged_attrs); for alternate destinations and -i. */
export function unchangedAttrs(
  _wanted: WantedAttributes,
  _stat: StatTable,
  _row: number,
  _options: AttributeOptions & { readonly executability: boolean },
): boolean {
  throw new Error('not yet');
}
