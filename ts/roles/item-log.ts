import { EntryFlag, type FileList } from '../flist/file-list.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { ItemEntry } from '../report/item-entry.ts';
import { senderFinished } from '../report/messages.ts';
import type { Report } from '../report/report.ts';
import * as traces from '../report/trace-messages.ts';
import type { ItemHeader } from '../wire/item.ts';

/** Shows one entry of a file list after the other to the report. */
class EntryCursor implements ItemEntry {
  rootOf: ((list: FileList, i: number) => ByteString) | undefined;
  private list!: FileList;
  private i = 0;

  /** Goes to an entry. Most lines show little of it, so each member is read where it is asked for. */
  at(list: FileList, i: number): this {
    this.list = list;
    this.i = i;
    return this;
  }

  get mode(): number {
    return this.list.mode(this.i);
  }
  get size(): number {
    return this.list.size(this.i);
  }
  get mtime(): number {
    return this.list.mtime(this.i);
  }
  get mtimeNsec(): number {
    return this.list.mtimeNsec(this.i);
  }
  get atime(): number {
    return this.list.atime(this.i);
  }
  get uid(): number {
    return this.list.uid(this.i);
  }
  get gid(): number {
    return this.list.gid(this.i);
  }
  get skipGroup(): boolean {
    return (this.list.flags(this.i) & EntryFlag.SkipGroup) !== 0;
  }

  get path(): ByteString {
    return this.list.path(this.i);
  }
  get linkTarget(): ByteString {
    return this.list.linkTarget(this.i);
  }
  get checksum(): Uint8Array | undefined {
    return this.list.checksum(this.i);
  }
  get root(): ByteString | undefined {
    return this.rootOf?.(this.list, this.i);
  }
}

/** What the lines about an item tell of its header. */
type EchoedItem = Pick<ItemHeader, 'iflags' | 'xname'>;

/** The lines that sender, receiver and generator write about entries, at the moments rsync writes them. */
export class ItemLog {
  private readonly report: Report;
  private readonly cursor = new EntryCursor();
  /** A name is said before its progress. */
  private readonly namesFirst: boolean;
  private readonly traces: boolean;
  private readonly tracesSums: boolean;
  /** Sender: how the search in the file at hand went. */
  searched = traces.nothingSearched;

  /** `rootOf` (sender) tells the source folder an entry's path is below, as the user named it. */
  constructor(report: Report, rootOf?: (list: FileList, i: number) => ByteString) {
    this.report = report;
    this.cursor.rootOf = rootOf;
    this.namesFirst = !report.server && report.info('name') && report.options.info.progress === 1;
    this.traces = report.sender && report.debug('send');
    this.tracesSums = report.sender && report.debug('deltasum', 2);
  }

  at(list: FileList, i: number): ItemEntry {
    return this.cursor.at(list, i);
  }

  /** An item without content, or (`pretend`) a transfer that a dry run would make. */
  echo(list: FileList, i: number, { iflags, xname }: EchoedItem, pretend: boolean): void {
    if (pretend) this.report.transferBegins(list.size(i));
    if (!this.report.tellsItems) return;
    const entry = this.at(list, i);
    this.report.itemDone(entry, iflags, pretend ? '' : xname);
    if (pretend) this.report.logItem(entry, iflags, '', 'client');
    else this.report.maybeLogItem(entry, iflags, xname);
  }
  /** An item of protocols that do not tell the sender of it: the generator's own line. */
  now(list: FileList, i: number, iflags: number, xname: ByteString): void {
    const entry = this.at(list, i);
    this.report.itemDone(entry, iflags, xname);
    this.report.logItem(entry, iflags, xname, this.report.logHasI ? 'info' : 'client');
  }
  beforeTransfer(list: FileList, i: number, iflags: number): void {
    const { report } = this;
    if (this.tracesSums) this.traceStart(list, i);
    if (report.logBeforeTransfer) report.logItem(this.at(list, i), iflags, '', 'client');
    else if (this.namesFirst) report.print('client', list.path(i));
  }
  /** A transfer of `size` bytes that is told of when it is through. */
  transferred(list: FileList, i: number, iflags: number, size: number): void {
    this.beforeTransfer(list, i, iflags);
    this.report.progressAtOnce(list, i, size);
    this.afterTransfer(list, i, iflags);
  }
  afterTransfer(list: FileList, i: number, iflags: number): void {
    if (this.tracesSums) this.traceEnd();
    // A sender says it before its line about the file, a receiver behind that.
    const { progressWanted, sender } = this.report;
    if (progressWanted && sender) this.report.instantProgress(list, i);
    if (this.report.tellsItems) {
      const entry = this.at(list, i);
      this.report.itemDone(entry, iflags, '');
      this.report.logItem(entry, iflags, '', this.report.logBeforeTransfer ? 'log' : 'info');
    }
    if (progressWanted && !sender) this.report.instantProgress(list, i);
    if (this.traces) this.report.print('info', senderFinished(this.sourceName(list, i)));
  }

  private traceStart(list: FileList, i: number): void {
    const name = this.sourceName(list, i);
    this.report.print('info', traces.mappedBySender(name, list.size(i)));
    this.report.print('info', traces.matching(name));
  }
  private traceEnd(): void {
    const { blocks } = this.searched;
    if (blocks !== undefined)
      for (const line of [traces.builtTable, traces.searching(blocks.length, blocks.size), traces.searchDone])
        this.report.print('info', line);
    this.report.print('info', traces.sendingFileSum);
    this.report.print('info', traces.searched(this.searched));
    this.searched = traces.nothingSearched;
  }

  /** Sender: an entry's name as the user's arguments make it. */
  sourceName(list: FileList, i: number): ByteString {
    const { root, path } = this.at(list, i);
    return root ? `${root}/${path}` : path;
  }
}
