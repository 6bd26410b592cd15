import { ExitCode, IoError, protocolError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { entryBytes } from '../kernel/listing.ts';
import { ndxFlistEof, ndxFlistOffset } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';
import { adoptList } from './adopt.ts';
import { type Choice, declineEntries } from './choice.ts';
import { cleanList } from './clean.ts';
import { columnBytes } from './column.ts';
import { type FlistContext, listLimit } from './context.ts';
import { FlistDecoder } from './decoder.ts';
import { ExtrasReader } from './extras-codec.ts';
import { EntryFlag, type FileList } from './file-list.ts';
import { FileLists } from './file-lists.ts';
import { HardLinks } from './hard-links.ts';
import { receiveIdLists } from './id-lists.ts';
import { IdMap } from './id-map.ts';
import { IdNames } from './id-names.ts';
import { type IdKind, parseIdRules } from './id-rules.ts';
import type { NameGuard } from './name-guard.ts';
import { orphans } from './parents.ts';
import { pruneEmptyDirs } from './prune.ts';
import { sortList } from './sort.ts';
import { tellEntries } from './tell-entries.ts';
import { type FlistFormat, flistFormat } from './wire-format.ts';

export type { NameGuard } from './name-guard.ts';

export interface FlistReceiverContext extends FlistContext {
  readonly reader: Reader;
  readonly guard?: NameGuard;
  readonly choice?: Choice | undefined;
  /** What messages show names below. */
  readonly cwd: ByteString;
  /** The effective user may give files to anybody: owners are mapped. */
  readonly amRoot: boolean;
  /** Groups that we are a member of. */
  memberOf(): readonly number[];
  /** Who is called what here. */
  readonly names?: IdNames | undefined;
  readonly ids?: IdMap;
  /** --prune-empty-dirs: directories that our filters exclude are not pruned. */
  readonly isExcludedDir?: (path: ByteString) => boolean;
}

/** A path that no entry has. */
/** Entries after which the count is told. */
const tellEvery = 100;
const nowhere = '\0';
const allIoErrors = IoError.General | IoError.Vanished | IoError.DeleteLimit;

/** Reads the peer's file list, segment by segment (rsync's recv_file_list). */
export class FlistReceiver {
  readonly lists: FileLists;
  readonly hardLinks: HardLinks;
  readonly ids: IdMap;
  private readonly context: FlistReceiverContext;
  private readonly format: FlistFormat;
  private readonly decoder: FlistDecoder;
  /** --debug=hlink: what was found in the list that came last. */
  private linked: (readonly [ndx: number, first: number, isHere: boolean])[] = [];

  constructor(context: FlistReceiverContext) {
    this.context = context;
    this.format = flistFormat(context.negotiated, context.options);
    // The first list comes before there are a generator and a receiver.
    const who = () => (this.lists.isEmpty ? 'Receiver' : 'receiver');
    this.lists = new FileLists(context.negotiated.incRecurse, {
      limit: listLimit(context, who),
      received: true,
      // Their times are put back when all else is done.
      keepsDirs: context.options.delete === 'delay',
    });
    const { report, texts } = context;
    report.trace('flist', () => texts.traces.recordsAre(entryBytes, columnBytes), 4);
    this.hardLinks = new HardLinks(this.lists);
    this.ids = context.ids ?? idMapOf(context, this.format);
    this.decoder = new FlistDecoder({
      reader: context.reader,
      format: this.format,
      ids: this.ids,
      amRoot: context.amRoot,
      guard: context.guard,
      decodeEntries: context.paths.plainEntriesIn ? context.kernel.decodeEntries : undefined,
      tweakMode: context.tweakMode,
      mapLinkTarget: context.mapLinkTarget,
      allowMissing: context.options.missingArgs === 'delete',
      charset: context.charset,
      onUnnamed: (what, name, errno) => this.reportUnnamed(what, name, errno),
      onDevice: report.debug('hlink', 3)
        ? (dev) => report.print('info', texts.traces.tableOfDevice('Receiver', dev))
        : undefined,
      onLink: context.report.debug('hlink')
        ? (ndx, first, isHere) => this.linked.push([ndx, first, isHere])
        : undefined,
      extras: context.extras && new ExtrasReader(context.reader, this.format, this.ids, context.extras),
    });
  }

  /**
   * Reads one list (`dirNdx` -1: the first), sorts it, drops duplicates, numbers its directories, maps its
   * owners, groups its hard links and appends it to `lists`.
   */
  async receive(dirNdx: number): Promise<FileList> {
    const { reader, options, report, texts } = this.context;
    const { lists, format } = this;
    const { incRecurse, protocol } = format;
    const startBytes = reader.bytesRead;
    if (dirNdx >= 0) this.admitDir(dirNdx);
    const isFirst = lists.isEmpty;
    // Many directories are empty; what a passed list is read into stays so.
    let list = lists.newList(0);
    this.linked = [];
    let ioError = await this.readEntries(list, dirNdx);

    if (!incRecurse) {
      await receiveIdLists(reader, format, this.ids, list);
      this.mapAclIds();
      lists.eof = true;
      report.trace('flist', () => texts.traces.listsEnd('Receiver'), 3);
    }
    const { segments } = this.context;
    if (segments === undefined) this.sort(list);
    else {
      list = segments.take();
      adoptList(list, lists, format, this.ids);
    }
    if (report.debug('flist', 2)) this.tellOfNames(list);
    this.tellOfLinks(isFirst ? 'Receiver' : 'receiver');
    if (incRecurse) lists.addDirs(list);
    if (segments === undefined || list.hasDuplicates)
      cleanList(list, 'receiver', protocol, (i) => {
        if (report.debug('dup', 1))
          report.print('info', texts.removingDuplicate(list.path(i), i + list.ndxStart));
      });
    if (options.relative) list.stripRoot();
    const { choice } = this.context;
    if (choice !== undefined) declineEntries(list, choice, this.isDeclined(dirNdx));
    if (options.pruneEmptyDirs) pruneEmptyDirs(list, this.context.isExcludedDir ?? (() => false));
    // Lists of our own have them, but for what is to be deleted because it is missing.
    const certain = segments !== undefined && options.missingArgs !== 'delete';
    if (!incRecurse && !certain && !options.listOnly) this.requireParents(list);
    if (protocol < 30) ioError |= await reader.record(() => reader.int());
    this.noteIoError(list, ioError, isFirst);
    list.parentDirNdx = dirNdx;
    if (
      isFirst &&
      incRecurse &&
      list.dirCount > 0 &&
      list.high >= list.low &&
      list.basename(list.low) === '.'
    )
      list.parentDirNdx = 0;

    lists.append(list);
    if (format.hardLinks && !options.listOnly) this.hardLinks.match(list);
    lists.totals.wireBytes += reader.bytesRead - startBytes;
    this.tellOf(list, isFirst ? 'Receiver' : 'receiver');
    return list;
  }

  /**
   * To be called when the first list has a single entry: reads the ndx that announces the next segment, or
   * the end (rsync's recv_additional_file_list).
   */
  async receiveAdditional(): Promise<void> {
    const { reader } = this.context;
    const { lists } = this;
    const ndx = await reader.record(() => reader.ndx());
    if (ndx === ndxFlistEof) {
      lists.eof = true;
      this.context.report.trace('flist', () => this.context.texts.traces.listsEnd('Receiver'), 3);
      return;
    }
    const dirNdx = ndxFlistOffset - ndx;
    if (!lists.dirs.holds(dirNdx))
      throw protocolError(
        `[receiver] Invalid dir index: ${ndx} (${ndxFlistOffset} - ${ndxFlistOffset - lists.dirs.length + 1})`,
      );
    await this.receive(dirNdx);
  }

  private sort(list: FileList): void {
    const { charset, kernel } = this.context;
    const order = sortList(list, this.format.protocol, kernel.sortEntries);
    if (charset !== undefined) list.keepWireOrder(order);
  }

  /** --debug=hlink: of the list that came last; in rsync the generator reads it as well. */
  tellOfLinks(who: 'Receiver' | 'receiver' | 'generator'): void {
    const { report, texts } = this.context;
    for (const [ndx, first, isHere] of this.linked)
      report.print('info', texts.traces.linksTo(who, ndx, first, isHere));
  }

  /** --debug=flist3. */
  tellOf(list: FileList, who: 'Receiver' | 'receiver' | 'generator'): void {
    const { amRoot, report } = this.context;
    if (!report.debug('flist', 3)) return;
    tellEntries(list, this.context, { who, showsUsers: amRoot, before: (list, i) => String(list.depth(i)) });
  }

  private tellOfNames(list: FileList): void {
    const { report, texts } = this.context;
    for (let i = 0; i < list.count; i++) report.print('info', texts.traces.receivedName(list.path(i)));
  }

  /** Answers the errors that the end mark tells of. */
  private async readEntries(list: FileList, dirNdx: number): Promise<number> {
    const { reader } = this.context;
    const { lists, decoder } = this;
    const parent = this.format.incRecurse ? this.parentOf(dirNdx) : undefined;
    const step = (): boolean => decoder.entry(list, parent);
    const { report } = this.context;
    const counts = report.info('flist', 2);
    let told = 0;
    const tell = () => {
      for (; told + tellEvery <= list.count; told += tellEvery) report.flistProgress(told + tellEvery);
    };
    for (;;) {
      decoder.plainEntries(list, lists.totals);
      if (counts) tell();
      const more = reader.tryRecord(step) ?? (await reader.record(step));
      if (!more) break;
      lists.count(list, list.count - 1);
      if (counts) tell();
    }
    return decoder.endIoError;
  }

  /** Where the entries of a segment have to be. */
  private parentOf(dirNdx: number): ByteString {
    if (dirNdx < 0) return '';
    return this.isUnnamed(dirNdx) ? nowhere : this.lists.dirs.path(dirNdx);
  }

  private isDeclined(dirNdx: number): boolean {
    const { dirs } = this.lists;
    return dirNdx >= 0 && (dirs.list(dirNdx).flags(dirs.index(dirNdx)) & EntryFlag.Declined) !== 0;
  }

  /** --iconv: a directory that our charset has no name for; it has none for what is in it either. */
  private isUnnamed(d: number): boolean {
    const { dirs } = this.lists;
    return this.context.charset !== undefined && dirs.list(d).nameLengthOf(dirs.index(d)) === 0;
  }

  /** Each name must lie in a directory of the list, so that nothing comes past what excludes the directory. */
  private requireParents(list: FileList): void {
    const { options, report, texts } = this.context;
    let told: ByteString | undefined;
    for (const { i, isHarmless } of orphans(list, options.missingArgs === 'delete')) {
      if (!isHarmless) throw protocolError(texts.invalidPathFromSender(list.path(i)));
      const dir = list.dirname(i);
      if (dir !== told) report.print('error', texts.parentNotListed(dir));
      told = dir;
    }
  }

  /** Names of ids come behind a list that is complete at once; what they mean for ACLs is known then. */
  private mapAclIds(): void {
    const { ids } = this;
    const { extras, options } = this.context;
    if (extras === undefined || (options.numericIds && !ids.hasUserRules && !ids.hasGroupRules)) return;
    for (const table of [extras.accessAcls, extras.defaultAcls])
      table.mapIds(
        (id) => ids.uid(id),
        (id) => ids.gid(id),
      );
  }

  /** --iconv: a name that our charset does not have. */
  private reportUnnamed(what: 'name' | 'target', name: ByteString, errno: number): void {
    const { report, state, texts, cwd } = this.context;
    // The first list comes before generator and receiver part.
    const who = this.lists.isEmpty ? 'Receiver' : 'receiver';
    state.ioError |= IoError.General;
    if (what === 'name') report.print('error-utf8', texts.cannotConvertName(who, name, errno));
    else
      report.print('error-xfer', texts.cannotConvertTarget(who, texts.fullName({ path: cwd }, name), errno));
  }

  /** What a later segment tells counts from when the generator gets to it, however early it was read. */
  private noteIoError(list: FileList, bits: number, isFirst: boolean): void {
    const { options, state } = this.context;
    if (options.ignoreErrors) return;
    if (isFirst) state.ioError |= bits & allIoErrors;
    else list.ioError = bits & allIoErrors;
  }

  /** A segment may come once for each directory that the sender has told of. */
  private admitDir(dirNdx: number): void {
    const { dirs, segments } = this.lists;
    if (segments.length === 0 || !this.format.incRecurse)
      throw new RsyncError(ExitCode.Protocol, 'rsync: refusing sub-flist after final flist was freed');
    if (dirNdx >= dirs.length)
      throw protocolError(`rsync: refusing invalid dir_ndx ${dirNdx} >= ${dirs.length}`);
    const list = dirs.list(dirNdx);
    const i = dirs.index(dirNdx);
    if (!list.isActive(i) && !this.isUnnamed(dirNdx))
      throw protocolError(`rsync: refusing flist for cleared dir_ndx ${dirNdx}`);
    if (list.flags(i) & EntryFlag.GotDirFlist)
      throw protocolError(`rsync: refusing malicious duplicate flist for dir ${dirNdx}`);
    list.setFlag(i, EntryFlag.GotDirFlist);
  }
}

/** How this run's owners are mapped. A sender that does not tell id 0's name is taken to call it root. */
function idMapOf(context: FlistReceiverContext, format: FlistFormat): IdMap {
  const { options, amRoot, report, texts } = context;
  const names = context.names ?? new IdNames();
  const warn = (message: string) => report.print('error', message);
  const rules = (kind: IdKind, map: ByteString | undefined) =>
    parseIdRules(map, { kind, names, texts, warn });
  const ids = new IdMap({
    ignoreNames: options.numericIds,
    amRoot,
    memberOf: () => {
      const groups = context.memberOf();
      report.trace('own', () => texts.traces.groupsOfProcess(groups), 2);
      return groups;
    },
    mapped: report.debug('own', 2)
      ? (what, id, name, to) => report.print('info', texts.traces.mappedId(what, id, name, to))
      : undefined,
    names,
    userRules: rules('user', options.usermap),
    groupRules: rules('group', options.groupmap),
  });
  if (ids.hasUserRules && !format.id0Names) ids.addUser(0, 'root');
  if (ids.hasGroupRules && !format.id0Names) ids.addGroup(0, 'root');
  return ids;
}
