import { monotonicMs } from '../clock.ts';
import { ENOENT } from '../errno.ts';
import { ExitCode, IoError, RsyncError, SysError } from '../errors.ts';
import type { FilterChain } from '../filter/chain.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { entryBytes } from '../kernel/listing.ts';
import { StatTable, statRowBytes } from '../kernel/stat-table.ts';
import type { Trust } from '../kernel/trusted-path.ts';
import type { XattrList } from '../metadata/xattrs.ts';
import { Msg, ndxFlistEof, ndxFlistOffset } from '../wire/constants.ts';
import type { Writer } from '../wire/writer.ts';
import type { Choice } from './choice.ts';
import { cleanList } from './clean.ts';
import { columnBytes } from './column.ts';
import { type FlistContext, listLimit } from './context.ts';
import { DirTree } from './dir-tree.ts';
import { FlistEncoder } from './encoder.ts';
import { EntryFlag, type FileList } from './file-list.ts';
import { FileLists } from './file-lists.ts';
import { SentIds } from './id-lists.ts';
import type { IdNames } from './id-names.ts';
import { ImpliedDirs, type PendingName } from './implied-dirs.ts';
import { sortList } from './sort.ts';
import type { SourceAhead } from './source-ahead.ts';
import { confineListedName, type SourceArg, splitSource } from './source-arg.ts';
import { type SourceRoot, SourceRoots } from './source-roots.ts';
import { tellEntries } from './tell-entries.ts';
import { linkTeller } from './tell-links.ts';
import { UncodedLists } from './uncoded-lists.ts';
import { Walk } from './walk.ts';
import { type FlistFormat, flistFormat } from './wire-format.ts';

export interface FlistSenderContext extends FlistContext {
  /** Milliseconds since 1970. */
  now(): number;
  readonly writer: Writer;
  readonly filters: FilterChain;
  /** Absolute path that the arguments are relative to. */
  readonly cwd: ByteString;
  /** Daemon: what messages show instead of the module's path. */
  readonly module?: { readonly name: ByteString; readonly path: ByteString };
  /** Daemon: what no path may lead out of. */
  readonly boundary?: ByteString | undefined;
  /** What names of --files-from may lead through; undefined: whatever is there. */
  readonly trust?: Trust | undefined;
  readonly names?: IdNames | undefined;
  readonly choice?: Choice | undefined;
  /** The first source, where it was read before there was a peer. */
  readonly ahead?: SourceAhead;
}

/**
 * Segments that may wait for the peer, which gets more as soon as it is done with half of them: on a wire enough for a
 * long way, in one process only what keeps both ends at work, since what lives longer is collected late.
 */
const mostSegments = 1024;
const mostPassed = 512;

/** Builds and sends our file list (rsync's send_file_list and send_extra_file_list). */
export class FlistSender {
  readonly lists: FileLists;
  private readonly context: FlistSenderContext;
  private readonly format: FlistFormat;
  private readonly ids: SentIds;
  private readonly encoder: FlistEncoder;
  private readonly uncoded: UncodedLists | undefined;
  private readonly walk: Walk;
  private readonly roots: SourceRoots;
  private readonly implied: ImpliedDirs;
  private readonly tree = new DirTree();
  private readonly mostAhead: number;
  /** Incremental recursion: the merge files of a source's own directory were read. */
  private enteredTop = false;
  /** The root that was told of last. */
  private at: SourceRoot | undefined;
  /** Incremental recursion: --relative names to be sent with a directory's content, by its number. */
  private readonly pending = new Map<number, PendingName[]>();

  constructor(context: FlistSenderContext) {
    this.context = context;
    this.mostAhead = context.segments === undefined ? mostSegments : mostPassed;
    this.format = flistFormat(context.negotiated, context.options);
    this.lists = new FileLists(context.negotiated.incRecurse, { limit: listLimit(context, () => 'sender') });
    this.ids = new SentIds(context.names);
    const plain = context.paths.plainEntriesOut ? context.kernel.encodeEntries : undefined;
    this.encoder = new FlistEncoder({
      writer: context.writer,
      format: this.format,
      ids: this.ids,
      encodeEntries: plain,
      extras: context.extras,
      charset: context.charset,
      links: context.report.debug('hlink') ? linkTeller(context) : undefined,
    });
    context.report.trace('flist', () => context.texts.traces.recordsAre(entryBytes, columnBytes), 4);
    if (context.segments !== undefined && !context.paths.listsUncoded)
      this.uncoded = new UncodedLists(context, this.format, this.lists, context.names);
    const coder = context.segments === undefined ? this.encoder : this.uncoded?.encoder;
    this.walk = new Walk(context, this.format, this.lists, { encoder: this.encoder, coder });
    this.roots = new SourceRoots(context.kernel, this.lists.roots, context);
    if (context.segments !== undefined) context.segments.roots = this.lists.roots;
    this.implied = new ImpliedDirs(this.walk, context.filters);
  }

  /**
   * Sends the list of the sources; with incremental recursion only their first level. With `filesFrom`,
   * `args[0]` is the directory that its names are relative to. Names of `filesFrom` come without line
   * ends; empty lines and comments are left out by whoever reads them.
   */
  async sendInitial(
    args: readonly ByteString[],
    filesFrom?: AsyncIterable<ByteString> | Iterable<ByteString>,
  ): Promise<FileLists> {
    const { writer, options, state } = this.context;
    const { lists, format } = this;
    const started = monotonicMs();
    const startBytes = writer.bytesWritten;
    if (filesFrom !== undefined && args.length > 0) this.changeBase(args[0]);
    const list = lists.newList();
    const flags = options.recursive ? EntryFlag.ContentDir : 0;
    let sentDot = false;
    for await (const arg of sources(args, filesFrom, options.relative)) {
      const source = splitSource(arg, options.relative);
      const root = this.enter(source.dir, source.name);
      if (root === undefined) continue;
      if (source.leadingDot && !sentDot) {
        sentDot = true;
        this.walk.addName(list, root, '.', {
          flags: (flags | EntryFlag.ImpliedDir) & ~EntryFlag.ContentDir,
          filtered: true,
        });
      }
      await this.sendSource(list, root, source, flags);
      await this.walk.sendWaiting(list);
    }
    await this.walk.sendWaiting(list);
    const built = monotonicMs();
    lists.totals.buildTime = Math.max(1, Math.round(built - started));

    const order = this.sort(list);
    if (format.incRecurse) this.numberDirs(list, order);
    cleanList(list, 'sender', format.protocol);
    // A list of everything may be large; all that its sender still does to it is to note what it has sent.
    this.context.segments?.pass(this.context.paths.listShared ? list : list.copy());
    this.endList(state.ioError);
    list.parentDirNdx = -1;
    if (format.incRecurse && list.count > 0 && list.basename(list.low) === '.') list.parentDirNdx = 0;
    lists.append(list);
    this.tellOf(list);
    lists.totals.transferTime = Math.round(monotonicMs() - built);

    if (format.idLists && !format.incRecurse) this.ids.send(writer, format);
    if (format.protocol < 30) writer.int(options.ignoreErrors ? 0 : state.ioError);
    else if (!format.safeFlist && state.ioError !== 0 && !options.ignoreErrors) this.tellIoError();
    lists.totals.wireBytes += writer.bytesWritten - startBytes;

    if (!format.incRecurse) {
      lists.eof = true;
      this.context.filters.leaveAll();
    } else if (!this.tree.advance()) this.sendEof();
    else if (list.count === 1) await this.sendMore(1);
    return lists;
  }

  /**
   * Sends segments until at least `want` entries are ahead of the one looked up last in `lists`, or as many segments as
   * the peer can have use for, since empty ones are no entries; -1 sends one.
   */
  async sendMore(want: number): Promise<void> {
    const { writer, options, state } = this.context;
    const { lists, format } = this;
    if (lists.eof || lists.segmentsAhead > this.mostAhead / 2) return;
    const saved = state.ioError;
    const atLeast = want < 0 ? lists.ahead + 1 : want;
    while (!lists.eof && lists.ahead < atLeast && lists.segmentsAhead < this.mostAhead)
      await writer.inOnePiece(() => this.sendSegment(saved));
    if (state.ioError !== saved && format.protocol === 30 && !options.ignoreErrors) this.tellIoError();
    if (writer.full) await writer.drain();
  }

  /** Closes the trees of all sources. */
  close(): void {
    for (const tree of this.lists.roots) tree.close();
  }

  /** One source argument, whose folder was entered (the body of send_file_list's loop). */
  private async sendSource(
    list: FileList,
    root: SourceRoot,
    source: SourceArg,
    flags: number,
  ): Promise<void> {
    const { options, report, texts } = this.context;
    const { walk, format } = this;
    const { name } = source;
    let { type } = source;
    const stats = this.statSource(root, source);
    if (stats === undefined) return;
    if (stats.mode() === 0) type = 'missing';
    const isDir = stats.isDir();
    if (type !== 'dot' && type !== 'missing' && walk.isExcluded(name, isDir)) return;
    // What is to come below a parent is looked at when it does.
    const comesLater = format.incRecurse && options.relative && name.indexOf('/', 1) >= 0;
    if (type !== 'missing' && !comesLater && !walk.isTaken(name, stats, 0, '')) return;
    if (isDir && !options.recursive && !options.dirs) {
      report.print('info', texts.skippingDirectory(name));
      return;
    }
    if (format.incRecurse && options.relative) {
      const end = name.indexOf('/', 1);
      if (end >= 0) {
        this.implied.addNext(list, root, name.slice(0, end), { name: name.slice(end + 1), type }, flags);
        return;
      }
    } else if (this.sendsImplied()) {
      const end = name.lastIndexOf('/');
      if (end > 0) this.implied.addAll(list, root, name, flags);
    }
    if (options.oneFileSystem > 0) walk.device = stats.dev();

    if (!options.recursive && !(options.dirs && source.type !== 'normal')) {
      walk.addName(list, root, name, { flags, filtered: false }, stats);
      return;
    }
    const top = flags | EntryFlag.TopDir | EntryFlag.ContentDir;
    const i = walk.addName(list, root, name, { flags: top, filtered: false }, stats);
    if (i < 0 || !list.isDir(i)) return;
    if (!format.incRecurse) await walk.addTree(list, root, name, flags);
    else if (source.type === 'dot') {
      // As in rsync, the first such source's rules hold for the content of all.
      if (!this.enteredTop) this.context.filters.enterAt(root.tree, name, 0, walk.readsRecords);
      this.enteredTop = true;
      await walk.addDirectory(list, root, name, flags);
    }
  }

  private sendsImplied(): boolean {
    const { options, negotiated } = this.context;
    return options.relative && (options.impliedDirs || negotiated.protocol >= 30);
  }

  private tellOf(list: FileList): void {
    if (!this.context.report.debug('flist', 3)) return;
    const before = (list: FileList, i: number) => this.roots.byIndex(list.dir(i).root).dir || '<NULL>';
    tellEntries(list, this.context, { who: 'sender', showsUsers: true, before });
  }

  /** Status of a source; where there is none it is reported, and the result is `undefined`. */
  private statSource(root: SourceRoot, source: SourceArg): StatTable | undefined {
    const { options, report, state, texts } = this.context;
    try {
      const stats = this.walk.namedStat(root, source.name, source.type !== 'normal' || options.copyDirlinks);
      if (source.type !== 'dot' && this.context.filters.hidesNamed(source.name, stats.isDir()))
        throw new SysError(ENOENT, 'ENOENT', 'stat');
      return stats;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (error.errno === ENOENT && options.missingArgs === 'ignore') return undefined;
      if (error.errno === ENOENT && options.missingArgs === 'delete') return missingStats();
      if (error.errno !== ENOENT) state.ioError |= IoError.General;
      if (root.trust?.isForeign(error)) report.print('error', texts.refusingLink);
      report.print('error-xfer', texts.linkStatFailed(root.place, source.name, error.errno));
      return undefined;
    }
  }

  /** Opens the folder of the source `name` and lets the filters know of it. */
  private enter(dir: ByteString, name: ByteString): SourceRoot | undefined {
    const { filters, report, state, texts } = this.context;
    try {
      if (filters.hidesRoot(dir)) throw new SysError(ENOENT, 'ENOENT', 'chdir');
      const root = this.roots.open(dir);
      filters.setRoot(root.tree);
      this.moveTo(root);
      return root;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      state.ioError |= IoError.General;
      const start = this.roots.place('');
      // Where it starts nobody has to change to: what is in it cannot be looked at.
      report.print(
        'error-xfer',
        dir === ''
          ? texts.linkStatFailed(start, name, error.errno)
          : texts.changeDirFailed(start, dir, error.errno),
      );
      return undefined;
    }
  }

  /** --debug=chdir: directories are held, and what rsync would change to is told where another one's turn comes. */
  private moveTo(root: SourceRoot): void {
    if (root === this.at) return;
    this.at = root;
    const { report, texts } = this.context;
    if (root.dir !== '')
      report.trace('chdir', () => texts.traces.enteringDirectory('sender', root.place.path));
  }

  /** --files-from: the folder that its names are relative to. */
  private changeBase(dir: ByteString): void {
    const { report, texts } = this.context;
    const { cwd } = this.roots;
    const path = dir.startsWith('/') ? dir : `${cwd === '/' ? '' : cwd}/${dir}`;
    try {
      this.context.kernel.openTree(path, { beneath: this.context.boundary }).close();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      report.print('error-xfer', texts.changeDirFailed(this.roots.place(''), dir, error.errno));
      throw new RsyncError(ExitCode.FileSelect, '');
    }
    this.roots.cwd = path;
    report.trace('chdir', () => texts.traces.enteringDirectory('sender', this.roots.place('').path));
  }

  /** The content of the next directory, as one segment. */
  private async sendSegment(savedIoError: number): Promise<void> {
    const { writer, state } = this.context;
    const { lists, tree, format } = this;
    const startBytes = writer.bytesWritten;
    const list = lists.newList(0);
    let d = tree.next;
    writer.ndx(ndxFlistOffset - d);
    list.parentDirNdx = d;
    await this.sendDirectory(list, d);
    // Directories of one name, of several sources, are sent as one; what is in them hangs on the last.
    for (;;) {
      const next = tree.sibling;
      if (next < 0 || (this.dirFlags(next) & EntryFlag.Duplicate) === 0) break;
      if (this.dirRoot(next) === this.dirRoot(d) && this.dirFlags(d) & EntryFlag.ContentDir)
        lists.dirs.list(next).clearFlag(lists.dirs.index(next), EntryFlag.ContentDir);
      tree.advance();
      d = next;
      await this.sendDirectory(list, d);
    }
    list.parentDirNdx = d;
    const order = this.sort(list);
    this.numberDirs(list, order);
    cleanList(list, 'sender', format.protocol);
    this.context.segments?.pass(list.copy());
    this.endList(state.ioError === savedIoError ? 0 : state.ioError);
    lists.append(list);
    this.tellOf(list);
    lists.totals.wireBytes += writer.bytesWritten - startBytes;
    if (!tree.advance()) this.sendEof();
  }

  /** What is in directory `d` (rsync's send1extra). */
  private async sendDirectory(list: FileList, d: number): Promise<void> {
    const { filters, options } = this.context;
    const { lists, walk } = this;
    const path = lists.dirs.path(d);
    const root = this.rootOf(d);
    this.moveTo(root);
    if (!filters.isEmpty) filters.enterAt(root.tree, path, this.tree.depth, walk.readsRecords);
    const flags = EntryFlag.ContentDir;
    if (this.dirFlags(d) & EntryFlag.ContentDir) {
      await walk.addDirectory(list, root, path, flags, {
        upcoming: (take) => this.nextDirectories(take),
        enter: options.oneFileSystem > 0 ? () => this.enterDevice(root, path) : undefined,
      });
    }
    const names = this.pending.get(d);
    if (names === undefined) return;
    this.pending.delete(d);
    for (const { name, type } of names) {
      const full = `${path}/${name}`;
      const end = full.indexOf('/', path.length + 1);
      if (end >= 0) {
        this.implied.addNext(list, root, full.slice(0, end), { name: full.slice(end + 1), type }, flags);
        continue;
      }
      let known = type === 'missing' ? missingStats() : undefined;
      if (type !== 'normal' && type !== 'missing') {
        try {
          known = walk.namedStat(root, full, true);
        } catch (error) {
          if (!(error instanceof SysError)) throw error;
          this.reportStat(root, full, error.errno);
          continue;
        }
      }
      walk.addName(list, root, full, { flags: flags | EntryFlag.TopDir, filtered: true }, known);
    }
    await walk.sendWaiting(list);
  }

  /** -x: the walk stays on the file system of the directory at hand; false where that cannot be told. */
  private enterDevice(root: SourceRoot, path: ByteString): boolean {
    try {
      this.walk.device = this.walk.linkStat(root, path).dev();
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.reportStat(root, path, error.errno);
      return false;
    }
  }

  /** The directories whose content comes after that of the one at hand, as far as they are known. */
  private nextDirectories(take: (root: SourceRoot, path: ByteString) => boolean): void {
    for (const next of this.tree.following())
      if (this.dirFlags(next) & EntryFlag.ContentDir && !take(this.rootOf(next), this.lists.dirs.path(next)))
        return;
  }

  private reportStat(root: SourceRoot, path: ByteString, errno: number): void {
    const { report, state, texts } = this.context;
    if (errno === ENOENT) {
      state.ioError |= IoError.Vanished;
      report.print('warning', texts.vanished(root.place, path, true));
    } else {
      state.ioError |= IoError.General;
      report.print('error-xfer', texts.linkStatFailed(root.place, path, errno));
    }
  }

  /** Sorts a complete list; which place each entry had before, undefined when none moved. */
  private sort(list: FileList): Uint32Array | undefined {
    const order = sortList(list, this.format.protocol, this.context.kernel.sortEntries);
    if (this.context.charset !== undefined) list.keepWireOrder(order);
    return order;
  }

  /** Numbers the directories of a sorted list and hangs them below the one whose content it is. */
  private numberDirs(list: FileList, order: Uint32Array | undefined): void {
    const { lists } = this;
    lists.addDirs(list);
    const pending = this.implied.takePending();
    const siblings: number[] = [];
    const { charset } = this.context;
    for (let d = list.dirStart; d < list.dirStart + list.dirCount; d++) {
      const i = lists.dirs.index(d);
      if (!list.isDotDir(i)) siblings.push(d);
      const names = pending.get(order === undefined ? i : order[i]);
      if (names !== undefined) this.pending.set(d, names);
    }
    // Their numbers are in the order of the wire, their turns in the order of the list.
    if (charset !== undefined) siblings.sort((a, b) => lists.dirs.index(a) - lists.dirs.index(b));
    this.tree.add(siblings);
  }

  /** The extended attributes of an entry. */
  xattrs(list: FileList, i: number): XattrList {
    return this.context.extras?.xattrs.at(list.value('xattrs', i)) ?? [];
  }

  /** The source folder that an entry is below, as the user named it. */
  sourceDir(list: FileList, i: number): ByteString {
    return this.roots.byIndex(list.dir(i).root).dir;
  }

  private dirFlags(d: number): number {
    return this.lists.dirs.list(d).flags(this.lists.dirs.index(d));
  }
  private dirRoot(d: number): number {
    return this.lists.dirs.list(d).dir(this.lists.dirs.index(d)).root;
  }
  private rootOf(d: number): SourceRoot {
    return this.roots.byIndex(this.dirRoot(d));
  }

  private endList(ioError: number): void {
    const { options, negotiated, writer } = this.context;
    if (this.uncoded !== undefined) writer.accountBuffered(this.uncoded.end());
    const told = options.ignoreErrors ? 0 : ioError;
    if (told !== 0 && !negotiated.safeFlist && negotiated.incRecurse && isDuring(options.delete)) {
      const kind = options.delete === 'delay' ? 'delay' : 'during';
      throw new RsyncError(
        ExitCode.Unsupported,
        `FATAL I/O ERROR: dying to avoid a --delete-${kind} issue with a pre-3.0.7 receiver.`,
      );
    }
    this.encoder.end(negotiated.safeFlist ? told : 0);
  }

  private sendEof(): void {
    const { writer, report, texts } = this.context;
    writer.ndx(ndxFlistEof);
    // Of a list that ends with its first part it is told behind that.
    if (!this.lists.isEmpty) report.trace('flist', () => texts.traces.listsEnd('sender'), 3);
    this.lists.eof = true;
    this.context.filters.leaveAll();
  }

  private tellIoError(): void {
    const { writer, state } = this.context;
    if (!writer.isMultiplexed) return;
    const payload = Buffer.alloc(4);
    payload.writeInt32LE(state.ioError);
    // Before the segments that nobody has sent yet: nothing is to be deleted below what they were read in.
    writer.messageAhead(Msg.IoError, payload);
  }
}

/** What stands for a source that is not there, with --delete-missing-args: the mode is 0. */
function missingStats(): StatTable {
  return new StatTable(new Uint8Array(statRowBytes), 1);
}

function isDuring(when: string | undefined): boolean {
  return when === 'during' || when === 'delay';
}

async function* sources(
  args: readonly ByteString[],
  filesFrom: AsyncIterable<ByteString> | Iterable<ByteString> | undefined,
  relative: boolean,
): AsyncGenerator<ByteString> {
  if (filesFrom === undefined) yield* args;
  else for await (const name of filesFrom) yield confineListedName(name, relative);
}
