/**
 * --fake-super: what only root may do to files is not done, but noted in the attribute `user.rsync.%stat` of a plain
 * file: its type and mode (octal), device numbers, owner and group, `120777 0,0 1000:1000`. A symbolic link is a file
 * that holds its target, nodes are empty files. Who looks through such a tree sees what is noted, as if it were there.
 */
import { ExitCode, RsyncError, SysError } from '../errors.ts';
import {
  type BlockSumJob,
  Extra,
  type FileSums,
  type Kernel,
  type NameRuns,
  type ReceiveJob,
  type ReceiveManyResult,
  type ReceiveRequest,
  type ScanOptions,
  type SendJob,
  type SendManyResult,
  type SendRequest,
  type Tree,
  type TreeOptions,
  type Xattrs,
} from './kernel.ts';
import type { ReceiveBatch } from './receive-batch.ts';
import {
  Lacks,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type StatEdit,
  type StatTable,
} from './stat-table.ts';
import type { ByteString, DigestSpec, Meta } from './types.ts';

const statName = 'user.rsync.%stat';
const longestTarget = 4096;
const permBits = 0o7777;
const accessBits = 0o777;
const readableByAll = 0o444;
/** The user himself must be able to use what is there. */
const ownerUses = { dir: 0o700, other: 0o600 } as const;

/** Is told of a note that cannot be read, though it may be there. */
export type UnreadableNote = (tree: Tree, path: ByteString, errno: number) => void;

/** A kernel whose trees note what only root may do. */
export function withFakeSuper(kernel: Kernel, unreadable: UnreadableNote): Kernel {
  return Object.create(kernel, {
    openTree: {
      value: (path: ByteString, options?: TreeOptions) =>
        new FakeSuperTree(kernel.openTree(path, options), options?.notesLinks === true, unreadable),
    },
  }) as Kernel;
}

class FakeSuperTree implements Tree {
  readonly path: ByteString;
  readonly xattrs: Xattrs;
  private readonly tree: Tree;
  private readonly notesLinks: boolean;
  private readonly unreadable: UnreadableNote;

  constructor(tree: Tree, notesLinks: boolean, unreadable: UnreadableNote) {
    this.tree = tree;
    this.notesLinks = notesLinks;
    this.unreadable = unreadable;
    this.path = tree.path;
    this.xattrs = tree.xattrs as Xattrs;
  }

  close(): void {
    this.tree.close();
  }
  interrupt(): void {
    this.tree.interrupt();
  }
  admit(path: ByteString, way?: ByteString): void {
    this.tree.admit(path, way);
  }

  scan(dir: ByteString, options?: ScanOptions): StatTable {
    return this.noted(dir, this.tree.scan(dir, withXattrs(options)), options?.links === true);
  }
  async scanAsync(dir: ByteString, options?: ScanOptions): Promise<StatTable> {
    return this.noted(dir, await this.tree.scanAsync(dir, withXattrs(options)), options?.links === true);
  }
  async scanMany(
    dirs: readonly ByteString[],
    options: ScanOptions,
    enough: number,
  ): Promise<(StatTable | SysError)[]> {
    const tables = await this.tree.scanMany(dirs, withXattrs(options), enough);
    return tables.map((table, k) =>
      table instanceof SysError ? table : this.noted(dirs[k], table, options.links === true),
    );
  }
  lstatMany(dir: ByteString, names: readonly ByteString[], lookFor = 0): StatTable {
    const table = this.tree.lstatMany(dir, names, lookFor | Extra.Xattrs);
    return this.overlaid(table, (row) => below(dir, names[row]), false);
  }
  async lstatRuns(names: NameRuns, lookFor = 0): Promise<StatTable> {
    const text = Buffer.from(names.names);
    const { dirs, runs } = names;
    const pathOf = (row: number): ByteString => {
      const [dir, at, length] = runs.subarray(3 * row, 3 * row + 3);
      return below(dirs[dir], text.toString('latin1', at, at + length));
    };
    return this.overlaid(await this.tree.lstatRuns(names, lookFor | Extra.Xattrs), pathOf, false);
  }
  lstat(path: ByteString): StatTable {
    return this.overlaid(this.tree.lstat(path), () => path, false);
  }
  stat(path: ByteString): StatTable {
    return this.overlaid(this.tree.stat(path), () => path, false);
  }

  /** The target of a noted link, or of a real one. */
  readlink(path: ByteString): ByteString {
    try {
      return this.tree.readSmall(path, longestTarget);
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== 'ELOOP') throw error;
      return this.notesLinks ? '' : this.tree.readlink(path);
    }
  }
  deviceSize(path: ByteString): number {
    return this.tree.deviceSize(path);
  }
  readSmall(path: ByteString, most: number): ByteString {
    return this.tree.readSmall(path, most);
  }
  writeSmall(path: ByteString, content: ByteString, mode: number): void {
    this.tree.writeSmall(path, content, mode);
  }

  mkdir(path: ByteString, mode: number): void {
    this.tree.mkdir(path, (mode & accessBits) | ownerUses.dir);
  }
  symlink(target: ByteString, path: ByteString): void {
    this.tree.writeSmall(path, target, ownerUses.other);
    this.note(path, { mode: S_IFLNK | accessBits });
  }
  mknod(path: ByteString, mode: number, rdevMajor: number, rdevMinor: number): void {
    this.tree.writeSmall(path, '', ownerUses.other);
    this.note(path, { mode, rdevMajor, rdevMinor });
  }
  link(existing: ByteString, path: ByteString): void {
    this.tree.link(existing, path);
  }
  unlink(path: ByteString): void {
    this.tree.unlink(path);
  }
  rmdir(path: ByteString): void {
    this.tree.rmdir(path);
  }
  rename(from: ByteString, to: ByteString): void {
    this.tree.rename(from, to);
  }

  setMeta(path: ByteString, meta: Meta): number {
    let first = 0;
    try {
      const { mode, uid, gid } = meta;
      if (mode !== undefined || uid !== undefined || gid !== undefined) this.note(path, meta);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      first = error.errno;
    }
    const { mtime, mtimeNsec, atime, atimeNsec } = meta;
    return first || this.tree.setMeta(path, { mtime, mtimeNsec, atime, atimeNsec });
  }

  fileSums(names: NameRuns, sizes: Float64Array, digest: DigestSpec): Promise<FileSums> {
    return this.tree.fileSums(names, sizes, digest);
  }
  openBlockSums(...args: Parameters<Tree['openBlockSums']>): BlockSumJob {
    return this.tree.openBlockSums(...args);
  }
  openSend(request: SendRequest): SendJob {
    return this.tree.openSend(request);
  }
  sendMany(paths: readonly ByteString[], into: Uint8Array, digest: DigestSpec): Promise<SendManyResult> {
    return this.tree.sendMany(paths, into, digest);
  }
  openReceive(request: ReceiveRequest): ReceiveJob {
    return this.tree.openReceive(request);
  }
  receiveMany(batch: ReceiveBatch): Promise<ReceiveManyResult> {
    return this.tree.receiveMany(batch);
  }
  async copyFile(from: ByteString, to: ByteString, mode: number): Promise<void> {
    await this.tree.copyFile(from, to, (mode & accessBits) | ownerUses.other);
  }

  private noted(dir: ByteString, table: StatTable, links: boolean): StatTable {
    return this.overlaid(table, (row) => below(dir, table.name(row)), links);
  }

  /** Rows as they are noted (rsync's x_lstat); real nodes are what they are. */
  private overlaid(table: StatTable, pathOf: (row: number) => ByteString, links: boolean): StatTable {
    const edits = new Map<number, StatEdit>();
    for (let row = 0; row < table.count; row++) {
      if (table.errno(row) !== 0) continue;
      const mode = table.mode(row);
      // Attributes of what may not be read can be listed, but asking for one is an error that is told.
      if ((table.lacks(row) & Lacks.Xattrs) !== 0 && (mode & readableByAll) === readableByAll) continue;
      const type = mode & S_IFMT;
      if (type !== S_IFREG && type !== S_IFDIR) continue;
      const path = pathOf(row);
      const note = this.noteOf(path);
      if (note === undefined) continue;
      const isLink = links && (note.mode & S_IFMT) === S_IFLNK;
      edits.set(row, isLink ? { ...note, link: this.readlink(path) } : note);
    }
    return edits.size === 0 ? table : table.edited(edits);
  }

  private noteOf(path: ByteString): StatEdit | undefined {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.xattrs.get(path, statName);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (!unsupported.has(error.code)) this.unreadable(this, path, error.errno);
      return undefined;
    }
    if (bytes === undefined) return undefined;
    const text = Buffer.from(bytes).toString('latin1');
    const found = /^\s*([0-7]+)\s+(-?\d+),\s*(-?\d+)\s+(-?\d+):\s*(-?\d+)/.exec(text);
    if (found === null)
      throw new RsyncError(
        ExitCode.FileIo,
        `Corrupt ${statName} xattr attached to "${path.startsWith('/') ? path : below(this.path, path)}": "${text}"`,
      );
    const [rdevMajor, rdevMinor, uid, gid] = found.slice(2).map((digits) => Number(digits) >>> 0);
    return { mode: Number.parseInt(found[1], 8), rdevMajor, rdevMinor, uid, gid };
  }

  /**
   * Notes what is to be seen of a file, where it is not what is there (set_stat_xattr). A mode without a type leaves the
   * type as it is.
   */
  private note(path: ByteString, change: Partial<StatEdit>): void {
    const real = this.tree.lstat(path);
    const type = real.mode() & S_IFMT;
    if (type === S_IFLNK) return;
    const before = this.noteOf(path);
    const is = before ?? {
      mode: real.mode(),
      rdevMajor: real.rdevMajor(),
      rdevMinor: real.rdevMinor(),
      uid: real.uid(),
      gid: real.gid(),
    };
    const { rdevMajor = is.rdevMajor, rdevMinor = is.rdevMinor } = change;
    const wanted = change.mode ?? is.mode;
    const mode = (wanted & S_IFMT) === 0 ? (is.mode & S_IFMT) | (wanted & permBits) : wanted;
    const { uid = is.uid, gid = is.gid } = change;
    const used = type | (mode & accessBits) | (type === S_IFDIR ? ownerUses.dir : ownerUses.other);
    // As long as it can be noted, nothing is lost where the mode stays.
    if (real.mode() !== used) this.tree.setMeta(path, { mode: used & permBits });
    const isDevice = type === S_IFBLK || type === S_IFCHR;
    const sameDevice =
      rdevMajor === (isDevice ? real.rdevMajor() : 0) && rdevMinor === (isDevice ? real.rdevMinor() : 0);
    if (mode === used && sameDevice && uid === real.uid() && gid === real.gid()) {
      if (before !== undefined) this.xattrs.remove(path, statName);
      return;
    }
    const text = `${mode.toString(8)} ${rdevMajor},${rdevMinor} ${uid}:${gid}`;
    this.xattrs.set(path, statName, Buffer.from(text));
  }
}

const unsupported: ReadonlySet<string> = new Set(['EOPNOTSUPP', 'ENOTSUP']);

/** Most files are not noted: those without any attributes are not asked for one. */
function withXattrs(options: ScanOptions = {}): ScanOptions {
  return { ...options, lookFor: (options.lookFor ?? 0) | Extra.Xattrs };
}

function below(dir: ByteString, name: ByteString): ByteString {
  return dir === '' || dir === '.' ? name : dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}
