/**
 * Everything a run says, on its way out: verbosity, escaping, the lines about items and deletions.
 *
 * A client shows what it says; a server sends it to its client as messages. Both go through `Output`, which
 * the session gives. rsync's log codes decide which: see `LogCode`.
 */
import type { ByteString } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFREG } from '../kernel/stat-table.ts';
import { formatHas } from '../options/log-format.ts';
import type { DebugFlag, InfoFlag, Options } from '../options/options.ts';
import { Item, significantItems } from '../wire/constants.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { type Charset, escapeText, isPlainLine } from './escape.ts';
import type { ItemEntry, ListRange, ListTotals } from './item-entry.ts';
import { isDir } from './mode.ts';
import { type CompiledFormat, compileFormat, type DaemonFacts } from './out-format.ts';
import { Progress } from './progress.ts';

export type { ItemEntry } from './item-entry.ts';

/**
 * rsync's log codes. `info` is for the user (and the log file); `client` the same, but never for the log
 * file; `log` only for the log file; `error-xfer` is an error after which the run ends with exit 23.
 */
export type LogCode = 'info' | 'warning' | 'error' | 'error-xfer' | 'client' | 'log';

/** Where text goes: a client's standard streams, or the messages a server sends to its client. */
export interface Output {
  /**
   * `text` is ready to be shown (client: already escaped) or sent (server: raw bytes), with its line end.
   * A client gets the codes `info` (standard output) and `warning`, `error`, `error-xfer` (standard error).
   */
  write(code: LogCode, text: ByteString): void;
  /** Server: writes to its own standard error, already escaped. A daemon has none. */
  stderr?(text: ByteString): void;
  /** Server: tells the client of a deletion (MSG_DELETED); the name of a directory ends with a NUL. */
  deleted?(payload: ByteString): void;
}

/** A log of its own beside the output: the daemon's transfer log, or --log-file. */
export interface TransferLog {
  /** Format of lines about items; '' writes none. */
  readonly format: ByteString;
  /** One message, raw, with its line end. */
  write(text: ByteString): void;
}

/** Bytes of data exchanged with the peer so far, for `%b` and `%c`. */
export interface WireCounters {
  written(): number;
  read(): number;
}

export interface ReportSetup {
  readonly options: Options;
  readonly output: Output;
  /** This end is `--server` (or a daemon's child). */
  readonly server: boolean;
  /** This end sends the files (am_sender). */
  readonly sender: boolean;
  /** Both ends are in this process: `%i` shows `>` for what a sender sends. */
  readonly local: boolean;
  readonly charset: Charset;
  readonly daemon?: DaemonFacts;
  readonly log?: TransferLog;
  readonly counters?: WireCounters;
  /** Milliseconds, for progress lines; `Date.now` when it is not given. */
  readonly clock?: () => number;
  /** Whether this process may draw on its terminal; `inForeground` when it is not given. */
  readonly foreground?: () => boolean;
}

const noCounters: WireCounters = { written: () => 0, read: () => 0 };

/** Where progress of a file that is sent begins to be shown: rsync's pieces are as long. */
export const firstStep = 32 * 1024;

/** What one end of a session says. */
export class Report {
  readonly options: Options;
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
  private readonly output: Output;
  private readonly progress: Progress | undefined;
  private readonly charset: Charset;
  private readonly log: TransferLog | undefined;
  private readonly logHasI: boolean;
  private readonly format: CompiledFormat | undefined;
  private readonly deleteFormat: CompiledFormat | undefined;
  private readonly logFormat: CompiledFormat | undefined;
  private readonly logDeleteFormat: CompiledFormat | undefined;
  private readonly counters: WireCounters;
  private writtenBefore = 0;
  private readBefore = 0;
  /** The last output has no line end (output_needs_newline); 2 for a file list's growing count. */
  private openLine: 0 | 1 | 2 = 0;

  constructor(setup: ReportSetup) {
    const { options, server } = setup;
    this.options = options;
    this.server = server;
    this.sender = setup.sender;
    this.output = setup.output;
    this.charset = options.eightBitOutput ? 'bytes' : setup.charset;
    this.log = setup.log;
    this.counters = setup.counters ?? noCounters;
    const given = options.outFormatGiven || (server && options.outFormat !== '');
    const text = given
      ? options.outFormat
      : options.itemize > 0
        ? '%i %n%L'
        : options.info.name > 0
          ? '%n%L'
          : '';
    if (!given) this.formatHasI = options.itemize;
    else if (server && formatHas(text, 'I')) this.formatHasI = 2;
    else this.formatHasI = formatHas(text, 'i') ? options.itemize | 1 : 0;
    const late = formatHas(text, 'b') || formatHas(text, 'c') || formatHas(text, 'C');
    this.countsEachFile = late;
    this.logBeforeTransfer = !server && (given ? !late : text !== '');
    const logText = setup.log?.format ?? '';
    this.logHasI = formatHas(logText, 'i');
    this.itemizing = server ? this.logHasI : this.formatHasI > 0;

    if (!server && options.info.progress > 0)
      this.progress = new Progress(this, setup.clock, setup.foreground);
    const facts = { options, sender: setup.sender, local: setup.local, daemon: setup.daemon, report: this };
    const compile = (format: ByteString) => compileFormat(format, facts);
    const forDeletes = (format: ByteString) =>
      compile(formatHas(format, 'i') || formatHas(format, 'o') ? format : 'deleting %n');
    if (!server && text !== '') this.format = compile(text);
    if (text !== '' || options.info.del > 0)
      this.deleteFormat = this.formatHasI > 0 ? compile(text) : forDeletes(text);
    if (logText !== '') {
      this.logFormat = compile(logText);
      this.logDeleteFormat = forDeletes(logText);
    }
  }

  /**
   * The lines tell what each file took on the wire, or its digest (%b, %c, %C): files then go one by one, so
   * that it can be told from what the others took.
   */
  get followsEachFile(): boolean {
    return !this.server && this.countsEachFile;
  }
  /** How far each file is, is shown: lines about files then come in their order, and none before its turn. */
  get showsProgress(): boolean {
    return this.progress !== undefined;
  }

  /** Whether `--info=FLAG` is at `level` or above. */
  info(flag: InfoFlag, level = 1): boolean {
    return this.options.info[flag] >= level;
  }
  /** Whether `--debug=FLAG` is at `level` or above. */
  debug(flag: DebugFlag, level = 1): boolean {
    return this.options.debug[flag] >= level;
  }

  /** Says a line without its end. What looks like one belongs to a name, and is escaped. */
  print(code: LogCode, text: ByteString): void {
    this.write(code, `${text}\n`);
  }

  /**
   * Says `text` as it stands (rwrite): a leading carriage return and a trailing one or newline stay
   * what they are, everything between is escaped before it is shown.
   */
  write(code: LogCode, text: ByteString): void {
    if (this.log !== undefined && code !== 'client') this.log.write(text);
    if (code === 'log') return;
    if (code === 'error-xfer') this.gotXferError = true;
    if (this.options.quiet && (code === 'info' || code === 'client')) return;
    if (this.server && this.goesToStderr(code)) this.output.stderr?.(this.escaped(text));
    else if (this.server) this.output.write(this.serverCode(code), text);
    else if (this.options.msgs2stderr === true && !isError(code)) this.show('warning', text);
    else this.show(code === 'client' ? 'info' : code, text);
  }

  /**
   * --stderr: whether a server says this on its own standard error. Errors are unless it was told otherwise,
   * or the client may be too old to have arranged for it.
   */
  private goesToStderr(code: LogCode): boolean {
    if (this.output.stderr === undefined) return false;
    const { msgs2stderr } = this.options;
    return msgs2stderr ?? (this.protocol > 28 && isError(code));
  }

  /** Text that leaves its line open: the next message starts on a new one. */
  writeOpen(code: LogCode, text: ByteString): void {
    this.write(code, text);
    if (!this.server && !this.options.quiet) this.openLine = 1;
  }

  /** Lets the next text continue the open line. */
  continueLine(): void {
    this.openLine = 0;
  }

  /** Ends an open line; for the end of a run. */
  closeLine(): void {
    if (this.openLine > 0) this.output.write('info', '\n');
    this.openLine = 0;
  }

  /** "building file list ... ": begins what `flistProgress` and `finishFlistProgress` go on with. */
  startFlistProgress(kind: ByteString): void {
    if (!this.options.quiet) this.writeOpen('client', `${kind} ... `);
  }
  /** The count so far, shown at every hundredth entry with --info=flist2. */
  flistProgress(count: number): void {
    if (this.options.quiet || !this.info('flist', 2) || count % 100 !== 0) return;
    if (this.openLine === 2) this.openLine = 0;
    this.write('client', ` ${count} files...\r`);
    this.openLine = 2;
  }
  finishFlistProgress(count: number): void {
    this.openLine = 0;
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
    if (code !== 'log' && this.format !== undefined)
      this.write('client', this.format(entry, undefined, iflags, xname));
    if (code !== 'client' && this.logFormat !== undefined)
      this.write('log', this.logFormat(entry, undefined, iflags, xname));
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

  /** The turn of a transfer has come (it may fail yet): progress counts it. */
  transferBegins(size: number): void {
    this.progress?.begin(size);
  }

  /** Progress of a file that is told of when it is through: its first step, and its end. */
  progressAtOnce(list: ListRange, i: number, size: number): void {
    const progress = this.progress;
    if (progress === undefined) return;
    progress.setEntry(list, i);
    // A receiver shows where a piece goes before it writes it, a sender where one ended.
    if (size > 0) progress.show(this.sender ? Math.min(size, firstStep) : 0, size);
    progress.end(size);
  }

  /**
   * Makes an entry the one that progress lines are about. The function that is returned, if any is, takes
   * the position in the file (bytes) as often as one likes.
   */
  startProgress(list: ListRange, i: number, size: number): ((position: number) => void) | undefined {
    const progress = this.progress;
    if (progress === undefined) return undefined;
    progress.setEntry(list, i);
    return (position) => progress.show(position, size);
  }
  /** The file of `startProgress` is through; `size` as it was transferred. */
  endProgress(size: number): void {
    this.progress?.end(size);
  }
  /** All of a list's items are through (an NDX_DONE came). */
  listDone(list: ListRange | undefined): void {
    if (this.progress === undefined || list === undefined) return;
    this.progress.endList(list);
  }

  /** A file was deleted, or would be (log_delete). `mode` needs only its type bits. */
  logDelete(path: ByteString, mode: number): void {
    const entry = deletedEntry(mode);
    if (this.server && this.protocol >= 29) this.output.deleted?.(isDir(mode) ? `${path}\0` : path);
    else if (this.deleteFormat !== undefined)
      this.write('client', this.deleteFormat(entry, path, Item.Deleted, ''));
    if (this.logDeleteFormat !== undefined && !this.options.dryRun)
      this.write('log', this.logDeleteFormat(entry, path, Item.Deleted, ''));
  }

  /** A server's MSG_DELETED: its payload is the name, with a NUL behind that of a directory. */
  peerDeleted(payload: ByteString): void {
    const dir = payload.endsWith('\0');
    this.logDelete(dir ? payload.slice(0, -1) : payload, dir ? S_IFDIR : S_IFREG);
  }

  private get protocol(): number {
    return this.negotiated?.protocol ?? 32;
  }

  /** No client knows `client`; those below protocol 30 know neither plain errors nor warnings. */
  private serverCode(code: LogCode): LogCode {
    if (code === 'client') return 'info';
    if (this.protocol >= 30) return code;
    return code === 'error' ? 'error-xfer' : code === 'warning' ? 'info' : code;
  }

  private show(code: LogCode, text: ByteString): void {
    if (this.openLine === 0 && isPlainLine(text)) {
      this.output.write(code, text);
      return;
    }
    let head = '';
    if (this.openLine > 0) {
      head = '\n';
      this.openLine = 0;
    }
    this.output.write(code, head + this.escaped(text));
  }

  private escaped(text: ByteString): ByteString {
    let from = 0;
    let to = text.length;
    if (to > 0 && isLineEnd(text.charCodeAt(to - 1))) to--;
    if (to > 0 && text.charCodeAt(0) === 13) from = 1;
    return text.slice(0, from) + escapeText(text.slice(from, to), this.charset) + text.slice(to);
  }
}

function isError(code: LogCode): boolean {
  return code === 'warning' || code === 'error' || code === 'error-xfer';
}

function isLineEnd(byte: number): boolean {
  return byte === 10 || byte === 13;
}

function deletedEntry(mode: number): ItemEntry {
  return { path: '', mode, size: 0, mtime: 0, mtimeNsec: 0, uid: 0, gid: 0, linkTarget: '' };
}
