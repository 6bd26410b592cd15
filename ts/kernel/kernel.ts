/**
 * The boundary between protocol logic and bulk work.
 *
 * A kernel knows buffers, handles, packed tables and batches; it never sees an option or a role. There
 * are two: `native` (the Rust addon) and `portable` (plain Node), with one contract (`tests/contract`).
 * What is bulk is one call for a whole piece of work. Calls that return a promise run off the event
 * loop in the native kernel; the others are short and synchronous.
 *
 * All paths are byte strings: one char a byte (latin1), never decoded. A path that starts with `/` was
 * chosen by the user and is used as it stands; any other path is resolved below its `Tree`, and no
 * component of it may be a symbolic link that leads elsewhere.
 *
 * Failures of one path are a thrown `SysError` (synchronous calls) or an errno in the result table
 * (batches): one bad file never fails a batch.
 */
import type { SysError } from '../errors.ts';
import type { EntryRun, EntryRuns, ListedTree, Listing, ListingOptions, unlistable } from './listing.ts';
import type { ReceiveBatch } from './receive-batch.ts';
import type { StatTable } from './stat-table.ts';
import type { ByteString, DigestName, DigestSpec, HeldTree, Meta } from './types.ts';

export type { ByteString, DigestName, DigestSpec, Meta } from './types.ts';
export { digestLength } from './types.ts';

export type CompressName = 'none' | 'zlib' | 'zlibx' | 'zstd' | 'lz4';

export interface CodecSpec {
  readonly name: CompressName;
  readonly level: number;
  /** zstd worker threads; 0 compresses on the calling thread. */
  readonly threads: number;
}

/**
 * Compression state of one direction of one session. Streams of zstd run on from file to file, so all
 * files of a direction use the same handle, one after the other.
 */
export interface TokenEncoder {
  readonly spec: CodecSpec;
  close(): void;
}
export interface TokenDecoder {
  readonly spec: CodecSpec;
  close(): void;
}

/** The basis description that the generator sends: the sum head and its block sums. */
export interface BlockSums {
  /** Number of blocks; 0 asks for the whole file. */
  readonly count: number;
  readonly blockLength: number;
  /** Length of the last block, 0 when it is whole. */
  readonly remainder: number;
  /** Bytes of each strong sum (s2length). */
  readonly strongLength: number;
  /** `count` times (rolling sum u32 LE, strong sum), exactly as read from the wire. Empty with append. */
  readonly sums: Uint8Array;
}

/** What a job did with an output that was lent to it. */
export interface LentOutput {
  readonly done: boolean;
  readonly bytesWritten: number;
  /** Of a write that failed; 0 when all went well. */
  readonly errno: number;
}

/** What a job did with an input that was lent to it. */
export interface LentInput {
  readonly done: boolean;
  /** Payload bytes left of the current frame; -1 where the stream has no frames. */
  readonly frameLeft: number;
  /** What was read and belongs to others, headers included. */
  readonly rest: Uint8Array;
  readonly bytesRead: number;
  /** Of a read that failed; 0 when all went well. */
  readonly errno: number;
}

/** The sender's side of one file. */
export interface SendRequest {
  readonly path: ByteString;
  /** The peer's basis; `undefined` sends the whole file. */
  readonly basis?: BlockSums;
  /** The receiver writes into its basis: a match may not lie before the current position. */
  readonly updatingInPlace?: boolean;
  /** Append: skip the basis' length; with `verify` it still enters the whole-file digest. */
  readonly append?: 'plain' | 'verify';
  readonly digest: DigestSpec;
  readonly encoder: TokenEncoder;
  /** Compression level of this file, where it differs from the encoder's (skip-compress). */
  readonly level?: number;
  /** Bytes that are read of a device (copy-devices); without them one has none. */
  readonly deviceBytes?: number;
}

/** Delta statistics of one file, in bytes and blocks (`--stats`, match report). */
export interface SendResult {
  readonly literal: number;
  readonly matched: number;
  readonly hashHits: number;
  readonly falseAlarms: number;
  readonly matches: number;
  /** errno of a failed read; the peer then sees a digest that cannot match. 0 when all went well. */
  readonly readErrno: number;
}

/**
 * A file being sent. `next` fills `into` (at least 64 KiB) with the next bytes of its token stream:
 * tokens, the end token, the whole-file digest. 0 means the stream is complete.
 */
export interface SendJob {
  /** Size at open (fstat). */
  readonly size: number;
  next(into: Uint8Array): Promise<number>;
  /**
   * Writes the stream to the descriptor of a wire itself, in frames or plain, for about `ms` milliseconds.
   * The descriptor does not block, everything before it was written, and nobody else writes meanwhile. Where
   * a kernel cannot do that, `next` is the way.
   */
  pump?(fd: number, framed: boolean, ms: number): Promise<LentOutput>;
  /** Bytes that `pump` has put on its wires so far, also while it works. */
  readonly pumped?: number;
  result(): SendResult;
  close(): void;
}

/** What became of small files whose token streams were asked for: they stand one after the other. */
export interface SendManyResult {
  /** Per file: 0, an errno, or -1 (no regular file, or there is no room: use `openSend`); nothing stands there but for 0. */
  readonly status: Int32Array;
  /** Per file: its bytes are `into[ends[i-1] .. ends[i])`. */
  readonly ends: Uint32Array;
  /** Per file: literal bytes sent (the file's size as read). */
  readonly sizes: Float64Array;
}

/** The receiver's side of one file. */
export interface ReceiveRequest {
  /**
   * Where data is written: a temporary name that is created exclusively with mode 0600, or the file
   * itself with `inPlace` (created where missing). `undefined` reads the stream and throws it away.
   */
  readonly path?: ByteString;
  readonly inPlace?: boolean;
  /** Write from this offset on; the bytes before it are the basis (append). */
  readonly appendAt?: number;
  /** With `appendAt`: the bytes before it enter the digest (append-verify; always set below protocol 30). */
  readonly appendDigest?: boolean;
  /** The file that matched blocks are read from. */
  readonly basis?: ByteString;
  /** Sum head as the sender echoed it; block references outside it are a protocol error. */
  readonly blockLength: number;
  readonly blockCount: number;
  readonly remainder: number;
  readonly digest: DigestSpec;
  readonly decoder: TokenDecoder;
  /** Leave holes where data is zero. */
  readonly sparse?: boolean;
  /** Reserve this many bytes first (preallocate). */
  readonly preallocate?: number;
  readonly fsync?: boolean;
}

export interface ReceiveProgress {
  /** Bytes taken from the ranges, in order. Whatever follows the file's digest is left. */
  readonly consumed: number;
  readonly done: boolean;
}

export interface ReceiveResult {
  readonly verified: boolean;
  readonly literal: number;
  readonly matched: number;
  /** Length of the file as written. */
  readonly size: number;
  /** First failed write, with its system call; the rest of the stream was read and thrown away. */
  readonly writeErrno: number;
  readonly syscall: string;
  /** The sender's whole-file digest. */
  readonly digest: Uint8Array;
}

/**
 * A file being received. `push` is given payload bytes of the wire as ranges (offset, length pairs) of
 * one buffer, takes as much as belongs to the file and says when it is complete. A malformed stream
 * rejects with an `RsyncError` (protocol, stream).
 */
export interface ReceiveJob {
  push(raw: Uint8Array, ranges: Uint32Array, rangeCount: number): Promise<ReceiveProgress>;
  /**
   * Takes what belongs to the file from the descriptor of a wire itself, until it is complete, a message waits
   * or `ms` milliseconds are over. `frameLeft` payload bytes are left of the current frame (-1: no frames). The
   * descriptor does not block, and nobody else reads from it meanwhile. Where a kernel cannot do that, `push`
   * is the way.
   */
  drain?(fd: number, frameLeft: number, ms: number): Promise<LentInput>;
  result(): ReceiveResult;
  /** Closes the descriptors; the written file stays where it is. */
  close(): void;
  /** Ends the job and removes the temporary file it created (never one that is written in place). */
  abort(): void;
}

/** Block sums of a basis file, in pieces ready for the wire (see `BlockSums.sums`). */
export interface BlockSumJob {
  /** Fills `into` with whole (rolling, strong) pairs; 0 at the end. */
  next(into: Uint8Array): Promise<number>;
  close(): void;
}

/** Bits of what a kernel may look for beside a status, so that what most files lack costs no call of its own. */
export const Extra = { Acls: 1, Xattrs: 2 } as const;

export interface ScanOptions {
  /** Also read the targets of symbolic links. */
  readonly links?: boolean;
  /** Stat what symbolic links point to (copy-links); a dangling one keeps its own stat. */
  readonly follow?: boolean;
  /** Bits of `Extra`: tell which of these an entry certainly lacks (`StatTable.lacks`). */
  readonly lookFor?: number;
}

export interface TreeOptions {
  /** Resolve `..`, absolute link targets and links out of the tree as errors (daemon modules). */
  readonly confined?: boolean;
  /**
   * Symbolic links in the directory part of a path are followed: those that stay below the tree, or all, and then
   * directories are read through links, too (for sources with --copy-links and its like).
   */
  readonly followParents?: 'below' | 'anywhere' | undefined;
  /** Files are read through a symbolic link at the end of their path. */
  readonly followFiles?: boolean;
  /**
   * With --fake-super: a real symbolic link is taken for one without a target, so that one is noted in its place.
   */
  readonly notesLinks?: boolean;
  /**
   * Reading a file leaves its access time alone (O_NOATIME); only its owner and root may ask for that, others
   * get EPERM.
   */
  readonly keepAccessTimes?: boolean;
  /**
   * Symbolic links on the way to the directory, and in the directory part of absolute paths, are followed only where
   * they belong to root or to us (rsync's answer to links that others plant in what the user named).
   */
  readonly trustedLinks?: boolean;
  /** With `trustedLinks`: absolute paths that end up outside of this directory are refused. */
  readonly confineRoot?: ByteString | undefined;
  /**
   * A directory around the tree, a daemon's module: whatever path is named, nothing outside of it is reached. Links that
   * stay in it are followed on the way to the tree and in absolute paths, and `trustedLinks` does not count.
   */
  readonly beneath?: ByteString | undefined;
}

/**
 * What a kernel without the system calls for it could not keep of what it was asked for: nanoseconds of a time, space
 * set aside beforehand, holes in what was data, what a directory's default ACL gives to a new directory.
 */
export type Loss = 'nanoseconds' | 'preallocate' | 'holes' | 'defaultAcl';

/** Names in directories, packed, for `lstatRuns` and `fileSums` of `Tree`. Neither buffer may change until the call is done. */
export interface NameRuns {
  readonly dirs: readonly ByteString[];
  readonly names: Uint8Array;
  /** Three numbers a name: the index of its directory, its offset in `names`, its length. */
  readonly runs: Uint32Array;
}

/** What lies where entries of a file list shall be. */
export interface LookedUp {
  /** A row without texts for each; a missing one has its errno. Of files that need nothing it may be empty. */
  readonly rows: StatTable;
  /** The indexes of those that need something, in order. */
  readonly others: Uint32Array;
  /** With `compare`, for each entry: `isSame`, `isOther`, or 0 where there was nothing to compare. */
  readonly same: Uint8Array;
  /** For each directory what else is in it, or why that is unknown. Empty where it was not asked for. */
  readonly extras: readonly (StatTable | SysError)[];
}

/** Values of `LookedUp.same`. */
export const isSame = 1;
export const isOther = 2;

/**
 * Extended attributes of what lies at a path itself, a symbolic link included; `''` is the tree. Names have their
 * name space (`user.`), values are bytes as the system keeps them. ACLs are attributes too. Calls throw `SysError`.
 */
export interface Xattrs {
  /** All that this user may see. A file system without attributes gives EOPNOTSUPP. */
  list(path: ByteString): ByteString[];
  /** Undefined where there is none of this name. `follow`: of what a symbolic link leads to. */
  get(path: ByteString, name: ByteString, follow?: boolean): Uint8Array | undefined;
  set(path: ByteString, name: ByteString, value: Uint8Array): void;
  remove(path: ByteString, name: ByteString): void;
}

/**
 * A held directory. Paths given to its methods are below it. A tree stays valid when the directory is
 * renamed. Synchronous methods throw `SysError`.
 */
export interface Tree extends HeldTree {
  close(): void;
  /** What could not be kept so far, to be told once at the end of a run; a kernel that keeps all lacks it. */
  readonly losses?: ReadonlySet<Loss>;
  /**
   * Work that runs on this tree (`receiveMany`, `copyFile`, `fileSums`) ends soon, and so does any that comes
   * later: what is not done has the status `interrupted` or rejects with exit 20, and no temporary file of it
   * is left that is not asked for. Short calls still work, to put things away.
   */
  interrupt(): void;

  /**
   * Holds the directory that `path` leads to now, and paths at and below `path` go on from there: for what the user
   * named. A relative path may go through whatever links (in a confined tree they must not leave it); an absolute
   * one goes through those that absolute paths go through, and from there on no link is followed. What was held and is
   * removed now is held anew. `way` leads to what is held in place of that: the caller has looked what it may be.
   */
  admit(path: ByteString, way?: ByteString): void;

  /** Reads one directory with the stats of all its entries, unsorted, without `.` and `..`. */
  scan(dir: ByteString, options?: ScanOptions): StatTable;
  /** As `scan`, off the event loop. */
  scanAsync(dir: ByteString, options?: ScanOptions): Promise<StatTable>;
  /**
   * As `scan`, for several directories, off the event loop: a table each, or why there is none. Once there
   * are `enough` rows, those that are left are not read: the result is shorter than `dirs`, but never empty.
   */
  scanMany(
    dirs: readonly ByteString[],
    options: ScanOptions,
    enough: number,
  ): Promise<(StatTable | SysError)[]>;
  /**
   * As `scan`, with the entries as sorted records of a file list; a kernel that has no such call leaves that to
   * its caller.
   */
  list?(dir: ByteString, options: ListingOptions): Listing | typeof unlistable;
  /** As `list`, for directories and those below them in the order in which a file list has them; off the event loop. */
  listTree?(dirs: readonly ByteString[], options: ListingOptions, enough: number): Promise<ListedTree>;
  /** Looks up entries by their records, and tells which of them need nothing. */
  lookUp?(entries: EntryRuns): LookedUp;
  /** As `lookUp`, off the event loop. */
  lookUpAsync?(entries: EntryRuns): Promise<LookedUp>;
  /** Stats of `names` in `dir` (`''` for the tree itself); a missing one has its errno in the row. `lookFor`: as for `scan`. */
  lstatMany(dir: ByteString, names: readonly ByteString[], lookFor?: number): StatTable;
  /** As `lstatMany`, off the event loop; the rows have no names. */
  lstatRuns(names: NameRuns, lookFor?: number): Promise<StatTable>;
  /** One row. Throws `SysError` where it fails. */
  lstat(path: ByteString): StatTable;
  /** As `lstat`, following symbolic links without confinement. */
  stat(path: ByteString): StatTable;
  readlink(path: ByteString): ByteString;

  /** Absent where a kernel cannot read them. */
  readonly xattrs?: Xattrs;
  /** Bytes of a block device; 0 of what has no end. */
  deviceSize(path: ByteString): number;
  /** The content of a small file, at most `most` bytes; a symbolic link gives ELOOP. */
  readSmall(path: ByteString, most: number): ByteString;
  /** Makes a file of this content. One that is there is written over, what a symbolic link leads to never. */
  writeSmall(path: ByteString, content: ByteString, mode: number): void;
  mkdir(path: ByteString, mode: number): void;
  symlink(target: ByteString, path: ByteString): void;
  link(existing: ByteString, path: ByteString): void;
  /** Device nodes, fifos and sockets; `mode` holds the file type. */
  mknod(path: ByteString, mode: number, major: number, minor: number): void;
  unlink(path: ByteString): void;
  rmdir(path: ByteString): void;
  rename(from: ByteString, to: ByteString): void;
  /**
   * Sets metadata without following a symbolic link: owner and group, then times, then mode. `mode` of a
   * symbolic link is ignored where the system cannot set it. Ends with the first part that fails, and returns its errno,
   * else 0.
   */
  setMeta(path: ByteString, meta: Meta): number;

  /**
   * The -c checksums of files, of the first `sizes[i]` bytes of each: per file errno and digest (zeros where it
   * failed; a file that is shorter fails). Several calls may be under way at once.
   */
  fileSums(names: NameRuns, sizes: Float64Array, digest: DigestSpec): Promise<FileSums>;
  /** Throws `SysError` when the file cannot be opened. */
  openBlockSums(
    path: ByteString,
    size: number,
    blockLength: number,
    strongLength: number,
    digest: DigestSpec,
  ): BlockSumJob;

  /** Throws `SysError` when the file cannot be opened. */
  openSend(request: SendRequest): SendJob;
  /**
   * Reads, hashes and tokenizes small files in one call, as far as `into` has room for their streams; uncompressed only.
   * Nobody else may touch it until the promise settles.
   */
  sendMany(paths: readonly ByteString[], into: Uint8Array, digest: DigestSpec): Promise<SendManyResult>;

  /** Throws `SysError` when the output cannot be created or the basis not opened. */
  openReceive(request: ReceiveRequest): ReceiveJob;
  /**
   * Creates, fills, verifies, dresses and renames many files that do not depend on each other. Content comes
   * with the batch, or is copied from files of other trees of this kernel: reflink, copy_file_range or
   * read/write.
   */
  receiveMany(batch: ReceiveBatch): Promise<ReceiveManyResult>;
  /**
   * Copies a whole file inside the machine (copy-dest, backups): reflink, copy_file_range or read/write. The copy has
   * those permissions of `mode` that are its owner's; who dresses it sets the others.
   */
  copyFile(from: ByteString, to: ByteString, mode: number): Promise<void>;
}

export interface FileSums {
  readonly status: Int32Array;
  readonly sums: Uint8Array;
}

export interface ReceiveManyResult {
  /** Per record: 0, an errno, `digestMismatch`, `sourceChanged`, `interrupted` or `held`. */
  readonly status: Int32Array;
  /** Index into `receiveSteps` of the step that failed. */
  readonly step: Uint8Array;
  /** Per record: bytes of its content; of a source, its size when it was opened. */
  readonly sizes: Float64Array;
}

/** Status of a file whose content did not match the sender's digest; its temporary file is gone. */
export const digestMismatch = -2;
/** Status of a record whose source became shorter or longer while it was copied; its temporary file is gone. */
export const sourceChanged = -3;
/** Status of what `Tree.interrupt` ended or kept from starting. */
export const interrupted = -4;
/** Status of a file that is complete and waits under its temporary name (`ReceiveFlag.Hold`). */
export const held = -5;

/** The steps of `receiveMany`, for messages. `source`: the file to copy from cannot be opened. */
export const receiveSteps = [
  '',
  'source',
  'mkstemp',
  'read',
  'write',
  'chown',
  'utimes',
  'chmod',
  'rename',
] as const;

/** Steps that a complete file lacks, which has its place all the same. */
export type DressingStep = 'chown' | 'utimes' | 'chmod';

export function isDressing(step: (typeof receiveSteps)[number]): step is DressingStep {
  return step === 'chown' || step === 'utimes' || step === 'chmod';
}

/** Pipe ends for a child process. Both numbers are descriptors of this process. */
export interface PipePair {
  readonly read: number;
  readonly write: number;
  /** Bytes the pipe holds. */
  readonly size: number;
}

/** What `--version -V` tells of the kernel. */
export interface KernelReport {
  readonly name: 'native' | 'portable';
  readonly features: readonly string[];
}

export interface Kernel {
  readonly name: 'native' | 'portable';
  report(): KernelReport;
  /** Strong checksums and compressions this kernel has, strongest or best first, as for negotiation. */
  readonly digests: readonly DigestName[];
  readonly compressions: readonly CompressName[];
  /**
   * What can be made and set. A node that cannot be made is an error (ENOSYS) of that entry. Nanoseconds that are
   * lost are in `Tree.losses`: a warning once a run, and an error where --modify-window=-1 asks for them. Times of
   * symbolic links that cannot be set are left alone, as by an rsync that cannot.
   */
  readonly can: {
    readonly mknod: boolean;
    readonly nanoseconds: boolean;
    readonly linkTimes: boolean;
    /** Trees have `xattrs`; a run that needs them and has none is refused. */
    readonly xattrs: boolean;
  };

  /** Throws `SysError` when it is not a directory that can be entered. */
  openTree(path: ByteString, options?: TreeOptions): Tree;
  /** A plain digest of `data` (no seed). */
  digest(name: DigestName, data: Uint8Array): Uint8Array;
  openEncoder(spec: CodecSpec): TokenEncoder;
  openDecoder(spec: CodecSpec): TokenDecoder;
  /** Anonymous pipe, enlarged as far as the system lets; `undefined` where the kernel has none. */
  pipe(): PipePair | undefined;
  /** A connected pair of AF_UNIX stream sockets, close-on-exec. */
  socketPair(): [number, number] | undefined;
  closeFd(fd: number): void;
  /**
   * Sorts the entries of one directory as protocols from 29 on do, in place; the index that each had before, null
   * where none moved. A kernel without this, and the next call, leaves it to the file list.
   */
  sortEntries?(records: Uint8Array, names: Uint8Array): Uint32Array | null;
  /**
   * Decodes entries of protocols from 30 on from `input` into free `records` and `names`, as far as they are
   * plain: regular files in the directory of the entry before, of the same owner. `last` holds that one's name.
   */
  decodeEntries?(
    input: Uint8Array,
    last: Uint8Array,
    state: Float64Array,
    records: Uint8Array,
    names: Uint8Array,
    run: EntryRun,
  ): void;
  /**
   * Encodes entries of protocols from 30 on from the start of `records` into `output`, as far as they are plain (see
   * `decodeEntries`) and there is room; at least a KiB. `run` tells the owner of the entry before.
   */
  encodeEntries?(
    records: Uint8Array,
    names: Uint8Array,
    last: Uint8Array,
    state: Float64Array,
    output: Uint8Array,
    run: EntryRun,
    nanoseconds: boolean,
  ): void;
  /**
   * Acknowledges at once what a TCP socket has received. A peer that joins small writes (a daemon does) else waits
   * for 40 ms with the next one. Absent where a kernel cannot.
   */
  readonly acknowledge?: (fd: number) => void;
  /** Sets an option of a socket by its C name; the errno of what failed, 0 for none. Absent where a kernel cannot. */
  readonly setSocketOption?: (fd: number, name: string, value: number) => number;
  /** Makes a directory the root of this process, and its working directory; the errno of what failed, 0 for none. */
  readonly changeRoot?: (path: ByteString) => number;
  /** Lets this process have so many bytes of memory more than now; the errno of what failed, 0 for none. */
  readonly limitMemory?: (more: number) => number;
  /**
   * Copies this process, whose only thread with work to do is this one: the number of the copy, 0 in the copy itself, or a
   * negative errno. The copy is ended after `lifetime` seconds; 0 lets it live. It ends by `exitAtOnce`.
   */
  readonly fork?: (lifetime: number) => number;
  /** Lets the system forget copies that have ended. */
  readonly reap?: () => void;
  /** Ends this process at once. Absent where a kernel cannot. */
  readonly exitAtOnce?: (status: number) => void;
  /** Sets a flag of V8's, as it stands on Node's command line; false where it cannot be set by this. */
  readonly setEngineFlag?: (flag: string) => boolean;
  /** Locks a range of a file for this process, for as long as that is open; false where another one has it. */
  readonly lockRange?: (fd: number, start: number, length: number) => boolean;
  /** A descriptor whose writes go to the system's log, one message each; or a negative errno. */
  readonly systemLog?: () => number;
}
