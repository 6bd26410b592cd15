/**
 * What a run was asked to do: the parsed command line, after defaults and implications. One value, made
 * once, never changed. Names are those of the long options in camel case. Paths, patterns and names are
 * byte strings (latin1).
 */
import type { ByteString } from '../kernel/kernel.ts';

export type DeleteWhen = 'before' | 'during' | 'delay' | 'after';

/** Levels of `--info`; 0 is off. */
export type InfoFlag =
  | 'backup'
  | 'copy'
  | 'del'
  | 'flist'
  | 'misc'
  | 'mount'
  | 'name'
  | 'nonreg'
  | 'progress'
  | 'remove'
  | 'skip'
  | 'stats'
  | 'symsafe';
/** Levels of `--debug`; 0 is off. */
export type DebugFlag =
  | 'acl'
  | 'backup'
  | 'bind'
  | 'chdir'
  | 'connect'
  | 'cmd'
  | 'del'
  | 'deltasum'
  | 'dup'
  | 'exit'
  | 'filter'
  | 'flist'
  | 'fuzzy'
  | 'genr'
  | 'hash'
  | 'hlink'
  | 'iconv'
  | 'io'
  | 'nstr'
  | 'own'
  | 'proto'
  | 'recv'
  | 'send'
  | 'time';

/** One filter argument in the order given; `ts/filter` parses its text. */
export type FilterArg =
  | { readonly kind: 'filter'; readonly rule: ByteString }
  | { readonly kind: 'exclude' | 'include'; readonly pattern: ByteString }
  | { readonly kind: 'exclude-from' | 'include-from'; readonly file: ByteString }
  /** -C; expands to rsync's cvs rules. */
  | { readonly kind: 'cvs-exclude' }
  /** -F given once or twice. */
  | { readonly kind: 'per-dir-rsync-filter'; readonly times: number };

export interface AlternateDest {
  readonly kind: 'compare' | 'copy' | 'link';
  readonly dir: ByteString;
}

export interface Options {
  // --- what is preserved
  readonly recursive: boolean;
  /** -d, or implied by --list-only and --files-from. */
  readonly dirs: boolean;
  /** -d was given by the user (not implied); the server is told only then. */
  readonly dirsGiven: boolean;
  readonly links: boolean;
  readonly copyLinks: boolean;
  readonly hardLinks: boolean;
  /** -H count, told to the server as given. */
  readonly hardLinksGiven: number;
  readonly perms: boolean;
  readonly executability: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly devices: boolean;
  readonly specials: boolean;
  readonly times: boolean;
  /** -U count: 2 also opens files without touching their access times. */
  readonly atimes: number;
  readonly openNoatime: boolean;
  readonly crtimes: boolean;
  readonly acls: boolean;
  /** -X count. */
  readonly xattrs: number;
  readonly copyUnsafeLinks: boolean;
  readonly safeLinks: boolean;
  readonly insecureLinks: boolean;
  readonly mungeLinks: boolean;
  readonly copyDirlinks: boolean;
  readonly keepDirlinks: boolean;
  readonly copyDevices: boolean;
  readonly writeDevices: boolean;
  readonly dropDevices: boolean;
  /** --confine-root; '' for none. */
  readonly confineRoot: ByteString;
  /** --super, --fake-super or --no-super; 'auto' goes by the effective user. */
  readonly superUser: 'auto' | 'on' | 'off' | 'fake';
  /** --usermap (or the user of --chown as `*:USER`); '' for none. */
  readonly usermap: ByteString;
  readonly groupmap: ByteString;
  /** --copy-as=USER[:GROUP]; '' for none. */
  readonly copyAs: ByteString;
  /** -O, or implied by --backup without --backup-dir. */
  readonly omitDirTimes: boolean;
  /** -O was given: the server is told only then. */
  readonly omitDirTimesGiven: boolean;
  readonly omitLinkTimes: boolean;
  readonly numericIds: boolean;
  /** --chmod arguments in order, comma-joined; '' for none. */
  readonly chmod: ByteString;

  // --- which files
  readonly relative: boolean;
  /** --no-implied-dirs clears it. */
  readonly impliedDirs: boolean;
  /** Times given: 1 stays on the file system, 2 also omits mount points. */
  readonly oneFileSystem: number;
  readonly filters: readonly FilterArg[];
  /** --files-from without its host; '' for none, '-' for standard input (or the wire, on a server). */
  readonly filesFrom: ByteString;
  /** Host of --files-from=HOST:FILE ('' for `:FILE`); undefined when the file is local. */
  readonly filesFromHost: ByteString | undefined;
  readonly cvsExclude: boolean;
  /** --ignore-missing-args, --delete-missing-args. */
  readonly missingArgs: 'report' | 'ignore' | 'delete';
  readonly mkpath: boolean;
  /** --trust-sender: skip the checks of a remote sender's names. */
  readonly trustSender: boolean;
  readonly from0: boolean;
  /** Bytes; undefined is no limit. */
  readonly maxSize: number | undefined;
  readonly minSize: number | undefined;
  readonly ignoreExisting: boolean;
  /** --existing (ignore non-existing). */
  readonly existing: boolean;
  readonly update: boolean;
  readonly pruneEmptyDirs: boolean;

  // --- how files are compared and written
  readonly checksum: boolean;
  readonly ignoreTimes: boolean;
  readonly sizeOnly: boolean;
  /** Seconds; -1 compares nanoseconds too. */
  readonly modifyWindow: number;
  readonly modifyWindowGiven: boolean;
  /** Directories to search for a similar file: 1 is the destination's, more are alternate ones. */
  readonly fuzzy: number;
  /** undefined: whole files locally, delta remotely. */
  readonly wholeFile: boolean | undefined;
  readonly sparse: boolean;
  readonly inplace: boolean;
  readonly append: 'no' | 'plain' | 'verify';
  readonly partial: boolean;
  /** '' for none; cleaned (`.` and empty mean none). */
  readonly partialDir: ByteString;
  /** --delay-updates chose `.~tmp~` itself: the server is not told a --partial-dir. */
  readonly partialDirImplied: boolean;
  readonly tempDir: ByteString;
  readonly delayUpdates: boolean;
  readonly backup: boolean;
  readonly backupDir: ByteString;
  readonly suffix: ByteString;
  readonly alternateDests: readonly AlternateDest[];
  readonly fsync: boolean;
  readonly preallocate: boolean;

  // --- deletion
  /**
   * undefined: nothing is deleted. A plain --delete says 'during' with `deleteWhenGiven` false: the run
   * then deletes before the transfer when the protocol is below 30 and during it otherwise.
   */
  readonly delete: DeleteWhen | undefined;
  readonly deleteWhenGiven: boolean;
  readonly deleteExcluded: boolean;
  readonly force: boolean;
  readonly ignoreErrors: boolean;
  /** undefined is no limit. */
  readonly maxDelete: number | undefined;
  readonly removeSourceFiles: boolean;
  /** The deprecated spelling --remove-sent-files was used (an old server knows only that one). */
  readonly removeSentFiles: boolean;

  // --- the wire
  readonly protocol: number;
  /** --inc-recursive / --no-inc-recursive; undefined leaves it to the rules of the run. */
  readonly incRecursive: boolean | undefined;
  readonly qsort: boolean;
  /** '' negotiates; else a name, or two as `TRANSFER,FILE`. Lower case. */
  readonly checksumChoice: string;
  /** Block length asked for; 0 lets the file size decide. */
  readonly blockSize: number;
  readonly checksumSeed: number;
  /** '' is no compression; 'auto' negotiates; else the name given. */
  readonly compressChoice: string;
  /** -z itself was given: with 'auto' the server is told `z` (else only a level turned compression on). */
  readonly compressGiven: boolean;
  /** --compress-choice=none was given (`compressChoice` is ''): the server is told. */
  readonly compressNoneGiven: boolean;
  /** undefined is the codec's default. */
  readonly compressLevel: number | undefined;
  readonly compressThreads: number;
  readonly skipCompress: string | undefined;
  /** Seconds; 0 is none. */
  readonly timeout: number;
  readonly contimeout: number;
  /** Bytes a second, a multiple of 1024; 0 is no limit. */
  readonly bwlimit: number;
  /** Remote shell command line; '' takes RSYNC_RSH or ssh. */
  readonly rsh: ByteString;
  readonly rsyncPath: ByteString;
  readonly remoteOptions: readonly ByteString[];
  readonly blockingIo: boolean | undefined;
  /** --port; 0 is the default port. */
  readonly port: number;
  /** -4 / -6. */
  readonly addressFamily: 'any' | 'ipv4' | 'ipv6';
  readonly address: ByteString;
  readonly sockopts: ByteString;
  readonly earlyInput: ByteString;
  readonly passwordFile: ByteString;
  readonly motd: boolean;
  /** --old-args: arguments reach the remote shell unescaped. */
  readonly oldArgs: number;
  readonly secludedArgs: boolean;
  /** --iconv; '' for none. */
  readonly iconv: ByteString;
  /** Bytes of one allocation at most; 0 is no limit. */
  readonly maxAlloc: number;
  /** Text of --max-alloc as given; '' for the default. */
  readonly maxAllocText: ByteString;
  /** --stop-after / --stop-at, seconds since 1970; undefined is no limit. */
  readonly stopAt: number | undefined;
  readonly batch: { readonly kind: 'read' | 'write' | 'only-write'; readonly file: ByteString } | undefined;

  // --- what is told
  readonly dryRun: boolean;
  /** --list-only, or a source without a destination. */
  readonly listOnly: boolean;
  /** --list-only itself was given: the server is told only then. */
  readonly listOnlyGiven: boolean;
  readonly verbose: number;
  readonly quiet: boolean;
  /** -i count: 2 also shows unchanged items. */
  readonly itemize: number;
  readonly humanReadable: number;
  /** --out-format, or what -i and -v imply; '' shows nothing. */
  readonly outFormat: ByteString;
  readonly outFormatGiven: boolean;
  readonly stats: boolean;
  readonly progress: boolean;
  readonly eightBitOutput: boolean;
  readonly info: Readonly<Record<InfoFlag, number>>;
  readonly debug: Readonly<Record<DebugFlag, number>>;
  /** Flags of `info` that --info set (not -v and its like); the server is told of these. */
  readonly infoGiven: readonly InfoFlag[];
  readonly debugGiven: readonly DebugFlag[];
  /** true: all messages go to stderr; false: errors go through the client; undefined: errors to stderr. */
  readonly msgs2stderr: boolean | undefined;
  readonly outbuf: '' | 'none' | 'line' | 'block';
  readonly logFile: ByteString;
  readonly logFileFormat: ByteString;

  // --- server side (`--server`)
  readonly server: boolean;
  readonly sender: boolean;
  /** Text after `e` in the server's -e.xxx, dot included: pre-release protocol and capability letters. */
  readonly clientInfo: string;
}
