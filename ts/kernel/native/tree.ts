import type * as addon from '../../../native/addon.d.ts';
import { ELOOP, ENODATA, ENXIO } from '../../errno.ts';
import { protocolError, SysError } from '../../errors.ts';
import type { IoPath } from '../io-path.ts';
import {
  type BlockSumJob,
  type BlockSums,
  type ByteString,
  type DigestSpec,
  digestLength,
  type FileSums,
  type LookedUp,
  type Meta,
  type NameRuns,
  type ReceiveJob,
  type ReceiveManyResult,
  type ReceiveRequest,
  type ScanOptions,
  type SendJob,
  type SendManyResult,
  type SendRequest,
  type Tree,
  type Xattrs,
} from '../kernel.ts';
import {
  type EntryRecords,
  type EntryRuns,
  type ListedTree,
  type Listing,
  type ListingOptions,
  unlistable,
} from '../listing.ts';
import type { ReceiveBatch } from '../receive-batch.ts';
import { StatTable, statRowBytes } from '../stat-table.ts';
import type { HeldTree } from '../types.ts';
import { NativeDecoder, NativeEncoder } from './codec.ts';
import type { Failures } from './failure.ts';
import { NativeBlockSumJob, NativeReceiveJob, NativeSendJob } from './jobs.ts';

/** Bits that tell `setMeta` of the addon which fields are meant. */
export const MetaField = { Mode: 1, Uid: 2, Gid: 4, Mtime: 8, Atime: 16 } as const;

const appendModes = { plain: 1, verify: 2 } as const;

/** Numbers of each listed directory, and the failure of one that is `unlistable`. */
const directoryNumbers = 6;
const isUnlistable = 0xffffffff;

/** A held directory of the addon. Several paths cross as one string, joined by NUL. */
export class NativeTree implements Tree {
  readonly path: ByteString;
  private readonly tree: addon.Tree;
  private readonly failures: Failures;
  private readonly io: IoPath | undefined;
  readonly xattrs: Xattrs;

  constructor(path: ByteString, tree: addon.Tree, failures: Failures, io: IoPath | undefined) {
    this.path = path;
    this.tree = tree;
    this.failures = failures;
    this.io = io;
    this.xattrs = xattrsOf(tree, failures, (path) => this.lstat(path));
  }

  /** The addon's tree; all trees of a batch are of one kernel. */
  private static handleOf(this: void, tree: HeldTree): addon.Tree {
    return (tree as NativeTree).tree;
  }

  close(): void {
    this.tree.close();
  }

  interrupt(): void {
    this.tree.interrupt();
  }

  admit(path: ByteString, way?: ByteString): void {
    this.failures.check(this.tree.admit(path, way));
  }

  scan(dir: ByteString, options?: ScanOptions): StatTable {
    const { links = false, follow = false, lookFor = 0 } = options ?? {};
    return toTable(this.failures.need(this.tree.scan(dir, links, follow, lookFor)));
  }

  async scanAsync(dir: ByteString, options?: ScanOptions): Promise<StatTable> {
    const { links = false, follow = false, lookFor = 0 } = options ?? {};
    return toTable(this.failures.need(await this.tree.scanAsync(dir, links, follow, lookFor)));
  }

  async scanMany(
    dirs: readonly ByteString[],
    options: ScanOptions,
    enough: number,
  ): Promise<(StatTable | SysError)[]> {
    const { links = false, follow = false, lookFor = 0 } = options;
    const joined = dirs.join('\0');
    const scanned = await this.tree.scanMany(joined, dirs.length, links, follow, lookFor, enough);
    const { counts, failures } = scanned;
    const all = toTable(scanned.data);
    const tables: (StatTable | SysError)[] = [];
    let first = 0;
    for (let i = 0; i < counts.length; i++) {
      tables.push(failures[i] === 0 ? all.part(first, counts[i]) : this.failures.sys(failures[i]));
      first += counts[i];
    }
    return tables;
  }

  list(dir: ByteString, options: ListingOptions): Listing | typeof unlistable {
    const [listing] = this.toListings(this.tree.list(dir, options));
    if (listing instanceof SysError) throw listing;
    return listing;
  }

  async listTree(dirs: readonly ByteString[], options: ListingOptions, enough: number): Promise<ListedTree> {
    const listed = await this.tree.listTree(dirs.join('\0'), dirs.length, options, enough);
    const contents = this.toListings(listed.directories);
    return { paths: toPaths(listed.paths), contents, left: toPaths(listed.left) };
  }

  private toListings(listed: addon.ListedDirectories): (Listing | typeof unlistable | SysError)[] {
    const { numbers, sizes, owners } = listed;
    const { buffer, byteOffset, byteLength } = listed.records;
    const { names, nameRoom } = listed;
    const records: EntryRecords = {
      f64: new Float64Array(buffer, byteOffset, byteLength / 8),
      u32: new Uint32Array(buffer, byteOffset, byteLength / 4),
      u16: new Uint16Array(buffer, byteOffset, byteLength / 2),
      names: Buffer.from(names.buffer, names.byteOffset, names.byteLength - nameRoom),
      nameRoom,
      count: listed.count,
      owners,
    };
    const listings: (Listing | typeof unlistable | SysError)[] = [];
    let first = 0;
    for (let at = 0, k = 0; at < numbers.length; at += directoryNumbers, k++) {
      const failure = numbers[at + 5];
      if (failure === isUnlistable) listings.push(unlistable);
      else if (failure !== 0) listings.push(this.failures.sys(failure));
      else
        listings.push({
          records,
          first,
          count: numbers[at],
          dirs: numbers[at + 1],
          links: numbers[at + 2],
          size: sizes[k],
          namesAt: numbers[at + 3],
          nameBytes: numbers[at + 4],
        });
      first += numbers[at];
    }
    return listings;
  }

  lookUp({ dirs, counts, records, names, wanted, lookFor, extras }: EntryRuns): LookedUp {
    return this.toLookedUp(
      this.tree.lookUp(dirs.join('\0'), counts, records, names, wanted, lookFor, extras),
    );
  }

  async lookUpAsync(entries: EntryRuns): Promise<LookedUp> {
    const { dirs, counts, records, names, wanted, lookFor, extras, compare } = entries;
    const source = compare && NativeTree.handleOf(compare.source);
    const found = this.tree.lookUpAsync(
      dirs.join('\0'),
      counts,
      records,
      names,
      wanted,
      lookFor,
      extras,
      source,
      compare?.digest,
    );
    return this.toLookedUp(await found);
  }

  private toLookedUp(found: addon.LookedUpEntries): LookedUp {
    const rows = new StatTable(found.rows, found.rows.length / statRowBytes);
    const { others, same, extraCounts, extraFailures } = found;
    const extras: (StatTable | SysError)[] = [];
    if (extraCounts.length > 0) {
      const all = toTable(found.extras);
      let first = 0;
      for (let k = 0; k < extraCounts.length; k++) {
        extras.push(
          extraFailures[k] === 0 ? all.part(first, extraCounts[k]) : this.failures.sys(extraFailures[k]),
        );
        first += extraCounts[k];
      }
    }
    return { rows, others, same, extras };
  }

  lstatMany(dir: ByteString, names: readonly ByteString[], lookFor = 0): StatTable {
    return new StatTable(this.tree.lstatMany(dir, names.join('\0'), names.length, lookFor), names.length);
  }

  async lstatRuns({ dirs, names, runs }: NameRuns, lookFor = 0): Promise<StatTable> {
    const rows = await this.tree.lstatRuns(dirs.join('\0'), dirs.length, names, runs, lookFor);
    return new StatTable(rows, rows.length / statRowBytes);
  }

  lstat(path: ByteString): StatTable {
    const row = new Uint8Array(statRowBytes);
    this.failures.check(this.tree.lstat(path, row));
    return new StatTable(row, 1);
  }

  stat(path: ByteString): StatTable {
    const row = new Uint8Array(statRowBytes);
    this.failures.check(this.tree.stat(path, row));
    return new StatTable(row, 1);
  }

  readlink(path: ByteString): ByteString {
    const target = this.failures.need(this.tree.readlink(path));
    return Buffer.from(target.buffer, target.byteOffset, target.byteLength).toString('latin1');
  }

  deviceSize(path: ByteString): number {
    const size = this.tree.deviceSize(path);
    if (size < 0) this.failures.check(-size);
    return size;
  }

  readSmall(path: ByteString, most: number): ByteString {
    const content = this.failures.need(this.tree.readSmall(path, most));
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  }

  writeSmall(path: ByteString, content: ByteString, mode: number): void {
    this.failures.check(this.tree.writeSmall(path, content, mode));
  }

  mkdir(path: ByteString, mode: number): void {
    this.failures.check(this.tree.mkdir(path, mode));
  }

  symlink(target: ByteString, path: ByteString): void {
    this.failures.check(this.tree.symlink(target, path));
  }

  link(existing: ByteString, path: ByteString): void {
    this.failures.check(this.tree.link(existing, path));
  }

  mknod(path: ByteString, mode: number, major: number, minor: number): void {
    this.failures.check(this.tree.mknod(path, mode, major, minor));
  }

  unlink(path: ByteString): void {
    this.failures.check(this.tree.unlink(path));
  }

  rmdir(path: ByteString): void {
    this.failures.check(this.tree.rmdir(path));
  }

  rename(from: ByteString, to: ByteString): void {
    this.failures.check(this.tree.rename(from, to));
  }

  setMeta(path: ByteString, meta: Meta): number {
    let which = 0;
    if (meta.mode !== undefined) which |= MetaField.Mode;
    if (meta.uid !== undefined) which |= MetaField.Uid;
    if (meta.gid !== undefined) which |= MetaField.Gid;
    if (meta.mtime !== undefined) which |= MetaField.Mtime;
    if (meta.atime !== undefined) which |= MetaField.Atime;
    return this.tree.setMeta(
      path,
      which,
      meta.mode ?? 0,
      meta.uid ?? 0,
      meta.gid ?? 0,
      meta.mtime ?? 0,
      meta.mtimeNsec ?? 0,
      meta.atime ?? 0,
      meta.atimeNsec ?? 0,
    );
  }

  fileSums({ dirs, names, runs }: NameRuns, sizes: Float64Array, digest: DigestSpec): Promise<FileSums> {
    return this.tree.fileSums(dirs.join('\0'), dirs.length, names, runs, sizes, digest);
  }

  openBlockSums(
    path: ByteString,
    size: number,
    blockLength: number,
    strongLength: number,
    digest: DigestSpec,
  ): BlockSumJob {
    const job = this.tree.openBlockSums(path, size, blockLength, strongLength, digest);
    return new NativeBlockSumJob(this.failures.need(job));
  }

  openSend(request: SendRequest): SendJob {
    const { basis, digest, append } = request;
    if (basis !== undefined) checkBasis(basis, digest);
    const job = this.tree.openSend(request.path, digest, NativeEncoder.handleOf(request.encoder), {
      basis,
      updatingInPlace: request.updatingInPlace ?? false,
      append: append === undefined ? 0 : appendModes[append],
      level: request.level,
      deviceBytes: request.deviceBytes,
    });
    return new NativeSendJob(this.failures.need(job), this.failures, this.io);
  }

  sendMany(paths: readonly ByteString[], into: Uint8Array, digest: DigestSpec): Promise<SendManyResult> {
    return this.tree.sendMany(paths.join('\0'), paths.length, into, digest);
  }

  openReceive(request: ReceiveRequest): ReceiveJob {
    const { blockCount, blockLength, remainder } = request;
    checkSumHead(blockCount, blockLength, remainder);
    const decoder = NativeDecoder.handleOf(request.decoder);
    const job = this.tree.openReceive(request.path, request.basis, request.digest, decoder, {
      inPlace: request.inPlace ?? false,
      appendAt: request.appendAt,
      appendDigest: request.appendDigest ?? false,
      blockLength,
      blockCount,
      remainder,
      sparse: request.sparse ?? false,
      preallocate: request.preallocate ?? 0,
      fsync: request.fsync ?? false,
    });
    // What comes in is all that is written: nothing is unpacked, taken from a basis, read again or waited for.
    const startsAtOnce =
      blockCount === 0 &&
      request.appendAt === undefined &&
      !request.fsync &&
      request.decoder.spec.name === 'none';
    return new NativeReceiveJob(this.failures.need(job), this.failures, this.io, startsAtOnce);
  }

  receiveMany(batch: ReceiveBatch): Promise<ReceiveManyResult> {
    const records = batch.records.subarray(0, batch.recordBytes);
    const data = batch.data.subarray(0, batch.dataBytes);
    const sources = batch.sources.map(NativeTree.handleOf);
    return this.tree.receiveMany(batch.digest, records, data, batch.count, sources);
  }

  async copyFile(from: ByteString, to: ByteString, mode: number): Promise<void> {
    this.failures.check(await this.tree.copyFile(from, to, mode));
  }
}

/**
 * Links, sockets and devices have none where there is no /proc to name them by, and they would have to be opened; but
 * `isThere` throws where a link is on the way.
 */
function seen<T>(read: () => T, isThere: () => unknown): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SysError && (error.errno === ELOOP || error.errno === ENXIO))) throw error;
    isThere();
    return undefined;
  }
}

function xattrsOf(tree: addon.Tree, failures: Failures, lstat: (path: ByteString) => unknown): Xattrs {
  return {
    list(path) {
      const names = seen(
        () => failures.need(tree.listXattrs(path)),
        () => lstat(path),
      );
      if (names === undefined || names.length === 0) return [];
      return Buffer.from(names.buffer, names.byteOffset, names.length - 1)
        .toString('latin1')
        .split('\0');
    },
    get: (path, name, follow = false) =>
      seen(
        () => {
          const value = tree.getXattr(path, name, follow);
          // An error is made only of what is one: most files lack most attributes.
          return typeof value === 'number' && (value & 0xffff) === ENODATA ? undefined : failures.need(value);
        },
        () => lstat(path),
      ),
    set: (path, name, value) => failures.check(tree.setXattr(path, name, value)),
    remove: (path, name) => failures.check(tree.removeXattr(path, name)),
  };
}

/** Paths of directories below a tree (never `''`), joined by NUL. */
function toPaths(joined: Uint8Array): ByteString[] {
  if (joined.length === 0) return [];
  return Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength).toString('latin1').split('\0');
}

/** The texts of a table start where its rows end, and the first name is the first text. */
function toTable(packed: Uint8Array): StatTable {
  if (packed.byteLength === 0) return new StatTable(packed, 0);
  const firstName = new Uint32Array(packed.buffer, packed.byteOffset, statRowBytes / 4)[19];
  return new StatTable(packed, firstName / statRowBytes);
}

const fitsU32 = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 0xffffffff;

function checkSumHead(count: number, blockLength: number, remainder: number): void {
  if (!fitsU32(count)) throw protocolError(`Invalid checksum count ${count}`);
  if (!fitsU32(blockLength) || (count > 0 && blockLength === 0))
    throw protocolError(`Invalid block length ${blockLength}`);
  if (!fitsU32(remainder) || remainder > blockLength)
    throw protocolError(`Invalid remainder length ${remainder}`);
}

function checkBasis(basis: BlockSums, digest: DigestSpec): void {
  const { count, blockLength, remainder, strongLength, sums } = basis;
  checkSumHead(count, blockLength, remainder);
  if (!fitsU32(strongLength) || strongLength > digestLength[digest.name])
    throw protocolError(`Invalid checksum length ${strongLength}`);
  if (sums.length !== 0 && sums.length !== count * (4 + strongLength))
    throw protocolError(`Invalid checksum count ${count}`);
}
