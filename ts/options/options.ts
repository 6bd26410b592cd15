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
  readonly links: boolean;
  readonly copyLinks: boolean;
  readonly hardLinks: boolean;
  readonly perms: boolean;
  readonly executability: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly devices: boolean;
  readonly specials: boolean;
  readonly times: boolean;
  readonly atimes: boolean;
  readonly omitDirTimes: boolean;
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
  readonly filesFrom: ByteString;
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
  /** undefined: whole files locally, delta remotely. */
  readonly wholeFile: boolean | undefined;
  readonly sparse: boolean;
  readonly inplace: boolean;
  readonly append: 'no' | 'plain' | 'verify';
  readonly partial: boolean;
  readonly partialDir: ByteString;
  readonly tempDir: ByteString;
  readonly delayUpdates: boolean;
  readonly backup: boolean;
  readonly backupDir: ByteString;
  readonly suffix: ByteString;
  readonly alternateDests: readonly AlternateDest[];
  readonly fsync: boolean;
  readonly preallocate: boolean;

  // --- deletion
  /** undefined: nothing is deleted. */
  readonly delete: DeleteWhen | undefined;
  readonly deleteExcluded: boolean;
  readonly force: boolean;
  readonly ignoreErrors: boolean;
  /** undefined is no limit. */
  readonly maxDelete: number | undefined;
  readonly removeSourceFiles: boolean;

  // --- the wire
  readonly protocol: number;
  /** --inc-recursive / --no-inc-recursive; undefined leaves it to the rules of the run. */
  readonly incRecursive: boolean | undefined;
  readonly checksumChoice: string;
  /** Block length asked for; 0 lets the file size decide. */
  readonly blockSize: number;
  readonly checksumSeed: number;
  /** '' is no compression; 'auto' negotiates; else the name given. */
  readonly compressChoice: string;
  /** undefined is the codec's default. */
  readonly compressLevel: number | undefined;
  readonly compressThreads: number;
  readonly skipCompress: string | undefined;
  /** Seconds; 0 is none. */
  readonly timeout: number;
  readonly contimeout: number;
  /** Bytes a second; 0 is no limit. */
  readonly bwlimit: number;
  /** Remote shell command line; '' takes RSYNC_RSH or ssh. */
  readonly rsh: ByteString;
  readonly rsyncPath: ByteString;
  readonly remoteOptions: readonly ByteString[];
  readonly blockingIo: boolean | undefined;
  readonly port: number;
  readonly passwordFile: ByteString;
  readonly motd: boolean;
  /** --old-args: arguments reach the remote shell unescaped. */
  readonly oldArgs: number;
  readonly secludedArgs: boolean;

  // --- what is told
  readonly dryRun: boolean;
  readonly listOnly: boolean;
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
  readonly msgs2stderr: boolean | undefined;

  // --- server side (`--server`)
  readonly server: boolean;
  readonly sender: boolean;
  /** Text after `e` in the server's -e.xxx: pre-release protocol and capability letters. */
  readonly clientInfo: string;
}
