/**
 * Options while a command line is read: what each row of the table sets, before implications. Numbers
 * keep rsync's distinctions (a count, or how an option came to be on) until `finish.ts` settles them.
 */
import type { ByteString } from '../kernel/kernel.ts';
import type { AlternateDest, DebugFlag, FilterArg, InfoFlag } from './options.ts';
import { debugFlags, type FlagLevels, infoFlags, noLevels } from './output-flags.ts';
import { newestProtocol } from './program.ts';

/** Values that rows set. -1 and undefined mean "not said". */
export interface Draft {
  verbose: number;
  quiet: number;
  humanReadable: number;
  itemize: number;
  stats: boolean;
  progress: boolean;
  motd: boolean;
  /** 0: through the client, 1: all to stderr, 2: errors to stderr. */
  msgs2stderr: number;
  eightBitOutput: boolean;
  outFormat: ByteString | undefined;
  logFile: ByteString;
  logFileFormat: ByteString;
  outbuf: ByteString | undefined;
  info: FlagLevels<InfoFlag>;
  debug: FlagLevels<DebugFlag>;

  dryRun: boolean;
  /** 0 no, 1 implied by -a, 2 by -r. */
  recursive: number;
  incRecursive: boolean | undefined;
  /** -1 not said, 0 --no-dirs, 2 --dirs, 4 --old-dirs. */
  dirs: number;
  listOnly: boolean;
  links: boolean;
  copyLinks: boolean;
  copyUnsafeLinks: boolean;
  safeLinks: boolean;
  insecureLinks: boolean;
  mungeLinks: boolean;
  copyDirlinks: boolean;
  keepDirlinks: boolean;
  hardLinks: number;
  perms: boolean;
  executability: boolean;
  acls: boolean;
  xattrs: number;
  owner: boolean;
  group: boolean;
  devices: boolean;
  specials: boolean;
  copyDevices: boolean;
  writeDevices: boolean;
  dropDevices: boolean;
  confineRoot: ByteString;
  superUser: 'auto' | 'on' | 'off' | 'fake';
  times: boolean;
  atimes: number;
  openNoatime: boolean;
  crtimes: boolean;
  omitDirTimes: boolean;
  omitLinkTimes: boolean;
  numericIds: boolean;
  usermap: ByteString;
  usermapBy: '' | '--usermap' | '--chown';
  groupmap: ByteString;
  groupmapBy: '' | '--groupmap' | '--chown';
  copyAs: ByteString;
  chmod: ByteString[];

  relative: boolean | undefined;
  impliedDirs: boolean;
  oneFileSystem: number;
  filters: FilterArg[];
  /** -F count. */
  perDirFilter: number;
  cvsExclude: boolean;
  filesFrom: ByteString;
  from0: boolean;
  maxSize: number | undefined;
  minSize: number | undefined;
  ignoreExisting: boolean;
  existing: boolean;
  update: boolean;
  pruneEmptyDirs: boolean;
  ignoreMissingArgs: boolean;
  deleteMissingArgs: boolean;
  mkpath: boolean;
  trustSender: boolean;

  checksum: boolean;
  checksumChoice: string | undefined;
  ignoreTimes: boolean;
  sizeOnly: boolean;
  modifyWindow: number;
  modifyWindowGiven: boolean;
  fuzzy: number;
  wholeFile: boolean | undefined;
  blockSize: number;
  sparse: boolean;
  preallocate: boolean;
  inplace: boolean;
  /** 0 no, 1 --append, 2 --append-verify. */
  append: number;
  partial: boolean;
  partialDir: ByteString;
  tempDir: ByteString;
  delayUpdates: boolean;
  backup: boolean;
  backupDir: ByteString | undefined;
  suffix: ByteString | undefined;
  alternateDests: AlternateDest[];
  fsync: boolean;

  delete: boolean;
  deleteBefore: boolean;
  /** 0 no, 1 during, 2 delay. */
  deleteDuring: number;
  deleteAfter: boolean;
  deleteExcluded: boolean;
  force: boolean;
  ignoreErrors: boolean;
  maxDelete: number | undefined;
  /** 0 no, 1 --remove-source-files, 2 --remove-sent-files. */
  removeSource: number;

  protocol: number;
  checksumSeed: number;
  compress: number;
  compressChoice: string | undefined;
  compressLevel: number | undefined;
  compressThreads: number;
  skipCompress: ByteString | undefined;
  timeout: number;
  contimeout: number;
  /** KiB a second. */
  bwlimit: number;
  rsh: ByteString;
  rsyncPath: ByteString;
  remoteOptions: ByteString[];
  blockingIo: boolean | undefined;
  port: number;
  addressFamily: 'any' | 'ipv4' | 'ipv6';
  address: ByteString;
  sockopts: ByteString;
  passwordFile: ByteString;
  earlyInput: ByteString;
  /** undefined not said; count otherwise. */
  oldArgs: number | undefined;
  secludedArgs: boolean | undefined;
  iconv: ByteString;
  maxAlloc: ByteString;
  stopAt: number | undefined;
  batchRead: boolean;
  /** 0 no, 1 --write-batch, -1 --only-write-batch. */
  batchWrite: number;
  batchFile: ByteString;
  qsort: boolean;

  server: boolean;
  sender: boolean;
  /** -V count. */
  version: number;
}

/** The state before the first argument. */
export function emptyDraft(): Draft {
  return {
    verbose: 0,
    quiet: 0,
    humanReadable: 1,
    itemize: 0,
    stats: false,
    progress: false,
    motd: true,
    msgs2stderr: 2,
    eightBitOutput: false,
    outFormat: undefined,
    logFile: '',
    logFileFormat: '',
    outbuf: undefined,
    info: noLevels(infoFlags),
    debug: noLevels(debugFlags),
    dryRun: false,
    recursive: 0,
    incRecursive: undefined,
    dirs: -1,
    listOnly: false,
    links: false,
    copyLinks: false,
    copyUnsafeLinks: false,
    safeLinks: false,
    insecureLinks: false,
    mungeLinks: false,
    copyDirlinks: false,
    keepDirlinks: false,
    hardLinks: 0,
    perms: false,
    executability: false,
    acls: false,
    xattrs: 0,
    owner: false,
    group: false,
    devices: false,
    specials: false,
    copyDevices: false,
    writeDevices: false,
    dropDevices: false,
    confineRoot: '',
    superUser: 'auto',
    times: false,
    atimes: 0,
    openNoatime: false,
    crtimes: false,
    omitDirTimes: false,
    omitLinkTimes: false,
    numericIds: false,
    usermap: '',
    usermapBy: '',
    groupmap: '',
    groupmapBy: '',
    copyAs: '',
    chmod: [],
    relative: undefined,
    impliedDirs: true,
    oneFileSystem: 0,
    filters: [],
    perDirFilter: 0,
    cvsExclude: false,
    filesFrom: '',
    from0: false,
    maxSize: undefined,
    minSize: undefined,
    ignoreExisting: false,
    existing: false,
    update: false,
    pruneEmptyDirs: false,
    ignoreMissingArgs: false,
    deleteMissingArgs: false,
    mkpath: false,
    trustSender: false,
    checksum: false,
    checksumChoice: undefined,
    ignoreTimes: false,
    sizeOnly: false,
    modifyWindow: 0,
    modifyWindowGiven: false,
    fuzzy: 0,
    wholeFile: undefined,
    blockSize: 0,
    sparse: false,
    preallocate: false,
    inplace: false,
    append: 0,
    partial: false,
    partialDir: '',
    tempDir: '',
    delayUpdates: false,
    backup: false,
    backupDir: undefined,
    suffix: undefined,
    alternateDests: [],
    fsync: false,
    delete: false,
    deleteBefore: false,
    deleteDuring: 0,
    deleteAfter: false,
    deleteExcluded: false,
    force: false,
    ignoreErrors: false,
    maxDelete: undefined,
    removeSource: 0,
    protocol: newestProtocol,
    checksumSeed: 0,
    compress: 0,
    compressChoice: undefined,
    compressLevel: undefined,
    compressThreads: 0,
    skipCompress: undefined,
    timeout: 0,
    contimeout: 0,
    bwlimit: 0,
    rsh: '',
    rsyncPath: 'rsync',
    remoteOptions: [],
    blockingIo: undefined,
    port: 0,
    addressFamily: 'any',
    address: '',
    sockopts: '',
    passwordFile: '',
    earlyInput: '',
    oldArgs: undefined,
    secludedArgs: undefined,
    iconv: '',
    maxAlloc: '',
    stopAt: undefined,
    batchRead: false,
    batchWrite: 0,
    batchFile: '',
    qsort: false,
    server: false,
    sender: false,
    version: 0,
  };
}
