/**
 * Directories as records of a file list. A record has 48 bytes, host byte order:
 *   f64 0 size | 1 mtime
 *   u32 4 mtime ns | 5 uid | 6 gid | 7 name offset | 8 directory | 9 flags | 10 extra row + 1 (0: none)
 *   u16 22 mode | 23 name length
 * Names lie elsewhere, as bytes.
 */
import type { SysError } from '../errors.ts';
import type { NameRules } from './name-rules.ts';
import type { DigestSpec, HeldTree } from './types.ts';

export const entryBytes = 48;
/** Views of a record's fields: their number in a record. */
export const entryF64 = entryBytes / 8;
export const entryU32 = entryBytes / 4;
export const entryU16 = entryBytes / 2;

/** Records that several lists may share, each with a part of its own. */
export interface EntryRecords {
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly names: Buffer;
  /** Bytes behind `names` that the list that has all of them may write to. */
  readonly nameRoom: number;
  /** Records in use; with `ListingOptions.twice` there is room for as many behind them. */
  readonly count: number;
  /** Users and groups that occur, in pairs. */
  readonly owners: Uint32Array;
}

/**
 * One directory as a part of a file list, in the order of protocol 29 and up: the last `dirs` entries are
 * directories. The target of a link follows its name in `names`, and its length is in the place of the extra
 * row.
 */
export interface Listing {
  readonly records: EntryRecords;
  readonly first: number;
  readonly count: number;
  readonly dirs: number;
  readonly links: number;
  /** Bytes of all regular files and symbolic links. */
  readonly size: number;
  readonly namesAt: number;
  readonly nameBytes: number;
}

/** What goes into records; fields that are left out are 0. */
export interface ListingOptions {
  /** Read the targets of symbolic links. */
  readonly links: boolean;
  /** A directory that holds a name of several of one file is `unlistable`. */
  readonly singleNames: boolean;
  /** One that holds a directory of another file system is. */
  readonly oneDevice: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly nanoseconds: boolean;
  /** Flags of directories. */
  readonly dirFlags: number;
  /** Leave room for a second list of the same entries. */
  readonly twice: boolean;
  /** What is left out, and what is below that. */
  readonly rules?: NameRules | undefined;
}

/**
 * Stands for a directory that holds more than records can tell: devices, names that cannot be looked at, and what
 * `ListingOptions` say.
 */
export const unlistable = 'unlistable';

/** Directories in the order in which their content is sent: each is followed by those in it. */
export interface ListedTree {
  readonly paths: readonly string[];
  /** One for each path; reading ends with `enough` entries and directories. */
  readonly contents: readonly (Listing | typeof unlistable | SysError)[];
  /** The directories that come next. Those below an `unlistable` one are missing. */
  readonly left: readonly string[];
}

/** Words of the state of `Kernel.decodeEntries` and `encodeEntries`. The first four an entry has from the one before it. */
export const CodingState = {
  /** Of the name before, with its directories; where its base name starts. */
  LastLength: 0,
  Base: 1,
  Mtime: 2,
  Mode: 3,
  /** Bytes on the wire and entries that a call came to; when decoding, bytes of names and of the files. */
  Consumed: 4,
  Count: 5,
  NameBytes: 6,
  Size: 7,
} as const;
export const codingStateWords = 8;

/** What the entries of a run have in common, and where names go on. */
export interface EntryRun {
  readonly uid: number;
  readonly gid: number;
  readonly dir: number;
  readonly flags: number;
  /** The flags in front of an entry are a varint. */
  readonly varintFlags: boolean;
  readonly namesUsed: number;
}

/** What makes a present file one that needs nothing: its type, size, time and permissions always count. */
export interface WantedState {
  /** Entries with one of these flags need something whatever is there. */
  readonly always: number;
  /** The targets of links follow their names, as in a `Listing`; else links need something. */
  readonly targets: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  /** Entries with one of these flags are of no concern to the group. */
  readonly groupFree: number;
  /** Directories need nothing where they are there. */
  readonly dirs: boolean;
}

/** Entries to be looked up: `counts[k]` of them in `dirs[k]`, their records one after the other. */
export interface EntryRuns {
  readonly dirs: readonly string[];
  readonly counts: Uint32Array;
  /** May change once the call was made. */
  readonly records: Uint8Array;
  /** May not change until the call is done. */
  readonly names: Uint8Array;
  readonly wanted: WantedState | undefined;
  /** Bits of `Extra`, as for `Tree.scan`. */
  readonly lookFor: number;
  /** Also read what else is in the directories. */
  readonly extras: boolean;
  /**
   * Off the event loop only: regular files that are there with the entry's size are compared with those at the same
   * place below `source`, by their digests. What cannot be read on either side counts as the same.
   */
  readonly compare?: { readonly source: HeldTree; readonly digest: DigestSpec };
}
