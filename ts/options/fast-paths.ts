/**
 * Which shortcuts a run may take. Decided here alone, from the settled options and the two ends; what a kernel can do
 * and what single files are like is up to the rooms that take them (docs/decisions/0038).
 */
import { formatHas, itemizeLevel } from './log-format.ts';
import type { Options } from './options.ts';

/** What a run may do instead of the long way, and whether it may. */
export interface FastPaths {
  /** In one process: whole files pass by name, and the receiver's threads copy them. */
  readonly filesByName: boolean;
  /** In one process: file lists pass as they are instead of encoded. */
  readonly listsAsTheyAre: boolean;
  /** ... and the list of a run without incremental recursion is the same one at both ends. */
  readonly listShared: boolean;
  /** ... and --checksum sums are made where they are compared, those of both files. */
  readonly sumsWhereCompared: boolean;
  /** The walk takes whole directories as records, and looks at no entry of its own. */
  readonly sourceRecords: boolean;
  /** ... and begins with the first source while the peer is still being reached. */
  readonly sourceAhead: boolean;
  /** Entries that hold nothing unusual are coded in one call, when sent and when received. */
  readonly plainEntriesOut: boolean;
  readonly plainEntriesIn: boolean;
  /** Small whole files are read and tokenized together, or taken from the wire and put in place together. */
  readonly answersTogether: boolean;
  readonly writesTogether: boolean;
  /** ... and the rest of one that has begun to come is waited for. */
  readonly waitsForTheRest: boolean;
  /** The wire's descriptor is lent to a job that moves a large file on its own. */
  readonly wireLent: boolean;
  /** Entries are passed over that the kernel's look-up finds to be up to date. */
  readonly passesOver: boolean;
  /** What comes after the entry at hand is looked up on other threads. */
  readonly looksAhead: boolean;
  /** Deletion on the way: directories of the destination are read ahead. */
  readonly scansAhead: boolean;
  /** ... what was read is where the directory's entries are looked up. */
  readonly scansKept: boolean;
  /** ... and the kernel's look-up tells as well what is not in the list. */
  readonly extrasLookedUp: boolean;
}

export type FastPath = keyof FastPaths;

/** What a run in one process decides for both of its ends before they start. */
export type SharedPaths = Pick<FastPaths, 'filesByName' | 'listsAsTheyAre' | 'sumsWhereCompared'>;

/** The two ends of a run, as one of them sees them. */
export interface Ends {
  /** This end is the server. */
  readonly server: boolean;
  /** `apart` where the other end is not in this process. */
  readonly shared: SharedPaths;
  readonly protocol: number;
  readonly incRecurse: boolean;
  /** The compression of contents. */
  readonly codec: string;
}

export const apart: SharedPaths = { filesByName: false, listsAsTheyAre: false, sumsWhereCompared: false };

/** All that a decision may go by. */
interface Situation {
  readonly options: Options;
  readonly ends: Ends;
}

/** Where `at` holds for a value, `paths` are closed; or it counts only where the path `unless` is closed. */
export interface Rule<Value> {
  at(value: Value, situation: Situation): boolean;
  readonly paths: readonly FastPath[];
  readonly unless?: FastPath;
}

/** For each member of `Of`: the paths it closes, and at which values. A member that is left out does not compile. */
export type Concerns<Of> = { readonly [Key in keyof Of]: readonly Rule<Of[Key]>[] };

/** Closes no path: the option does not touch what they leave out, or they know it. */
const none: readonly [] = [];

function where<Value>(at: Rule<Value>['at'], ...paths: FastPath[]): Rule<Value> {
  return { at, paths };
}

/** Closes `paths` where the option is on, whatever that is for its type. */
function closes(...paths: FastPath[]): readonly Rule<unknown>[] {
  return [where((value) => isOn(value), ...paths)];
}

function isOn(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Paths along which an entry is no more than name, type, size, time, mode and ids. */
const plainAttributes: readonly FastPath[] = [
  'filesByName',
  'sourceRecords',
  'plainEntriesOut',
  'plainEntriesIn',
  'writesTogether',
  'passesOver',
];

/** A format that tells what each file took on the wire, or its digest: files then go one by one. */
const followsEach: readonly Rule<string>[] = [
  where(
    (format, { ends }) => !ends.server && ['b', 'c', 'C'].some((letter) => formatHas(format, letter)),
    'filesByName',
    'answersTogether',
    'writesTogether',
    'wireLent',
  ),
  where((format) => formatHas(format, 'C'), 'sumsWhereCompared'),
];

const showsUnchanged: Rule<unknown> = where(
  (_, { options, ends }) => itemizeLevel(options, ends.server) > 1,
  'passesOver',
);

function deletesOnTheWay({ delete: when }: Options): boolean {
  return when === 'during' || when === 'delay';
}

/** What each option closes. In the order of `Options`. */
export const optionConcerns: Concerns<Options> = {
  recursive: [where((on) => !on, 'sourceRecords')],
  dirs: none,
  dirsGiven: none,
  links: none,
  // The sender opens what links lead to.
  copyLinks: closes('filesByName', 'sumsWhereCompared', 'sourceRecords', 'answersTogether'),
  hardLinks: closes('sourceRecords', 'passesOver'),
  hardLinksGiven: none,
  perms: [where((on) => !on, 'listShared', 'passesOver')],
  executability: none,
  owner: none,
  group: none,
  devices: none,
  specials: none,
  times: [where((on) => !on, 'passesOver')],
  atimes: closes(...plainAttributes),
  openNoatime: none,
  crtimes: closes(...plainAttributes),
  acls: closes(...plainAttributes, 'listsAsTheyAre'),
  xattrs: closes(...plainAttributes, 'listsAsTheyAre'),
  copyUnsafeLinks: closes('filesByName', 'sumsWhereCompared', 'sourceRecords', 'answersTogether'),
  safeLinks: closes('passesOver'),
  insecureLinks: none,
  // Each end changes the targets of its own.
  mungeLinks: closes('listsAsTheyAre', 'passesOver'),
  copyDirlinks: closes('sourceRecords'),
  keepDirlinks: closes('passesOver', 'looksAhead', 'scansAhead'),
  copyDevices: closes('filesByName', 'sourceRecords', 'answersTogether'),
  writeDevices: closes('filesByName', 'writesTogether', 'passesOver'),
  dropDevices: closes('passesOver'),
  confineRoot: none,
  // On and off: `amRoot` of the roles knows. Faked owners and types are read and written elsewhere.
  superUser: [
    where(
      (how) => how === 'fake',
      'filesByName',
      'sourceRecords',
      'sourceAhead',
      'writesTogether',
      'passesOver',
    ),
  ],
  usermap: none,
  groupmap: none,
  copyAs: none,
  omitDirTimes: none,
  omitDirTimesGiven: none,
  omitLinkTimes: none,
  numericIds: none,
  chmod: closes('sourceRecords', 'plainEntriesIn'),
  // Names may have forms that only the receiving side makes plain.
  relative: closes('listsAsTheyAre', 'plainEntriesIn'),
  // Parents that nothing tells of are made when their content's turn comes.
  impliedDirs: [where((on, { options }) => options.relative && !on, 'looksAhead')],
  oneFileSystem: closes('sourceRecords'),
  // What filters leave out is known when they are read: see `Walk.treesFor`.
  filters: none,
  filesFrom: closes('sourceAhead'),
  filesFromHost: none,
  cvsExclude: none,
  missingArgs: [where((what) => what === 'delete', 'plainEntriesIn', 'passesOver')],
  mkpath: none,
  trustSender: none,
  from0: none,
  maxSize: [where((size) => size !== undefined, 'passesOver')],
  minSize: [where((size) => size !== undefined, 'passesOver')],
  ignoreExisting: closes('passesOver'),
  existing: closes('passesOver'),
  update: closes('passesOver'),
  // The receiving end takes entries out of its list.
  pruneEmptyDirs: closes('listShared'),
  checksum: [
    where((on) => !on, 'sumsWhereCompared'),
    where((on) => on, 'plainEntriesIn'),
    { ...where<boolean>((on) => on, 'sourceRecords', 'passesOver'), unless: 'sumsWhereCompared' },
  ],
  ignoreTimes: closes('passesOver'),
  sizeOnly: closes('passesOver'),
  modifyWindow: closes('passesOver'),
  modifyWindowGiven: none,
  fuzzy: none,
  wholeFile: [where((on) => on !== true, 'filesByName')],
  sparse: none,
  inplace: closes('filesByName', 'writesTogether'),
  append: [where((how) => how !== 'no', 'filesByName', 'answersTogether', 'writesTogether', 'passesOver')],
  // What came of a file must be on the disk when no more comes.
  partial: closes('waitsForTheRest'),
  partialDir: closes('filesByName', 'writesTogether', 'passesOver', 'looksAhead'),
  partialDirImplied: none,
  // It may lie on another file system.
  tempDir: closes('filesByName', 'writesTogether'),
  delayUpdates: closes('filesByName', 'writesTogether', 'passesOver', 'looksAhead'),
  // What is there may become another before its turn.
  backup: closes('filesByName', 'writesTogether', 'passesOver', 'looksAhead', 'scansKept', 'extrasLookedUp'),
  backupDir: none,
  suffix: none,
  alternateDests: closes('sumsWhereCompared', 'passesOver'),
  fsync: none,
  preallocate: closes('filesByName', 'writesTogether'),
  delete: [
    where((_, { options }) => !deletesOnTheWay(options), 'scansAhead'),
    where((_, { options, ends }) => ends.incRecurse && deletesOnTheWay(options), 'looksAhead'),
  ],
  deleteWhenGiven: none,
  deleteExcluded: none,
  force: none,
  ignoreErrors: none,
  maxDelete: none,
  // The sender is told of each file that is in place.
  removeSourceFiles: closes('filesByName', 'answersTogether', 'writesTogether'),
  removeSentFiles: none,
  // Of the ends, once it is agreed on.
  protocol: [where((version) => version < 31, 'sourceAhead')],
  incRecursive: none,
  qsort: none,
  checksumChoice: none,
  blockSize: none,
  checksumSeed: none,
  compressChoice: closes('filesByName'),
  compressGiven: none,
  compressNoneGiven: none,
  compressLevel: none,
  compressThreads: none,
  skipCompress: none,
  timeout: none,
  contimeout: none,
  // Bytes that do not pass the wire are not slowed down.
  bwlimit: closes('filesByName', 'listsAsTheyAre'),
  rsh: none,
  rsyncPath: none,
  remoteOptions: none,
  blockingIo: none,
  port: none,
  addressFamily: none,
  address: none,
  sockopts: none,
  earlyInput: none,
  passwordFile: none,
  motd: none,
  oldArgs: none,
  secludedArgs: none,
  iconv: closes('listsAsTheyAre', 'sourceRecords', 'plainEntriesOut', 'plainEntriesIn'),
  maxAlloc: none,
  maxAllocText: none,
  stopAt: none,
  // It holds the bytes of the wire.
  batch: closes('filesByName', 'listsAsTheyAre', 'wireLent'),
  dryRun: none,
  listOnly: closes('passesOver', 'scansAhead'),
  listOnlyGiven: none,
  verbose: none,
  quiet: none,
  itemize: [showsUnchanged],
  humanReadable: none,
  outFormat: [
    ...followsEach,
    showsUnchanged,
    where((format) => formatHas(format, 'b') || formatHas(format, 'c'), 'listsAsTheyAre'),
  ],
  outFormatGiven: none,
  stats: none,
  progress: none,
  eightBitOutput: none,
  info: [where((level) => level.stats > 0, 'listsAsTheyAre'), where((level) => level.name > 1, 'passesOver')],
  // It tells of each entry.
  debug: [where((level) => level.genr > 0, 'passesOver')],
  infoGiven: none,
  debugGiven: none,
  msgs2stderr: none,
  outbuf: none,
  logFile: none,
  logFileFormat: followsEach,
  server: none,
  sender: none,
  clientInfo: none,
};

/** What the ends close. */
export const endConcerns: Concerns<Ends> = {
  server: none,
  shared: [
    where((shared) => !shared.filesByName, 'filesByName'),
    where((shared) => !shared.listsAsTheyAre, 'listsAsTheyAre'),
    where((shared) => !shared.sumsWhereCompared, 'sumsWhereCompared'),
  ],
  protocol: [
    where((version) => version < 29, 'sourceRecords'),
    where((version) => version < 30, 'listsAsTheyAre', 'plainEntriesOut', 'plainEntriesIn'),
  ],
  incRecurse: [where((on) => on, 'listShared'), where((on) => !on, 'scansAhead')],
  codec: [where((name) => name !== 'none', 'answersTogether', 'writesTogether')],
};

/** Paths that go on where another leads. */
const startsFrom: readonly (readonly [path: FastPath, from: FastPath])[] = [
  ['listShared', 'listsAsTheyAre'],
  ['sumsWhereCompared', 'listsAsTheyAre'],
  ['sourceAhead', 'sourceRecords'],
  ['waitsForTheRest', 'writesTogether'],
  ['scansKept', 'scansAhead'],
  ['extrasLookedUp', 'scansAhead'],
];

const all: FastPaths = {
  filesByName: true,
  listsAsTheyAre: true,
  listShared: true,
  sumsWhereCompared: true,
  sourceRecords: true,
  sourceAhead: true,
  plainEntriesOut: true,
  plainEntriesIn: true,
  answersTogether: true,
  writesTogether: true,
  waitsForTheRest: true,
  wireLent: true,
  passesOver: true,
  looksAhead: true,
  scansAhead: true,
  scansKept: true,
  extrasLookedUp: true,
};

/** The shortcuts of one end of a run. */
export function fastPaths(options: Options, ends: Ends): FastPaths {
  const situation = { options, ends };
  const paths: Record<FastPath, boolean> = { ...all };
  const closing = [
    ...closingRules(optionConcerns, options, situation),
    ...closingRules(endConcerns, ends, situation),
  ];
  const close = (counts: (rule: Rule<never>) => boolean): void => {
    for (const rule of closing) if (counts(rule)) for (const path of rule.paths) paths[path] = false;
    for (const [path, from] of startsFrom) paths[path] &&= paths[from];
  };
  close((rule) => rule.unless === undefined);
  close((rule) => rule.unless !== undefined && !paths[rule.unless]);
  return paths;
}

function closingRules<Of extends object>(
  concerns: Concerns<Of>,
  values: Of,
  situation: Situation,
): Rule<never>[] {
  const found: Rule<never>[] = [];
  for (const key of Object.keys(concerns) as (keyof Of)[])
    for (const rule of concerns[key]) if (rule.at(values[key], situation)) found.push(rule as Rule<never>);
  return found;
}

/** What the ends of a run within one process share, by the options of its client. */
export function sharedPaths(options: Options): SharedPaths {
  const open = { filesByName: true, listsAsTheyAre: true, sumsWhereCompared: true };
  const ends = { server: false, shared: open, protocol: options.protocol, incRecurse: false, codec: 'none' };
  const { filesByName, listsAsTheyAre, sumsWhereCompared } = fastPaths(options, ends);
  return { filesByName, listsAsTheyAre, sumsWhereCompared };
}

/** What a client can begin with before it knows its peer, which is taken to be a new one. */
export function pathsBeforeHandshake(options: Options): Pick<FastPaths, 'sourceAhead'> {
  const ends = { server: false, shared: apart, protocol: options.protocol, incRecurse: false, codec: 'none' };
  return fastPaths(options, ends);
}
