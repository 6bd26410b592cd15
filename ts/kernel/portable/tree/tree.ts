import * as fs from 'node:fs';
import { SysError } from '../../../errors.ts';
import type { Host } from '../../../host.ts';
import type {
  BlockSumJob,
  ByteString,
  DigestSpec,
  Loss,
  Meta,
  NameRuns,
  ReceiveJob,
  ReceiveManyResult,
  ReceiveRequest,
  ScanOptions,
  SendJob,
  SendManyResult,
  SendRequest,
  Tree,
  TreeOptions,
} from '../../kernel.ts';
import type { ReceiveBatch } from '../../receive-batch.ts';
import type { StatTable } from '../../stat-table.ts';
import { PortableBlockSumJob } from '../delta/block-sum-job.ts';
import { PortableReceiveJob, type ReceiveFiles } from '../delta/receive-job.ts';
import { PortableSendJob } from '../delta/send-job.ts';
import { asSysError, attempt, errnoOf, sysError } from '../sys-error.ts';
import { fileWork, Turns } from '../turn.ts';
import { copyFile } from './copy-file.ts';
import { bytesOf, Directory } from './directory.ts';
import { fileSums, pathAt } from './file-sums.ts';
import { setMeta } from './meta.ts';
import { createNew, type OpenFile, openInPlace, openToRead } from './open-file.ts';
import { receiveMany } from './receive-many.ts';
import { sendMany } from './send-many.ts';
import { entryOf, StatRows, statRow } from './stat-rows.ts';

/** What a tree has to know of the process, whose rights the system goes by. */
export type PortableHost = Pick<Host, 'umask' | 'user'>;

/** A held directory of the portable kernel. */
export class PortableTree implements Tree {
  readonly path: ByteString;
  readonly losses = new Set<Loss>();
  private readonly directory: Directory;
  private readonly turns = new Turns();
  private readonly host: PortableHost;

  /** Throws `SysError` when `path` is not a directory that can be entered. */
  constructor(path: ByteString, options: TreeOptions | undefined, host: PortableHost) {
    this.path = path;
    this.host = host;
    this.directory = new Directory(path, options ?? {}, host.user);
  }

  close(): void {
    this.directory.close();
  }

  interrupt(): void {
    this.turns.interrupted = true;
  }

  admit(path: ByteString, way?: ByteString): void {
    this.directory.admit(path, way);
  }

  scan(dir: ByteString, options: ScanOptions = {}): StatTable {
    const at = this.directory.resolveDirectory(dir, 'opendir');
    const rows = new StatRows();
    const names = attempt('opendir', () => fs.readdirSync(at, { encoding: 'latin1' }));
    for (const name of names) rows.add(entryOf(at, name), name, options);
    checkSearchable(at, rows);
    return rows.pack();
  }

  async scanAsync(dir: ByteString, options: ScanOptions = {}): Promise<StatTable> {
    // A descriptor of its own: the one behind a resolved path may be closed before the scan is through.
    const { O_DIRECTORY, O_RDONLY } = fs.constants;
    const resolved = this.directory.resolveDirectory(dir, 'opendir');
    if (process.platform !== 'linux') return this.scan(dir, options);
    const fd = attempt('opendir', () => fs.openSync(resolved, O_RDONLY | O_DIRECTORY));
    try {
      const at = bytesOf(`/proc/self/fd/${fd}`);
      const names = await fs.promises.readdir(at, { encoding: 'latin1' });
      const rows = new StatRows();
      for (let i = 0; i < names.length; i++) {
        if (this.turns.spend(fileWork)) await this.turns.next();
        rows.add(entryOf(at, names[i]), names[i], options);
      }
      checkSearchable(at, rows);
      return rows.pack();
    } catch (error) {
      throw asSysError(error, 'opendir');
    } finally {
      fs.closeSync(fd);
    }
  }

  async scanMany(
    dirs: readonly ByteString[],
    options: ScanOptions,
    enough: number,
  ): Promise<(StatTable | SysError)[]> {
    const tables: (StatTable | SysError)[] = [];
    let rows = 0;
    for (const dir of dirs) {
      if (rows >= enough && tables.length > 0) break;
      try {
        const table = await this.scanAsync(dir, options);
        rows += table.count;
        tables.push(table);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        tables.push(error);
      }
    }
    return tables;
  }

  lstatMany(dir: ByteString, names: readonly ByteString[]): StatTable {
    const rows = new StatRows();
    for (const name of names) {
      try {
        rows.add(this.directory.resolve(dir === '' ? name : `${dir}/${name}`, 'lstat'), name);
      } catch (error) {
        rows.addErrno(asSysError(error, 'lstat').errno, name);
      }
    }
    return rows.pack();
  }

  async lstatRuns(names: NameRuns): Promise<StatTable> {
    const rows = new StatRows();
    for (let i = 0; i < names.runs.length; i += 3) {
      if (this.turns.spend(fileWork)) await this.turns.next();
      try {
        rows.add(this.directory.resolve(pathAt(names, i), 'lstat'), '');
      } catch (error) {
        rows.addErrno(asSysError(error, 'lstat').errno, '');
      }
    }
    return rows.pack();
  }

  lstat(path: ByteString): StatTable {
    const at = this.directory.resolve(path, 'lstat');
    return statRow(
      path,
      attempt('lstat', () => fs.lstatSync(at, { bigint: true })),
    );
  }

  stat(path: ByteString): StatTable {
    const at = this.directory.resolveFollowing(path, 'stat');
    return statRow(
      path,
      attempt('stat', () => fs.statSync(at, { bigint: true })),
    );
  }

  readlink(path: ByteString): ByteString {
    const at = this.directory.resolve(path, 'readlink');
    return attempt('readlink', () => fs.readlinkSync(at, { encoding: 'latin1' }));
  }

  /** Node cannot ask for the end of a device, so it is looked for: there is a byte before it, and none behind it. */
  deviceSize(path: ByteString): number {
    const { fd } = openToRead(this.directory, path);
    const byte = Buffer.alloc(1);
    const has = (at: number): boolean => {
      try {
        return fs.readSync(fd, byte, 0, 1, at) === 1;
      } catch {
        return false;
      }
    };
    try {
      if (!fs.fstatSync(fd).isBlockDevice() || !has(0)) return 0;
      let last = 0;
      let past = 1;
      for (; has(past); past *= 2) last = past;
      while (past - last > 1) {
        const middle = Math.floor((last + past) / 2);
        if (has(middle)) last = middle;
        else past = middle;
      }
      return past;
    } finally {
      fs.closeSync(fd);
    }
  }

  readSmall(path: ByteString, most: number): ByteString {
    const { fd } = openToRead(this.directory, path);
    try {
      const content = Buffer.alloc(most);
      let length = 0;
      for (let n = -1; n !== 0 && length < most; length += n)
        n = attempt('read', () => fs.readSync(fd, content, length, most - length, null));
      return content.toString('latin1', 0, length);
    } finally {
      fs.closeSync(fd);
    }
  }

  writeSmall(path: ByteString, content: ByteString, mode: number): void {
    const at = this.directory.resolve(path, 'open');
    const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = fs.constants;
    const fd = attempt('open', () => fs.openSync(at, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
    try {
      attempt('write', () => fs.writeFileSync(fd, bytesOf(content)));
    } finally {
      fs.closeSync(fd);
    }
  }

  mkdir(path: ByteString, mode: number): void {
    const at = this.directory.resolve(path, 'mkdir');
    attempt('mkdir', () => fs.mkdirSync(at, mode));
    // Only a default ACL gives a new directory other permissions than the umask lets through.
    const made = mode & 0o777 & ~this.host.umask();
    // Somebody may have taken it away again.
    const there = attempt('mkdir', () => fs.lstatSync(at, { throwIfNoEntry: false }));
    if (there !== undefined && made !== (there.mode & 0o777)) this.losses.add('defaultAcl');
  }

  symlink(target: ByteString, path: ByteString): void {
    const at = this.directory.resolve(path, 'symlink');
    attempt('symlink', () => fs.symlinkSync(bytesOf(target), at));
  }

  link(existing: ByteString, path: ByteString): void {
    this.onTwo('link', existing, path, (from, to) => fs.linkSync(from, to));
  }

  mknod(): void {
    throw sysError('ENOSYS', 'mknod');
  }

  unlink(path: ByteString): void {
    const at = this.directory.resolve(path, 'unlink');
    attempt('unlink', () => fs.unlinkSync(at));
    // An absolute path may have gone through it, if it was a link.
    if (path.startsWith('/')) this.directory.forget();
  }

  rmdir(path: ByteString): void {
    const at = this.directory.resolve(path, 'rmdir');
    attempt('rmdir', () => fs.rmdirSync(at));
    this.directory.forget();
  }

  rename(from: ByteString, to: ByteString): void {
    this.onTwo('rename', from, to, (source, target) => fs.renameSync(source, target));
    this.directory.forget();
  }

  setMeta(path: ByteString, meta: Meta): number {
    try {
      return setMeta(this.directory.resolve(path, 'lstat'), meta, this.losses);
    } catch (error) {
      return asSysError(error, 'lstat').errno;
    }
  }

  fileSums(names: NameRuns, sizes: Float64Array, digest: DigestSpec) {
    return fileSums(this.directory, names, sizes, digest, this.turns);
  }

  openBlockSums(
    path: ByteString,
    size: number,
    blockLength: number,
    strongLength: number,
    digest: DigestSpec,
  ): BlockSumJob {
    const { fd } = openToRead(this.directory, path);
    return orClose(
      fd,
      () => new PortableBlockSumJob({ fd, size }, { blockLength, strongLength, digest }, this.turns),
    );
  }

  openSend(request: SendRequest): SendJob {
    const file = openToRead(this.directory, request.path);
    const size = file.regular ? file.size : (request.deviceBytes ?? file.size);
    return orClose(file.fd, () => new PortableSendJob(file.fd, size, request, this.turns));
  }

  sendMany(paths: readonly ByteString[], into: Uint8Array, digest: DigestSpec): Promise<SendManyResult> {
    return sendMany(this.directory, paths, into, digest, this.turns);
  }

  openReceive(request: ReceiveRequest): ReceiveJob {
    const basis = this.openBasis(request);
    try {
      const files = this.openOutput(request, basis);
      if ((request.preallocate ?? 0) > 0) this.losses.add('preallocate');
      return new PortableReceiveJob(request, files, this.turns, this.losses);
    } catch (error) {
      if (basis !== undefined) fs.closeSync(basis.fd);
      throw error;
    }
  }

  receiveMany(batch: ReceiveBatch): Promise<ReceiveManyResult> {
    const sources = batch.sources.map((tree) => (tree as PortableTree).directory);
    return receiveMany({ directory: this.directory, turns: this.turns, losses: this.losses }, batch, sources);
  }

  copyFile(from: ByteString, to: ByteString, mode: number): Promise<void> {
    return copyFile(this.directory, from, to, mode, this.turns);
  }

  /** The basis; appending to a file whose start must be hashed, that file is its own. */
  private openBasis(request: ReceiveRequest): OpenFile | undefined {
    if (request.basis !== undefined) return openToRead(this.directory, request.basis);
    const own = request.path !== undefined && request.appendDigest === true && (request.appendAt ?? 0) > 0;
    return own ? openToRead(this.directory, request.path as ByteString) : undefined;
  }

  private openOutput(request: ReceiveRequest, basis: OpenFile | undefined): ReceiveFiles {
    const { path } = request;
    if (path === undefined) return { basis, discard() {} };
    const at = this.directory.resolve(path, 'open');
    if (request.inPlace === true) return { output: openInPlace(at), basis, discard() {} };
    const fd = createNew(at);
    return {
      output: { fd, size: 0, regular: true },
      basis,
      discard: () => {
        errnoOf(() => fs.unlinkSync(this.directory.resolve(path, 'unlink')));
      },
    };
  }

  /** Both parents stay held, for `Directory` keeps more than the last one. */
  private onTwo(
    syscall: string,
    from: ByteString,
    to: ByteString,
    call: (from: Buffer, to: Buffer) => void,
  ): void {
    const source = this.directory.resolve(from, syscall);
    const target = this.directory.resolve(to, syscall);
    attempt(syscall, () => call(source, target));
  }
}

/**
 * A directory that can be read but not searched gives its names away and nothing else: for us it cannot be opened.
 * Throws `SysError` then.
 */
function checkSearchable(at: Buffer, rows: StatRows): void {
  if (rows.found === 0) attempt('opendir', () => fs.lstatSync(entryOf(at, '.')));
}

/** Runs what takes over a descriptor; closes it when that fails. */
function orClose<T>(fd: number, take: () => T): T {
  try {
    return take();
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}
