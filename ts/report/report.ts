/**
 * What the roles tell of a run. It decides what is worth saying, and to whom: the listener of its events, the
 * user's text, the log, the progress meter. How each says it is in `view/`.
 */
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFREG } from '../kernel/stat-table.ts';
import { formatGiven, formatHas, itemizeLevel } from '../options/log-format.ts';
import type { DebugFlag, InfoFlag, Options } from '../options/options.ts';
import { liveProgress } from '../options/output-flags.ts';
import type { WireCharset } from '../wire/charset.ts';
import { Item, significantItems } from '../wire/constants.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { bytewiseCharset, escapeLog, escapeText } from './escape.ts';
import type { LogCode, RunEvents } from './events.ts';
import type { ItemEntry, ListRange, ListTotals } from './item-entry.ts';
import { isDir } from './mode.ts';
import { PassedBytes } from './passed.ts';
import { type ItemLines, logLines, userLines } from './view/item-lines.ts';
import { listLine } from './view/list-only.ts';
import type { DaemonFacts } from './view/out-format.ts';
import { Progress } from './view/progress.ts';
import { isError, type Output, TextView } from './view/text.ts';

export type { LogCode, RunEvents } from './events.ts';
export type { ItemEntry } from './item-entry.ts';
export type { Output } from './view/text.ts';

/** A log of its own beside the output: the daemon's transfer log, or --log-file. */
export interface TransferLog {
  /** Format of lines about items; '' writes none but of deletions, undefined none at all. */
  readonly format: ByteString | undefined;
  /** One message with its line end, escaped: no name can make a second line of it. The system's log has errors apart. */
  write(text: ByteString, isError?: boolean): void;
}

/** Bytes of data exchanged with the peer so far, for `%b` and `%c`. */
export interface WireCounters {
  written(): number;
  read(): number;
}

/** What is told of the process, and what it takes to tell it. */
export type ReportHost = Pick<Host, 'charset' | 'pid' | 'now' | 'inForeground' | 'memory'>;

export interface ReportSetup {
  readonly options: Options;
  readonly output: Output;
  /** This end is `--server` (or a daemon's child). */
  readonly server: boolean;
  /** This end sends the files (am_sender). */
  readonly sender: boolean;
  /** Both ends are in this process: `%i` shows `>` for what a sender sends. */
  readonly local: boolean;
  readonly host: ReportHost;
  readonly daemon?: DaemonFacts;
  /** In a module: how what is said of files there is worded. */
  readonly wording?: ((text: ByteString) => ByteString) | undefined;
  readonly log?: TransferLog;
  readonly counters?: WireCounters;
  /** Who wants to know what happens, besides the words. */
  readonly events?: RunEvents;
}

/** Converted text is shown as it is, other bytes by their numbers. */
const escapedPieces = {
  good: (text: ByteString) => escapeText(text, 'bytes'),
  bad: (byte: ByteString) => escapeText(byte, 'ascii'),
};

const noCounters: WireCounters = { written: () => 0, read: () => 0 };

/** Where progress of a file that is sent begins to be shown: rsync's pieces are as long. */
export const firstStep = 32 * 1024;

/** How far a file is, and how much of that was matched. */
export type ProgressStep = (position: number, matched?: number) => void;

/** What one end of a session says. */
export class Report {
  readonly options: Options;
  readonly host: ReportHost;
  readonly server: boolean;
  readonly sender: boolean;
  /** How much the format shows of items (stdout_format_has_i): 0 nothing, 1 changes, 2 also unchanged ones. */
  readonly formatHasI: number;
  /**
   * The line about a transferred file comes before its data (log_before_transfer); the roles then log the
   * end of it with the code `log`, else with `info`.
   */
  readonly logBeforeTransfer: boolean;
  private readonly countsEachFile: boolean;
  /** A line shows digests (%C). */
  readonly showsSums: boolean;
  /** Sender and receiver: items that transfer nothing are worth looking at. */
  readonly itemizing: boolean;
  /** An error-xfer was said or heard: the run ends with exit 23 at best. */
  gotXferError = false;
  /** Set once the handshake is through. */
  negotiated: Negotiated | undefined;
  /** The sender's digest of the file that was transferred last, for %C. */
  transferSum: Uint8Array | undefined;
  /** The lists of this direction, once there are any; for progress lines. */
  lists: ListTotals | undefined;
  /** Who wants to know what happens; roles need not look. */
  readonly events: RunEvents | undefined;
  private readonly local: boolean;
  private readonly output: Output;
  private readonly text: TextView;
  private readonly progress: Progress | undefined;
  /** Counts what is transferred, for whoever asks how far the run is. */
  private readonly meter: Progress | undefined;
  /** The user asked how far the run is: the end of the next file says it. */
  progressWanted = false;
  private readonly log: TransferLog | undefined;
  /** The log's lines tell what changes of items: the generator need not say it. */
  readonly logHasI: boolean;
  private readonly lines: ItemLines;
  private readonly logLines: ItemLines;
  /** Somebody is told of items that are done with: by a line, in the log, or as an event. */
  readonly tellsItems: boolean;
  private readonly counters: WireCounters;
  private readonly wording: ((text: ByteString) => ByteString) | undefined;
  /** A list that comes whole is on its way. */
  private countsEntries = false;
  private passed: PassedBytes | undefined;
  private writtenBefore = 0;
  private readBefore = 0;

  constructor(setup: ReportSetup) {
    const { options, output, server, sender, host } = setup;
    this.options = options;
    this.host = host;
    this.server = server;
    this.sender = sender;
    this.events = setup.events;
    this.local = setup.local;
    this.output = output;
    this.log = setup.log;
    this.counters = setup.counters ?? noCounters;
    this.wording = setup.wording;
    this.text = new TextView({
      options,
      output,
      server,
      charset: server ? bytewiseCharset(host.charset) : host.charset,
      protocol: () => this.protocol,
    });
    if (!server) this.meter = new Progress(this, host);
    if (options.info.progress > 0 && options.info.progress < liveProgress) this.progress = this.meter;

    this.formatHasI = itemizeLevel(options, server);
    const facts = { options, sender, local: setup.local, daemon: setup.daemon, report: this };
    this.lines = userLines(facts, server, this.formatHasI > 0);
    this.logLines = logLines(facts, setup.log?.format);
    this.tellsItems =
      this.lines.item !== undefined || this.logLines.item !== undefined || setup.events?.item !== undefined;
    const { text } = this.lines;
    this.countsEachFile = countsEachFile(text) || countsEachFile(this.logLines.text);
    this.showsSums = formatHas(text, 'C') || formatHas(this.logLines.text, 'C');
    const early = formatGiven(options, server) ? !countsEachFile(text) : text !== '';
    this.logBeforeTransfer = !server && early;
    this.logHasI = formatHas(this.logLines.text, 'i');
    this.itemizing = server ? this.logHasI : this.formatHasI > 0;
  }

  /** The lines tell what each file took on the wire, or its digest (%b, %c, %C). */
  get followsEachFile(): boolean {
    return this.countsEachFile;
  }
  /** How far each file is, is shown: lines about files then come in their order, and none before its turn. */
  get showsProgress(): boolean {
    return this.progress !== undefined || this.events?.progressed !== undefined;
  }

  /** The handshake is through. */
  agree(negotiated: Negotiated): void {
    this.negotiated = negotiated;
    this.events?.agreed?.({
      transferSign: this.sender && !this.local ? '<' : '>',
      times: this.options.times,
      linkTimes: negotiated.symlinkTimes,
    });
  }

  /** The lists of this direction begin. */
  listsBegun(lists: ListTotals): void {
    this.lists = lists;
    this.events?.listing?.(lists);
  }

  /** An entry is listed and not transferred: whoever listens is told, else its line is said. */
  list(entry: ItemEntry): void {
    if (this.events?.listed !== undefined) this.events.listed(entry);
    else this.print('info', listLine(entry, this.options));
  }

  /** Whether `--info=FLAG` is at `level` or above. */
  info(flag: InfoFlag, level = 1): boolean {
    return this.options.info[flag] >= level;
  }
  /** Whether `--debug=FLAG` is at `level` or above. */
  debug(flag: DebugFlag, level = 1): boolean {
    return this.options.debug[flag] >= level;
  }

  /** Says what only --debug has; the words are made where it is on. */
  trace(flag: DebugFlag, words: () => ByteString | readonly ByteString[], level = 1): void {
    if (!this.debug(flag, level)) return;
    const said = words();
    for (const line of typeof said === 'string' ? [said] : said) this.print('info', line);
  }

  /** The process that speaks, for debug lines. */
  get pid(): number {
    return this.host.pid;
  }
  now(): number {
    return this.host.now();
  }

  /** Says a line without its end. What looks like one belongs to a name, and is escaped. */
  print(code: LogCode, text: ByteString): void {
    this.write(code, `${text}\n`);
  }

  /** Says `text` as it stands, with its line end, if it is to have one. */
  write(code: LogCode, text: ByteString): void {
    const said = this.wording === undefined ? text : this.wording(text);
    this.tell(code, said);
    this.text.write(code, said);
  }

  /** --iconv: says what the peer said, in the charset that the user has named, whatever the terminal's may be. */
  relay(code: LogCode, text: ByteString, charset: WireCharset): void {
    this.tell(code, charset.textFromWire(text));
    this.text.write(code, text, (line) => charset.textFromWire(line, escapedPieces));
  }

  private tell(code: LogCode, text: ByteString): void {
    if (code === 'error-xfer') this.gotXferError = true;
    if (this.log !== undefined && code !== 'client') this.log.write(escapeLog(text), isError(code));
    this.events?.said?.(code, text);
  }

  /** Text that leaves its line open: the next message starts on a new one. */
  writeOpen(code: LogCode, text: ByteString): void {
    this.write(code, text);
    this.text.leaveOpen();
  }

  /** Lets the next text continue the open line. */
  continueLine(): void {
    this.text.continueLine();
  }

  /** Ends an open line; for the end of a run. */
  closeLine(code: 'info' | 'error'): void {
    this.text.closeLine(code);
  }

  /** "building file list ... ": begins what `flistProgress` and `finishFlistProgress` go on with. */
  startFlistProgress(kind: ByteString): void {
    this.countsEntries = true;
    if (!this.options.quiet) this.writeOpen('client', `${kind} ... `);
  }
  /** The count so far, shown at every hundredth entry with --info=flist2. */
  flistProgress(count: number): void {
    if (!this.countsEntries || count % 100 !== 0) return;
    if (this.options.quiet || !this.info('flist', 2)) return;
    this.text.writeCount(` ${count} files...\r`);
  }
  finishFlistProgress(count: number): void {
    this.countsEntries = false;
    this.text.continueLine();
    const considered = `${count} file${count === 1 ? ' ' : 's '}to consider\n`;
    this.write('info', this.info('flist', 2) ? considered : 'done\n');
  }

  /** Remembers the counters from which `%b` and `%c` count (remember_initial_stats). */
  startItem(): void {
    this.writtenBefore = this.counters.written();
    this.readBefore = this.counters.read();
  }
  /** Bytes written since `startItem`. */
  writtenSince(): number {
    return this.counters.written() - this.writtenBefore;
  }
  /** Bytes read since `startItem`. */
  readSince(): number {
    return this.counters.read() - this.readBefore;
  }

  /**
   * The line about an item, unconditionally (log_item): `client` shows it, `log` writes it to the log, `info`
   * does both. `xname` is the name of a hard link's leader, '' for none.
   */
  logItem(
    entry: ItemEntry,
    iflags: number,
    xname: ByteString,
    code: 'info' | 'client' | 'log' = 'info',
  ): void {
    const { lines, logLines } = this;
    if (code !== 'log' && lines.item !== undefined)
      this.write('client', lines.item(entry, undefined, iflags, xname));
    if (code !== 'client' && logLines.item !== undefined)
      this.write('log', logLines.item(entry, undefined, iflags, xname));
  }

  /** An item is done with: whoever listens is told. */
  itemDone(entry: ItemEntry, iflags: number, xname: ByteString): void {
    this.events?.item?.(entry, iflags, xname);
  }

  /** The line about an item that transfers no data, where the options want it (maybe_log_item). */
  maybeLogItem(entry: ItemEntry, iflags: number, xname: ByteString): void {
    const significant = iflags & significantItems;
    const see =
      this.itemizing &&
      (significant !== 0 ||
        xname !== '' ||
        this.formatHasI > 1 ||
        (this.formatHasI > 0 && this.options.info.name > 1));
    if (this.server) {
      if (this.log !== undefined && !this.options.dryRun && see && (significant !== 0 || this.logHasI))
        this.logItem(entry, iflags, xname, 'log');
      return;
    }
    const local = (iflags & Item.LocalChange) !== 0 && significant !== 0;
    if (see || local || xname !== '' || (significant !== 0 && isDir(entry.mode)))
      this.logItem(entry, iflags, xname, significant !== 0 || this.logHasI ? 'info' : 'client');
  }

  /** To be called when the user asks how far the run is. One that shows its progress has said it. */
  wantProgress(): void {
    this.progressWanted = this.meter !== undefined && this.progress === undefined;
  }
  /** A file is through, and somebody asked (instant_progress): the state of the whole transfer. */
  instantProgress(list: ListRange, i: number): void {
    this.progressWanted = false;
    if (this.formatHasI === 0 && !this.info('name')) this.print('info', list.path?.(i) ?? '');
    this.meter?.setEntry(list, i);
    this.meter?.instant();
  }

  /** The content of a file is asked for. In a local run the generator says so, which is ahead of the sender. */
  requested(list: ListRange, i: number, size: number): void {
    if (this.local && this.sender) return;
    this.events?.requested?.(size);
    if (this.sender) this.passes(list, i + 1);
  }
  /** The content that was asked for does not come. */
  missed(size: number): void {
    this.events?.missed?.(size);
  }
  private passes(list: ListRange, to: number): void {
    if (this.events?.passed === undefined || this.local) return;
    this.passed ??= new PassedBytes();
    this.events.passed(this.passed.upTo(list, to));
  }
  /** The generator has been through the list. */
  allRequested(): void {
    this.events?.allRequested?.();
  }

  /** The turn of a transfer has come (it may fail yet): progress counts it. */
  transferBegins(size: number): void {
    this.meter?.begin(size);
  }

  /** Progress of a file that is told of when it is through: its first step, and its end. */
  progressAtOnce(list: ListRange, i: number, size: number): void {
    if (!this.showsProgress) return;
    const step = this.startProgress(list, i, size);
    // A receiver shows where a piece goes before it writes it, a sender where one ended.
    if (size > 0) step?.(this.sender ? Math.min(size, firstStep) : 0);
    this.endProgress(list, i, size);
  }

  /**
   * Makes an entry the one that progress lines are about. The function that is returned, if any is, takes
   * the position in the file (bytes) as often as one likes, and how much of it was matched.
   */
  startProgress(list: ListRange, i: number, size: number): ProgressStep | undefined {
    const { progress, events } = this;
    progress?.setEntry(list, i);
    if (events?.progressed === undefined)
      return progress === undefined ? undefined : (position) => progress.show(position, size);
    const path = list.path?.(i) ?? '';
    return (position, matched = 0) => {
      events.progressed?.(path, position, size, matched);
      progress?.show(position, size);
    };
  }
  /** The file of `startProgress` is through; `size` as it was transferred. */
  endProgress(list: ListRange, i: number, size: number): void {
    if (this.events?.progressed !== undefined) this.events.progressed(list.path?.(i) ?? '', size, size, 0);
    this.progress?.end(size);
  }
  /** All of a list's items are through (an NDX_DONE came). */
  listDone(list: ListRange | undefined): void {
    if (list === undefined) return;
    if (this.sender) this.passes(list, list.count);
    this.progress?.endList(list);
  }

  /** A file was deleted, or would be (log_delete). `mode` needs only its type bits. */
  logDelete(path: ByteString, mode: number): void {
    this.events?.deleted?.(path, mode);
    const entry = deletedEntry(mode);
    if (this.server && this.protocol >= 29) this.output.deleted?.(isDir(mode) ? `${path}\0` : path);
    else if (this.lines.deletion !== undefined)
      this.write('client', this.lines.deletion(entry, path, Item.Deleted, ''));
    if (this.logLines.deletion !== undefined && !this.options.dryRun)
      this.write('log', this.logLines.deletion(entry, path, Item.Deleted, ''));
  }

  /** A server's MSG_DELETED: its payload is the name, with a NUL behind that of a directory. */
  peerDeleted(payload: ByteString): void {
    const dir = payload.endsWith('\0');
    this.logDelete(dir ? payload.slice(0, -1) : payload, dir ? S_IFDIR : S_IFREG);
  }

  private get protocol(): number {
    return this.negotiated?.protocol ?? 32;
  }
}

function countsEachFile(format: ByteString): boolean {
  return formatHas(format, 'b') || formatHas(format, 'c') || formatHas(format, 'C');
}

function deletedEntry(mode: number): ItemEntry {
  return {
    path: '',
    mode,
    size: 0,
    mtime: 0,
    mtimeNsec: 0,
    atime: 0,
    uid: 0,
    gid: 0,
    skipGroup: false,
    linkTarget: '',
  };
}
