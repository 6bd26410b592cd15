import { accessSync, constants } from 'node:fs';
import { ELOOP, ENOENT } from '../errno.ts';
import { IoError, SysError } from '../errors.ts';
import type { FilterChain } from '../filter/chain.ts';
import type { ByteString, FileSums, Tree } from '../kernel/kernel.ts';
import type { Listing } from '../kernel/listing.ts';
import { NameCollector } from '../kernel/name-runs.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, StatTable } from '../kernel/stat-table.ts';
import { extrasLookedFor } from '../metadata/xattrs.ts';
import { maxPath } from '../wire/constants.ts';
import type { Writer } from '../wire/writer.ts';
import { type Choice, candidateAt } from './choice.ts';
import type { FlistContext } from './context.ts';
import { deadEnd, followErrno } from './dead-end.ts';
import type { FlistEncoder, LinkedInode } from './encoder.ts';
import { type EntryFields, EntryFlag, type FileList, isDeviceMode, isSpecialMode } from './file-list.ts';
import type { FileLists } from './file-lists.ts';
import { ScanAhead, type Upcoming } from './scan-ahead.ts';
import { listingOptions, type SourceAhead } from './source-ahead.ts';
import { prefixOf } from './source-arg.ts';
import { SourceExtras } from './source-extras.ts';
import { admit, checkFolder, checkLink, type SourceRoot, throughLinks } from './source-roots.ts';
import { TreeAhead } from './tree-ahead.ts';
import { isUnsafeLink } from './unsafe-link.ts';
import type { FlistFormat } from './wire-format.ts';

/** Calls for the -c checksums of a directory's files, and the fewest files that are worth one. */
const summedAtOnce = 4;
const fewestSummed = 64;
/** Bytes of a name and its slash: in directories with less room for it names may be too long. */
const longestName = 257;
const accessBits = 0o777;
/** Bytes of a name, to start with. */
const usualName = 16;
/** Entries that are looked through for the directories that come next. */
const mostLookedAt = 4096;

export interface WalkContext extends FlistContext {
  readonly writer: Writer;
  readonly filters: FilterChain;
  readonly choice?: Choice | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** The first source, where it was read before there was a peer. */
  readonly ahead?: SourceAhead;
}

/** How an entry comes into the list. */
interface Admission {
  /** `EntryFlag` bits. */
  readonly flags: number;
  /** Filters and -x apply (not to what was named as a source). */
  readonly filtered: boolean;
  /** Directories are taken, even without -r and -d, and links to them followed. */
  readonly implied?: boolean;
}

/** Where entries come from and go to. */
interface Into {
  readonly list: FileList;
  readonly root: SourceRoot;
  /** The directory's number in the list. */
  readonly dir: number;
  readonly admission: Admission;
}

/** What a directory's turn may depend on. */
interface DirectoryTurn {
  readonly upcoming?: Upcoming;
  readonly enter?: (() => boolean) | undefined;
}

/** An entry that cannot be sent before its checksum is known, or before one that cannot. */
interface Waiting {
  readonly i: number;
  readonly inode: LinkedInode | undefined;
  readonly root: SourceRoot;
}

/** Turns what is on the disk into entries of a list, and sends them. */
export class Walk {
  private readonly context: WalkContext;
  private readonly format: FlistFormat;
  private readonly lists: FileLists;
  private readonly encoder: FlistEncoder;
  /** Codes the entries, where anybody wants that: lists may pass as they are. */
  private readonly coder: FlistEncoder | undefined;
  /** Entries of the current list that are not sent yet, because their checksums are still missing. */
  private waiting: Waiting[] = [];
  private readonly scans: ScanAhead;
  /** Reads records instead of rows, where nothing has to be looked at. */
  private trees: TreeAhead | undefined;
  /** Whole trees: the directories that are being gone through, the innermost last. */
  private readonly open: { list: FileList; root: SourceRoot; at: number; to: number }[] = [];
  private readonly sendsDirs: boolean;
  /** Each entry, or their number, is shown. */
  private readonly tells: boolean;
  /** Some symbolic links, or all, are sent as what they lead to. */
  private readonly followsLinks: boolean;
  private readonly makesSums: boolean;
  private readonly keepsSums: boolean;
  private readonly extras: SourceExtras | undefined;
  /** -x: the device that the walk stays on. */
  device = 0;

  private readonly fields: EntryFields = {
    mode: 0,
    size: 0,
    mtime: 0,
    mtimeNsec: 0,
    uid: 0,
    gid: 0,
    flags: 0,
  };

  constructor(
    context: WalkContext,
    format: FlistFormat,
    lists: FileLists,
    { encoder, coder }: { readonly encoder: FlistEncoder; readonly coder: FlistEncoder | undefined },
  ) {
    this.context = context;
    this.format = format;
    this.lists = lists;
    this.encoder = encoder;
    this.coder = coder;
    this.tells = context.report.debug('flist', 2) || context.report.info('flist', 2);
    this.sendsDirs = context.options.recursive || context.options.dirs;
    const { paths } = context;
    this.makesSums = format.sumLength > 0 && !paths.sumsWhereCompared;
    this.keepsSums = this.makesSums && (context.segments !== undefined || context.report.showsSums);
    const { extras } = context;
    if (extras !== undefined) this.extras = new SourceExtras(context, format, extras);
    const { copyLinks, copyDirlinks, copyUnsafeLinks } = context.options;
    this.followsLinks = copyLinks || copyDirlinks || copyUnsafeLinks;
    this.scans = new ScanAhead({
      links: format.links,
      follow: copyLinks,
      lookFor: extras && extrasLookedFor(format, extras.xattrRules.user),
    });
    if (paths.sourceRecords) {
      const twice = context.segments !== undefined && format.incRecurse;
      const ahead = format.protocol >= 31 ? context.ahead?.trees : undefined;
      this.trees = ahead ?? new TreeAhead(listingOptions(context.options, format.protocol, twice));
    }
  }

  private get boundary(): ByteString | undefined {
    return this.context.filters.state.context.site.module?.boundary;
  }

  /** A module may leave out what its user cannot read (`ignore nonreadable`). */
  private get skipsUnreadable(): boolean {
    return this.context.filters.state.context.site.module?.ignoresNonreadable === true;
  }

  /** Directories are read as records, as far as that can be. */
  get readsRecords(): boolean {
    return this.trees !== undefined;
  }

  /** What reads records, where that can be in this directory. */
  private treesFor({ tree }: SourceRoot, path: ByteString): TreeAhead | undefined {
    if (tree.listTree === undefined || this.skipsUnreadable || !this.trees?.isOfUse) return undefined;
    if (path.length >= maxPath - longestName) return undefined;
    const { filters } = this.context;
    if (filters.isEmpty) return this.trees;
    const rules = filters.forKernel;
    if (rules !== undefined) this.trees = this.trees.under(rules);
    return rules && this.trees;
  }

  /** True when the filters leave the name out. */
  isExcluded(path: ByteString, isDir: boolean): boolean {
    const { filters } = this.context;
    return !filters.isEmpty && filters.check(path, isDir, 'hide') === 'excluded';
  }

  /** False where a caller's function leaves the entry out; the root of the transfer is none. */
  isTaken(path: ByteString, rows: StatTable, row: number, target: ByteString): boolean {
    const { choice } = this.context;
    return choice === undefined || path === '.' || choice.takes(candidateAt(path, rows, row, target));
  }

  /** Status of an entry, of what it points to with --copy-links, or --copy-dirlinks (rsync's link_stat). Throws. */
  linkStat({ tree }: SourceRoot, path: ByteString): StatTable {
    const { copyLinks, copyDirlinks } = this.context.options;
    if (copyLinks) return this.followed(tree, path);
    const stats = tree.lstat(path);
    return copyDirlinks && stats.isLink() ? (directoryAt(tree, path, this.boundary) ?? stats) : stats;
  }

  /** Status of what a link leads to. A munged one leads nowhere: that is no way out of a module. Throws. */
  private followed(tree: Tree, path: ByteString): StatTable {
    try {
      return tree.stat(path);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const errno = followErrno(tree, this.boundary, `${tree.path}/${path}`, error);
      throw errno === error.errno ? error : new SysError(errno, 'ENOENT', error.syscall);
    }
  }

  /**
   * Status of an entry, or of what it leads to where that is sent in its place, and the target of a symbolic link
   * (rsync's readlink_stat). Throws.
   */
  private entryStat(root: SourceRoot, path: ByteString): { stats: StatTable; target: ByteString } {
    const { report, options, texts } = this.context;
    const stats = this.linkStat(root, path);
    if (!stats.isLink() || !(this.format.links || options.copyUnsafeLinks)) return { stats, target: '' };
    const target = root.tree.readlink(path);
    if (!options.copyUnsafeLinks || !isUnsafeLink(target, path)) return { stats, target };
    if (report.info('symsafe')) report.print('info', texts.copyingUnsafeSymlink(path, target));
    return { stats: this.followed(root.tree, path), target: '' };
  }

  /**
   * As `linkStat`, of a name that the user gave: symbolic links on the way to it are followed, and one that leads
   * to a directory itself where `follow` says so. What lies beyond is read from where they lead now. Throws.
   */
  namedStat(root: SourceRoot, path: ByteString, follow: boolean): StatTable {
    const { tree } = root;
    checkFolder(root);
    const stats = throughLinks(root, path, () => this.linkStat(root, path));
    if (!follow || !stats.isLink()) return stats;
    checkLink(root, path);
    const target = directoryAt(tree, path, this.boundary);
    if (target === undefined) return stats;
    admit(root, path);
    return target;
  }

  /** Adds one name (rsync's send_file_name); its index, or -1 where it is left out. */
  addName(
    list: FileList,
    root: SourceRoot,
    path: ByteString,
    admission: Admission,
    known?: StatTable,
  ): number {
    const isKnown = known !== undefined && (known.isDir() || known.mode() === 0);
    let entry: { stats: StatTable; target: ByteString };
    try {
      entry = isKnown
        ? { stats: known, target: '' }
        : throughLinks(root, path, () =>
            admission.implied ? { stats: root.tree.stat(path), target: '' } : this.entryStat(root, path),
          );
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.reportMissing(root, path, error.errno, admission.filtered);
      return -1;
    }
    const { stats, target } = entry;
    const slash = path.lastIndexOf('/') + 1;
    const dir = list.internDir(path.slice(0, slash), root.index);
    return this.addRow({ list, root, dir, admission }, stats, 0, target, path);
  }

  /**
   * Adds what is in a directory (rsync's send_directory), without going further down. `upcoming`: those
   * that will be asked for next; `enter` is called where its entries are looked at, and false leaves it.
   */
  async addDirectory(
    list: FileList,
    root: SourceRoot,
    path: ByteString,
    flags: number,
    { upcoming = (take) => this.nextInTree(take), enter }: DirectoryTurn = {},
  ): Promise<void> {
    const { filters } = this.context;
    const trees = this.treesFor(root, path);
    if (trees === undefined) filters.readFiles();
    const content =
      trees === undefined
        ? this.scans.scan(root, path, upcoming)
        : trees.contentOf(root.tree, path === '.' ? '' : path);
    const rows = content instanceof Promise ? await content : content;
    const isListed = !(rows instanceof SysError || rows instanceof StatTable);
    if (isListed) filters.hasNoFiles();
    else filters.readFiles();
    if (!isListed && enter?.() === false) return;
    if (rows instanceof SysError) {
      this.reportUnreadable(root, path, rows);
      return;
    }
    const prefix = prefixOf(path);
    const room = maxPath - prefix.length;
    const dir = list.internDir(prefix, root.index);
    if (!(rows instanceof StatTable)) {
      this.addListing(list, rows, dir, flags);
      if (this.context.writer.full) await this.context.writer.drain();
      return;
    }
    list.reserve(rows.count, rows.count * usualName);
    const into = { list, root, dir, admission: { flags, filtered: true } };
    for (let row = 0; row < rows.count; row++) {
      const excess = rows.nameLength(row) - room + 1;
      if (excess > 0) {
        this.reportOverlong(path, rows.name(row), excess);
        continue;
      }
      const errno = rows.errno(row);
      if (errno !== 0) {
        this.reportMissing(root, prefix + rows.name(row), errno, true);
        continue;
      }
      if (this.followsLinks && rows.isLink(row)) {
        this.addLink(into, prefix + rows.name(row));
        continue;
      }
      const target = this.format.links && rows.isLink(row) ? rows.link(row) : '';
      this.addRow(into, rows, row, target);
    }
    await this.sendWaiting(list);
  }

  /** A symbolic link in a directory, or what it leads to. */
  private addLink(into: Into, path: ByteString): void {
    try {
      const { stats, target } = this.entryStat(into.root, path);
      this.addRow(into, stats, 0, target, path);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.reportMissing(into.root, path, error.errno, true);
    }
  }

  private tellOfEntry(path: ByteString, filters: number, count: number): void {
    const { report, texts } = this.context;
    report.trace('flist', () => texts.traces.makingEntry('sender', path, filters), 2);
    report.flistProgress(count);
  }

  private addListing(list: FileList, listing: Listing, dir: number, flags: number): void {
    const { mapLinkTarget } = this.context;
    const from = list.count;
    list.addListing(listing, dir);
    const dirsFrom = list.count - listing.dirs;
    if (flags !== EntryFlag.ContentDir) for (let i = dirsFrom; i < list.count; i++) list.setFlags(i, flags);
    if (listing.links > 0 && this.format.links && mapLinkTarget !== undefined)
      for (let i = from; i < dirsFrom; i++)
        if (list.isLink(i)) list.setLinkTarget(i, mapLinkTarget(list.linkTarget(i), list.dir(i).depth));
    if (this.tells) for (let i = from; i < list.count; i++) this.tellOfEntry(list.path(i), 2, i);
    this.lists.countListing(listing);
    this.coder?.entries(list, from, list.count);
  }

  /** Adds a directory's content and everything below it. */
  async addTree(list: FileList, root: SourceRoot, path: ByteString, flags: number): Promise<void> {
    const { filters, options } = this.context;
    filters.pushDir(root.tree, path, this.readsRecords);
    const from = list.count;
    await this.addDirectory(list, root, path, flags);
    if (options.recursive) {
      const place = { list, root, at: from, to: list.count };
      this.open.push(place);
      for (; place.at < place.to; place.at++)
        if (this.hasContent(list, place.at)) await this.addTree(list, root, list.path(place.at), flags);
      this.open.pop();
    }
    filters.leaveDir();
  }

  private hasContent(list: FileList, i: number): boolean {
    return list.isDir(i) && (list.flags(i) & EntryFlag.MountDir) === 0;
  }

  /** The directories that `addTree` comes to next. */
  private nextInTree(take: (root: SourceRoot, path: ByteString) => boolean): void {
    let looked = 0;
    for (let k = this.open.length - 1; k >= 0; k--) {
      const { list, root, at, to } = this.open[k];
      for (let i = at + 1; i < to; i++) {
        if (++looked > mostLookedAt) return;
        if (this.hasContent(list, i) && !take(root, list.path(i))) return;
      }
    }
  }

  /** Sends entries that waited for their checksums, and waits where the peer is slow. */
  async sendWaiting(list: FileList): Promise<void> {
    const { writer } = this.context;
    if (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const sums = await this.sumsOf(list, batch);
      const { sumLength } = this.format;
      let at = 0;
      for (const { i, inode } of batch) {
        let sum: Uint8Array | undefined;
        if (list.isRegular(i)) {
          sum = sums.subarray(at, at + sumLength);
          if (this.keepsSums) list.setChecksum(i, sums, at, sumLength);
          at += sumLength;
        }
        this.tell(list, i, inode, sum);
      }
    }
    if (writer.full) await writer.drain();
  }

  /** The sums of the regular files among `batch`, made by several calls at a time. */
  private async sumsOf(list: FileList, batch: readonly Waiting[]): Promise<Uint8Array> {
    const calls: Promise<FileSums>[] = [];
    const share = Math.max(fewestSummed, Math.ceil(batch.length / summedAtOnce));
    for (let k = 0; k < batch.length; ) {
      const { root } = batch[k];
      const names = new NameCollector();
      const sizes: number[] = [];
      for (; k < batch.length && sizes.length < share && batch[k].root === root; k++) {
        const { i } = batch[k];
        if (!list.isRegular(i)) continue;
        names.add(list, i);
        sizes.push(list.size(i));
      }
      calls.push(root.tree.fileSums(names.runs, Float64Array.from(sizes), this.format.digest));
    }
    const parts = await Promise.all(calls);
    return parts.length === 1 ? parts[0].sums : Buffer.concat(parts.map(({ sums }) => sums));
  }

  /**
   * What make_file and send_file_name check of an entry whose status is known. `given`: its path, where the
   * row does not have its name.
   */
  private addRow(into: Into, rows: StatTable, row: number, target: ByteString, given?: ByteString): number {
    const { list, root, dir, admission } = into;
    const { filters, choice, options, report, texts, state, tweakMode, mapLinkTarget, charset } =
      this.context;
    const { format, fields } = this;
    let mode = rows.mode(row);
    const type = mode & S_IFMT;
    const isDir = type === S_IFDIR;
    let { flags } = admission;
    if (admission.filtered) {
      if (!isDir) flags &= ~EntryFlag.ContentDir;
      else if (!this.sendsDirs && !admission.implied) {
        report.print('info', texts.skippingDirectory(given ?? pathOf(into, rows, row)));
        return -1;
      } else if (
        options.oneFileSystem > 0 &&
        rows.dev(row) !== this.device &&
        (flags & (EntryFlag.ContentDir | EntryFlag.TopDir)) === EntryFlag.ContentDir
      ) {
        if (options.oneFileSystem > 1) {
          if (report.info('mount', 1))
            report.print('info', texts.skippingMountPoint('sender', given ?? pathOf(into, rows, row)));
          return -1;
        }
        flags = (flags & ~EntryFlag.ContentDir) | EntryFlag.MountDir;
      }
      if (this.skipsUnreadable && type !== S_IFLNK && !isReadable(root, given ?? pathOf(into, rows, row)))
        return -1;
      if (!admission.implied && !filters.isEmpty && this.isExcluded(given ?? pathOf(into, rows, row), isDir))
        return -1;
      if (
        choice !== undefined &&
        !admission.implied &&
        !this.isTaken(given ?? pathOf(into, rows, row), rows, row, target)
      )
        return -1;
    }
    if (format.links && type === S_IFLNK && target === '') {
      const path = given ?? pathOf(into, rows, row);
      state.ioError |= IoError.General;
      report.print('error-xfer', `skipping symlink with 0-length value: ${texts.fullName(root.place, path)}`);
      return -1;
    }
    if (charset !== undefined && !this.hasWireName(into, given ?? pathOf(into, rows, row), target)) return -1;
    if (tweakMode !== undefined && type !== S_IFLNK && mode !== 0) mode = tweakMode(mode);
    const extra = this.extras?.read(root, given ?? pathOf(into, rows, row), mode, {
      lacks: rows.lacks(row),
      follow: given !== undefined || this.followsLinks,
    });
    if (extra === undefined && this.extras !== undefined) {
      state.ioError |= IoError.General;
      return -1;
    }
    if (this.tells) {
      const path = given ?? pathOf(into, rows, row);
      this.tellOfEntry(path, admission.filtered ? 2 : 0, list.count);
    }
    const copied = options.copyDevices && isDeviceMode(mode);
    const size = copied ? this.deviceSize(root, given ?? pathOf(into, rows, row)) : rows.size(row);
    if (copied) mode = S_IFREG | (mode & accessBits);
    const device = isDeviceMode(mode);
    fields.mode = mode;
    fields.size = device || isSpecialMode(mode) ? 0 : size;
    // A device's own time says nothing about its content.
    fields.mtime = copied ? Math.floor(this.context.now() / 1000) : rows.mtime(row);
    fields.mtimeNsec = format.protocol >= 31 && !copied ? rows.mtimeNsec(row) : 0;
    fields.uid = format.owner ? rows.uid(row) : 0;
    fields.gid = format.group ? rows.gid(row) : 0;
    fields.flags = flags;
    let i: number;
    if (given !== undefined) i = list.addName(given.slice(given.lastIndexOf('/') + 1), dir, fields);
    else {
      const at = rows.nameOffset(row);
      i = list.add(rows.raw, at, at + rows.nameLength(row), dir, fields);
    }
    if (format.links && type === S_IFLNK)
      list.setLinkTarget(i, mapLinkTarget === undefined ? target : mapLinkTarget(target, list.dir(i).depth));
    if (device) list.setRdev(i, rows.rdevMajor(row), rows.rdevMinor(row));
    if (format.atimes && !isDir) list.setAtime(i, rows.atime(row));
    if (extra !== undefined) this.extras?.put(list, i, extra);
    const inode =
      format.hardLinks &&
      mode !== 0 &&
      (format.protocol < 28 ? type === S_IFREG : !isDir && rows.nlink(row) > 1)
        ? { dev: rows.dev(row), inoHigh: rows.inoHigh(row), inoLow: rows.inoLow(row) }
        : undefined;
    this.lists.count(list, i);
    // The order on the wire is the order in the list: once an entry waits, the ones behind it do, too.
    if (this.makesSums && (list.isRegular(i) || this.waiting.length > 0))
      this.waiting.push({ i, inode, root });
    else this.tell(list, i, inode, undefined);
    return i;
  }

  /** --iconv: whether the wire's charset has a name for an entry, and one for what it points to. */
  private hasWireName({ root }: Into, path: ByteString, target: ByteString): boolean {
    const { charset, report, state, texts } = this.context;
    const name = charset?.toWire(path);
    const other = this.format.convertsTargets ? charset?.toWire(target) : '';
    if (typeof name !== 'number' && typeof other !== 'number') return true;
    state.ioError |= IoError.General;
    const text =
      typeof name === 'number'
        ? texts.cannotConvertName('sender', path, name)
        : texts.cannotConvertTarget('sender', texts.fullName(root.place, path), other as number);
    report.print('error-xfer', text);
    return false;
  }

  /** --copy-devices; what cannot be opened is told when it is asked for. */
  private deviceSize({ tree }: SourceRoot, path: ByteString): number {
    try {
      return tree.deviceSize(path);
    } catch (error) {
      if (error instanceof SysError) return 0;
      throw error;
    }
  }

  /** Sends an entry; where the list is passed as it is, what it does not hold yet is noted. */
  private tell(list: FileList, i: number, inode: LinkedInode | undefined, sum: Uint8Array | undefined): void {
    if (this.context.segments !== undefined && inode !== undefined)
      list.setHardLinkGroup(i, this.encoder.groupOf(list, i, inode));
    this.coder?.entry(list, i, inode, sum);
  }

  /** A name whose status could not be read. */
  private reportMissing(root: SourceRoot, path: ByteString, errno: number, filtered: boolean): void {
    const { report, state, texts } = this.context;
    if (filtered && (this.isExcluded(path, false) || this.isExcluded(path, true))) return;
    if (errno !== ENOENT) {
      state.ioError |= IoError.General;
      report.print('error-xfer', texts.readlinkStatFailed(root.place, path, errno));
    } else if (this.followsLinks && isLink(root, path)) {
      state.ioError |= IoError.General;
      report.print('error-xfer', texts.symlinkWithoutReferent(root.place, path));
    } else {
      state.ioError |= IoError.Vanished;
      report.print('warning', texts.vanished(root.place, path));
    }
  }

  private reportUnreadable(root: SourceRoot, path: ByteString, error: SysError): void {
    const { report, state, texts } = this.context;
    if (error.errno === ENOENT) {
      state.ioError |= IoError.Vanished;
      report.print('warning', texts.vanished(root.place, path, true));
      return;
    }
    state.ioError |= IoError.General;
    const text = error.syscall === 'readdir' ? texts.readdirFailed : texts.opendirFailed;
    report.print('error-xfer', text(root.place, path, error.errno));
  }

  private reportOverlong(path: ByteString, name: ByteString, excess: number): void {
    const { report, state } = this.context;
    state.ioError |= IoError.General;
    report.print('error-xfer', `filename overflows max-path len by ${excess}: ${path}/${name}`);
  }
}

function pathOf({ list, dir }: Into, rows: StatTable, row: number): ByteString {
  return list.dirs[dir].prefix + rows.name(row);
}

/** The directory that a symbolic link leads to, if it does. */
function directoryAt(tree: Tree, path: ByteString, boundary: ByteString | undefined): StatTable | undefined {
  try {
    const target = tree.stat(path);
    return target.isDir() ? target : undefined;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    // A link out of a module is no link to be sent either: a client that follows it would be led astray.
    if (
      boundary !== undefined &&
      error.errno === ELOOP &&
      deadEnd(tree, boundary, `${tree.path}/${path}`) === undefined
    )
      throw error;
    return undefined;
  }
}

function isReadable({ tree }: SourceRoot, path: ByteString): boolean {
  try {
    accessSync(Buffer.from(`${tree.path}/${path}`, 'latin1'), constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isLink(root: SourceRoot, path: ByteString): boolean {
  try {
    return root.tree.lstat(path).isLink();
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}
