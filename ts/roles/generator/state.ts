import type { FilterChain } from '../../filter/index.ts';
import type { Dir, FileList } from '../../flist/file-list.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import type { HardLinks } from '../../flist/hard-links.ts';
import type { ListedNames } from '../../flist/listed-names.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import type { WantedState } from '../../kernel/listing.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import type { Present } from '../../metadata/compare.ts';
import { ENOENT } from '../../report/messages.ts';
import type { LogCode } from '../../report/report.ts';
import type { ItemHeader } from '../../wire/item.ts';
import type { RoleContext } from '../context.ts';
import { type Destination, destinationPath } from '../destination.ts';
import type { GeneratorLink } from '../generator-link.ts';
import type { FileSystems } from './file-systems.ts';
import type { FuzzyDirs } from './fuzzy-dirs.ts';

/** The options that a second pass over a file that failed verification reads differently. */
export interface Rules {
  readonly ignoreExisting: boolean;
  readonly existing: boolean;
  readonly update: boolean;
  readonly checksum: boolean;
  readonly sizeOnly: boolean;
  readonly ignoreTimes: boolean;
  readonly append: boolean;
  readonly backup: boolean;
  readonly maxSize: number | undefined;
  readonly minSize: number | undefined;
  /** Full-length strong sums, because the short ones let a difference through. */
  readonly fullSums: boolean;
}

export interface GeneratorInput {
  readonly lists: FileLists;
  readonly link: GeneratorLink;
  readonly destination: Destination;
  readonly filters: FilterChain;
  readonly hardLinks: HardLinks;
  /** Permissions of what is made where none are preserved: 0777 less the umask. */
  readonly defaultPerms: number;
  /** The sender's trees, where it left the --checksum sums of its files to us. */
  readonly sourceRoots?: readonly Tree[];
}

/** What the generator carries from entry to entry. */
export interface Generator extends GeneratorInput {
  readonly ctx: RoleContext;
  /** The item at hand. */
  readonly item: ItemHeader;
  rules: Rules;
  /** What makes an entry one that can be passed over. */
  readonly wanted: Omit<WantedState, 'targets'> | undefined;
  phase: number;
  /** Differences are told to the sender with the item (protocol 29 and up) or logged here. */
  readonly itemizing: boolean;
  /** Where names of changed entries are logged; undefined logs none. */
  readonly nameCode: LogCode | undefined;
  /** Attribute changes of entries without transfer show as their name (maybe_ATTRS_REPORT). */
  readonly reportAttributes: boolean;
  /** `AttrFlag` bits for files that are up to date. */
  readonly attributeFlags: number;
  /** --debug=genr names each entry. */
  readonly traces: boolean;
  /** No basis is described to the sender. */
  readonly wholeFile: boolean;
  /** Path prefixes (with slash) below which nothing is done, or nothing can be looked at. */
  skipBelow: ByteString | undefined;
  dryMissingBelow: ByteString | undefined;
  /** The directory that was made last: nothing is in it that has to be looked up. */
  freshDir: ByteString | undefined;
  /** The directory whose default permissions were asked for last, and what they are. */
  permsDir: Dir | undefined;
  permsOfDir: number;
  /** Directories were given write permission while they are filled. */
  retouchPerms: boolean;
  /** A directory lacks its time, because its owner could not be set: it gets it when all is there. */
  retouchTimes: boolean;
  skippedDeletes: number;
  ioErrorSaid: boolean;
  /** `--delete-delay`: what to delete at the end. */
  readonly delayedDeletes: { path: ByteString; mode: number }[];
  readonly listed: ListedNames;
  /** -x: where deletion stays; undefined without it. */
  readonly fileSystems: FileSystems | undefined;
  /** Something was made, asked for or set: what was seen of an inode by another name may be out of date. */
  changed: boolean;
  /** --fuzzy: the directory where the last missing file was. */
  fuzzy: FuzzyDirs | undefined;
  /** The segment that is being worked on. */
  current: FileList | undefined;
  /** The list that has the content of a directory. */
  contentList(list: FileList): FileList;
  /** Files asked for in the list at hand. */
  requested: number;
  /** The index in a whole list from which on what was written is sent on; see `sendOn`. */
  sendOnAt: number;
  /** First names that are asked for after all, because the last of their chain was skipped. */
  readonly repeat: { list: FileList; i: number; ndx: number }[];
  /** Hard links that wait for a backup to be copied. */
  readonly linking: Promise<void>[];
  again(list: FileList, i: number, ndx: number): void;
}

/** One entry on its way through the generator. */
export class Entry {
  list: FileList;
  i: number;
  ndx: number;
  /** What is there now: a row of a table, or undefined with the errno that says why not. */
  stats: StatTable | undefined = undefined;
  row = 0;
  errno = ENOENT;
  /** The present file's --checksum digest, or whether its content is the entry's, where that was found out. */
  sum: Uint8Array | boolean | undefined = undefined;
  /** The mode that the sender told, before what is there had a say in it. */
  sentMode = 0;
  /** --keep-dirlinks: what lies at `path` is a symbolic link, and `stats` that of the directory that it leads to. */
  isDirlink = false;
  private readonly destination: Destination;
  private knownPath: ByteString | undefined = undefined;

  constructor(destination: Destination, list: FileList, i: number, ndx: number) {
    this.destination = destination;
    this.list = list;
    this.i = i;
    this.ndx = ndx;
  }

  /** Goes to another entry of the list; what is there is for the caller to say. */
  moveTo(i: number): void {
    this.i = i;
    this.ndx = this.list.ndxOf(i);
    this.sum = undefined;
    this.isDirlink = false;
    this.knownPath = undefined;
  }

  /** What is there; good until the entry moves on. */
  get present(): Present | undefined {
    return this.stats === undefined ? undefined : (this as Present);
  }
  get tree(): Tree {
    return this.destination.tree;
  }

  /** Path below the destination. Most entries of most runs do not need it. */
  get path(): ByteString {
    this.knownPath ??= destinationPath(this.destination, this.list, this.i);
    return this.knownPath;
  }
}
