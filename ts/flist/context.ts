import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { FastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import type * as messages from '../report/messages.ts';
import type { LogCode } from '../report/report.ts';
import type * as traces from '../report/trace-messages.ts';
import type { WireCharset } from '../wire/charset.ts';
import { mostEntries } from '../wire/limits.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { ListExtras } from './extras.ts';
import type { ListLimit } from './file-list.ts';
import type { SegmentPass } from './segment-pass.ts';

/** What the file list says to the user; `Report` of `ts/report` is one. */
export interface FlistReport {
  /** Lines about items show the sums of --checksum: a sender keeps them. */
  readonly showsSums: boolean;
  print(code: LogCode, text: ByteString): void;
  info(flag: 'flist' | 'mount' | 'symsafe' | 'nonreg', level?: number): boolean;
  debug(flag: 'dup' | 'flist' | 'hlink' | 'own', level?: number): boolean;
  trace(
    flag: 'chdir' | 'flist' | 'hlink' | 'own',
    words: () => ByteString | readonly ByteString[],
    level?: number,
  ): void;
  /** How many entries there are so far. */
  flistProgress(count: number): void;
}

/** Message texts, those of `ts/report/messages.ts` and `trace-messages.ts` that a list needs. */
export type FlistTexts = Pick<
  typeof messages,
  | 'aclReadFailed'
  | 'cannotConvertName'
  | 'cannotConvertTarget'
  | 'changeDirFailed'
  | 'copyingUnsafeSymlink'
  | 'exceededMaxAlloc'
  | 'fullName'
  | 'idMapBadId'
  | 'idMapBadNumber'
  | 'idMapNoColon'
  | 'idMapNoName'
  | 'idMapUnknown'
  | 'invalidPathFromSender'
  | 'linkStatFailed'
  | 'opendirFailed'
  | 'parentNotListed'
  | 'readdirFailed'
  | 'readlinkStatFailed'
  | 'refusingLink'
  | 'removingDuplicate'
  | 'skippingDirectory'
  | 'skippingMountPoint'
  | 'symlinkWithoutReferent'
  | 'vanished'
  | 'xattrFailed'
> & { readonly traces: FlistTraces };
/** What --debug tells. */
export type FlistTraces = Pick<
  typeof traces,
  | 'enteringDirectory'
  | 'entryIs'
  | 'groupsOfProcess'
  | 'inodeIs'
  | 'linksTo'
  | 'listIs'
  | 'listsEnd'
  | 'makingEntry'
  | 'mappedId'
  | 'receivedName'
  | 'recordsAre'
  | 'tableOfDevice'
>;

/** The shared `IoError` bits of a run. */
export interface FlistState {
  ioError: number;
}

/** What both directions of a file list need of their session. */
export interface FlistContext {
  readonly kernel: Kernel;
  readonly options: Options;
  /** The shortcuts that are open to this run. */
  readonly paths: FastPaths;
  readonly negotiated: Negotiated;
  readonly report: FlistReport;
  readonly texts: FlistTexts;
  readonly state: FlistState;
  /** --iconv: how names come to the wire and from it. */
  readonly charset?: WireCharset;
  /** With --acls or --xattrs: the tables of what is sent, or of what comes. */
  readonly extras?: ListExtras;
  /** Set on both ends where the peer is in this process: lists are passed as they are. */
  readonly segments?: SegmentPass;
  /** --chmod on this side, applied to everything but symbolic links; takes and gives a whole mode. */
  readonly tweakMode?: (mode: number) => number;
  /** Munges, unmunges or sanitizes targets of symbolic links; `depth` is the depth of the link's directory. */
  readonly mapLinkTarget?: (target: ByteString, depth: number) => ByteString;
}

/** What --max-alloc lets a list have; `who` says whose it is when there are more. */
export function listLimit({ options, texts }: FlistContext, who: () => string): ListLimit {
  const { maxAlloc } = options;
  return {
    most: mostEntries(maxAlloc),
    exceeded: () => new RsyncError(ExitCode.Malloc, texts.exceededMaxAlloc(who(), maxAlloc)),
  };
}
