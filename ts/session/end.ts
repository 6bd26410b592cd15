import { ExitCode, IoError, protocolError, RsyncError } from '../errors.ts';
import type { FilterContext } from '../filter/context.ts';
import { cleanPath } from '../filter/paths.ts';
import type { Choice } from '../flist/choice.ts';
import type { SegmentPass } from '../flist/segment-pass.ts';
import type { SourceAhead } from '../flist/source-ahead.ts';
import { type Host, linkOwner, type Site } from '../host.ts';
import type { ByteString, Kernel, Tree } from '../kernel/kernel.ts';
import { debugAt, lastLog } from '../options/defs/tell.ts';
import { apart, type Ends, type SharedPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import { bytewiseCharset, escapeText } from '../report/escape.ts';
import * as text from '../report/messages.ts';
import { type LogCode, type Output, Report, type RunEvents, type TransferLog } from '../report/report.ts';
import { Statistics } from '../report/statistics.ts';
import * as traces from '../report/trace-messages.ts';
import type { DaemonFacts } from '../report/view/out-format.ts';
import type { GeneratorLink } from '../roles/generator-link.ts';
import type { Loopback } from '../roles/loopback.ts';
import { limitSink } from '../transport/bwlimit.ts';
import type { Duplex } from '../transport/duplex.ts';
import type { WireCharset } from '../wire/charset.ts';
import { Msg } from '../wire/constants.ts';
import { inPlaceBytes, longestText, messageProblem } from '../wire/limits.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { Recording } from './batch-file.ts';
import { refusal } from './refusal.ts';
import { IoTimeout } from './timeouts.ts';
import type { MakeWire } from './wire-request.ts';

/** A wire that somebody watches. */
export interface WatchedWire {
  /** `daemon`: it begins with a daemon's greeting. */
  readonly kind: 'shell' | 'daemon';
  /** The server's arguments as far as they do not come over the wire. */
  readonly words: readonly ByteString[];
  /** Whether this end is the server's. */
  readonly server: boolean;
  /** A daemon serves others meanwhile. */
  readonly oneOfMany: boolean;
}

/** Who watches the wires of a run (OC_RSYNC_TRACE). */
export interface Wiretap {
  /** The same wire, from here on watched. */
  watch(duplex: Duplex, wire: WatchedWire): Duplex;
  /** There is none: both ends are in one process, or what comes is in a file. */
  unwatched(why: 'local' | 'batch'): void;
}

/** Where a run takes place, what ends it early, and who hears of it. */
export interface SessionIo {
  readonly host: Host;
  /** Aborted with an `RsyncError` as reason when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Who wants to know what happens, besides the words. */
  readonly events: RunEvents | undefined;
  /** What the client waits for before it hears more of its peer: whoever is told falls behind. */
  readonly held?: (() => Promise<void> | undefined) | undefined;
  /** Makes the way to another host in place of a remote shell or a socket. */
  readonly makeWire?: MakeWire | undefined;
  /** Who watches the wire; undefined: it is used as it is. */
  readonly wiretap?: Wiretap | undefined;
  /** Chooses entries on our side, beside the rules. */
  readonly choice?: Choice | undefined;
  /** A log beside the output, opened when it is first asked for; one that cannot be is told of, and is none. */
  readonly log: (() => TransferLog | undefined) | undefined;
}

export interface EndSetup {
  readonly io: SessionIo;
  readonly duplex: Duplex;
  readonly options: Options;
  readonly kernel: Kernel;
  readonly server: boolean;
  readonly sender: boolean;
  readonly site: Site;
  /** With --iconv. */
  readonly charset?: WireCharset;
  /** The first source, read while the peer was being reached. */
  readonly ahead?: SourceAhead;
  /** The other end is a session of this process. */
  readonly local?: boolean;
  /** ... and what was decided for both. */
  readonly shared?: SharedPaths;
  /** A batch that this end's data goes to; or that it comes from. */
  readonly recording?: Recording;
  readonly replays?: boolean;
  /** Where files pass to it by name, and file lists as they are. */
  readonly loopback?: Loopback;
  readonly segments?: SegmentPass;
}

/**
 * One end of a run: the decoded and the encoded half of its connection, what it says and what it counts.
 * Everything that lasts as long as the run and no longer is held here.
 */
export interface End {
  readonly setup: EndSetup;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly report: Report;
  readonly stats: Statistics;
  readonly state: { ioError: number };
  readonly timeout: IoTimeout;
  /** Bytes of the handshake, which no statistics count. */
  readonly handshake: { read: number; written: number };
  /** Set while this end receives. */
  link: GeneratorLink | undefined;
  /** Set while this end sends, with --remove-source-files: what it is told of is in place. */
  inPlace: ((payload: Buffer) => void) | undefined;
  /** The role that a message of ours names. */
  who: 'client' | 'server' | 'sender' | 'generator' | 'receiver' | 'Receiver';
  /** The protocol is through: the peer may go any time. */
  finished: boolean;
  /** The first of the file list has gone out. */
  listSent: boolean;
  /** The role that reads the peer's stream, once it is a task of its own. */
  listening: Promise<unknown> | undefined;
  /** What has to settle before the process may go: roles that put unfinished files away. */
  readonly unwinding: Promise<unknown>[];
  /** In a module: the directory of it that names are relative to, with its slash, or ''. */
  inside: ByteString;
  /** Held directories: their long work is ended with the run. */
  readonly trees: (readonly Tree[])[];
}

/** Larger exit values are those of processes that a signal ended. */
const largestExit = 127;

/** Log codes and the messages that carry them. */
const messageOf: Readonly<Record<Exclude<LogCode, 'log'>, Msg>> = {
  info: Msg.Info,
  client: Msg.Client,
  warning: Msg.Warning,
  error: Msg.Error,
  'error-xfer': Msg.ErrorXfer,
  'error-utf8': Msg.Error,
};

export function openEnd(setup: EndSetup): End {
  const { options, duplex, server } = setup;
  const state = { ioError: 0 };
  const stats = new Statistics();
  const { now } = setup.io.host;
  const writer = new Writer(limitSink(duplex.sink, options.bwlimit), now);
  let end!: End;
  const reader = new Reader(
    duplex.source,
    {
      message: (tag, payload) => onMessage(end, tag, payload),
      announced: (tag, length) => admitMessage(end, tag, length),
      beforeWait: () => writer.flush(),
      // A sender answers, and sends messages on: a peer that takes none of it is not heard any further.
      beforeMore: () =>
        setup.sender && writer.full ? writer.drain() : server ? undefined : setup.io.held?.(),
      closed: (bytesRead) =>
        new RsyncError(ExitCode.StreamIo, text.connectionClosed(sinceHandshake(end, bytesRead), end.who), {
          cutOff: true,
        }),
    },
    now,
  );
  const report = new Report({
    options,
    output: server ? serverOutput(setup, writer) : clientOutput(setup),
    server,
    sender: setup.sender,
    local: setup.local === true,
    events: server ? eventsOfServer(setup) : setup.io.events,
    // Of a local run the client alone keeps a log.
    log: setup.local && server ? undefined : setup.io.log?.(),
    host: setup.io.host,
    daemon: daemonFacts(setup, () => end.inside),
    wording: moduleWords(setup, () => end.trees),
    // What a receiving end writes is its generator's, which in rsync is another process than its receiver.
    counters: { written: () => (setup.sender ? writer.dataWritten : 0), read: () => reader.dataRead },
  });
  report.events?.counting?.(stats);
  const timeout = new IoTimeout(options.timeout, {
    holdsProcess: setup.io.makeWire !== undefined,
    now,
    lastInput: () => reader.lastInput,
    lastOutput: () => writer.lastOutput,
    waitingSince: () => earlier(reader.waitingSince, writer.waitingSince),
    // A receiving end before its roles start only listens: an rsync before 3.1.0 takes nothing from it then.
    keepAlive: () => end.who !== 'Receiver' && writer.keepAlive(),
    who: () => end.who,
    onExpire: (error) => fail(end, error),
  });
  end = {
    setup,
    reader,
    writer,
    report,
    stats,
    state,
    timeout,
    handshake: { read: 0, written: 0 },
    link: undefined,
    inPlace: undefined,
    who: setup.sender ? 'sender' : 'Receiver',
    finished: false,
    listSent: false,
    listening: undefined,
    unwinding: [],
    inside: '',
    trees: [],
  };
  return end;
}

/** Of a local run it is the receiving end that lists and asks; all else reaches the client. */
function eventsOfServer({ io: { events }, local }: EndSetup): RunEvents | undefined {
  if (!local || events === undefined) return undefined;
  const { listed, requested, allRequested } = events;
  if (listed === undefined && requested === undefined) return undefined;
  return {
    ...(listed && { listed: (entry) => events.listed?.(entry) }),
    requested: (size) => events.requested?.(size),
    ...(allRequested && { allRequested: () => events.allRequested?.() }),
  };
}

/** What the log of a module says of its visitor. */
function daemonFacts({ site }: EndSetup, dir: () => ByteString): DaemonFacts | undefined {
  const { module } = site;
  if (module === undefined) return undefined;
  const { name, visitor, fullPath } = module;
  return { ...visitor, module: name, modulePath: fullPath, dir };
}

/**
 * Names what lies in a module as its clients do, and the module: where it is on this machine is not theirs to know
 * (full_fname). What a link says, or what is to be renamed to, is behind an arrow and stays as it is.
 */
function moduleWords(
  { site }: EndSetup,
  trees: () => readonly (readonly Tree[])[],
): ((text: ByteString) => ByteString) | undefined {
  const { module, moduleDir } = site;
  if (module === undefined) return undefined;
  const start = `"${moduleDir}`;
  // A name may hold quotes: the one at its end is told by what messages have behind one.
  const behind = String.raw`(?=$|\n|: |\)|,1024|,"|, continuing| (?:[-=]> |(?:failed|is|open error)\b)| \(from | \[receiver\]|( \(in ))`;
  const inside = `(?=${moduleDir.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}[/"])`;
  const quoted = new RegExp(`(?<!-> )"${inside}(/[^]*?)"${behind}`, 'g');
  /**
   * rsync works in the directory that holds what is transferred: there a name begins with a slash, but in the module's own,
   * unless that is the root of all.
   */
  const isBelow = (path: ByteString): boolean =>
    moduleDir === '' ||
    trees()
      .flat()
      .map((tree) => cleanPath(tree.path))
      .some((root) => root !== moduleDir && (path === root || path.startsWith(`${root}/`)));
  return (text) => {
    if (!text.includes(start)) return text;
    return text.replaceAll(quoted, (whole, path: ByteString, isSaid?: string) => {
      if (isSaid !== undefined) return whole;
      const inside = path.slice(moduleDir.length + 1);
      return `"${isBelow(path) ? '/' : ''}${inside}" (in ${module.name})`;
    });
  };
}

/** The two ends of a run, as `end` sees them after the handshake. */
export function endsOf({ setup }: End, { protocol, incRecurse, codec }: Negotiated): Ends {
  return {
    server: setup.server,
    shared: setup.shared ?? apart,
    protocol,
    incRecurse,
    codec: codec.name,
    chosen: setup.io.choice !== undefined,
  };
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Ends the connection with `error`: whatever waits for the peer fails with it. */
export function fail(end: End, error: Error): void {
  end.reader.fail(error);
  end.writer.fail(error);
  end.link?.fail(error);
  end.setup.duplex.destroy();
}

/** Stops what the kernel works on for this end. */
export function interruptKernel(end: End): void {
  for (const trees of end.trees) for (const tree of trees) tree.interrupt();
}

/** Ends the run when the process is told to end; answers what ends the watch for that. */
export function endOnSignal(signal: AbortSignal, ends: readonly End[]): () => void {
  const interrupted = () => {
    for (const end of ends) {
      fail(end, signal.reason);
      interruptKernel(end);
    }
  };
  signal.addEventListener('abort', interrupted, { once: true });
  if (signal.aborted) interrupted();
  return () => signal.removeEventListener('abort', interrupted);
}

function clientOutput({ io }: EndSetup): Output {
  return {
    write(code, line) {
      if (code === 'info' || code === 'client') io.host.stdout(line);
      else io.host.stderr(Buffer.from(line, 'latin1'));
    },
  };
}

/** Messages once the stream is multiplexed; before that, standard error. */
function serverOutput({ io, sender, charset }: EndSetup, writer: Writer): Output {
  const send = (tag: Msg, said: ByteString): void => {
    if (sender) writer.message(tag, Buffer.from(said, 'latin1'));
    else writer.messageAhead(tag, said);
  };
  return {
    write(code, line) {
      if (code === 'log') return;
      const inOurs = charset !== undefined && code !== 'error-utf8' && writer.isMultiplexed;
      const said = inOurs ? charset.textToWire(line) : line;
      if (writer.isMultiplexed) send(messageOf[code], withinMessage(said));
      else io.host.stderr(Buffer.from(said, 'latin1'));
    },
    stderr: (text) => io.host.stderr(Buffer.from(text, 'latin1')),
    deleted(payload) {
      send(Msg.Deleted, charset?.textToWire(payload) ?? payload);
    },
  };
}

/** A peer takes no longer text; what ends a line still does. */
function withinMessage(said: ByteString): ByteString {
  return said.length <= longestText ? said : said.slice(0, longestText - 1) + said.slice(-1);
}

/** Messages have a length of their own, or room for a text: nothing else is waited for. */
function admitMessage(end: End, tag: number, length: number): void {
  const problem = messageProblem(tag, length);
  if (problem === undefined) return;
  const who = end.report.negotiated?.incRecurse ? `${end.who}/inc` : end.who;
  throw protocolError(text.badMessage(problem, tag, length, who), ExitCode.StreamIo);
}

/** What arrives between the data (rsync's read_a_msg). */
function onMessage(end: End, tag: number, payload: Buffer): void {
  const { report, state } = end;
  const { charset } = end.setup;
  const hear = (code: LogCode): void => {
    if (charset === undefined) report.write(code, payload.toString('latin1'));
    else report.relay(code, payload.toString('latin1'), charset);
  };
  switch (tag) {
    case Msg.Info:
    case Msg.Client:
      hear('info');
      return;
    case Msg.ErrorXfer:
      hear('error-xfer');
      return;
    case Msg.Error:
    case Msg.ErrorSocket:
    case Msg.ErrorUtf8:
      hear('error');
      return;
    case Msg.Warning:
      hear('warning');
      return;
    case Msg.Log:
      hear('log');
      return;
    case Msg.Noop:
      return;
    case Msg.IoError:
      state.ioError |= intOf(tag, payload) & (IoError.General | IoError.Vanished | IoError.DeleteLimit);
      return;
    case Msg.IoTimeout:
      if (end.setup.server) break;
      if (end.timeout.lower(payload) && report.info('misc', 2))
        report.print('info', text.timeoutOfServer(end.timeout.seconds));
      return;
    case Msg.NoSend:
      if (end.link === undefined) {
        // What a sender has no use for goes back, as rsync sends it on: it is meant for a generator.
        intOf(tag, payload);
        if (end.setup.sender && end.writer.isMultiplexed) end.writer.message(tag, payload);
        else if (!end.setup.sender) break;
        return;
      }
      end.link.unsent(intOf(tag, payload));
      return;
    case Msg.Deleted:
      report.peerDeleted(charset?.textFromWire(payload.toString('latin1')) ?? payload.toString('latin1'));
      return;
    case Msg.Success:
      if (!end.setup.sender || payload.length !== (end.setup.local ? inPlaceBytes : 4)) break;
      end.inPlace?.(payload);
      return;
    case Msg.ErrorExit: {
      const code = payload.length === 0 ? 0 : intOf(tag, payload);
      report.trace('exit', () => traces.peersExit(end.who, payload.length, code), 3);
      throw peerExit(code);
    }
  }
  throw protocolError(`unexpected tag ${tag} [${end.who}]`, ExitCode.StreamIo);
}

/** The peer ends with an exit value. One that no failed run has is a broken stream: it must not pass for success. */
function peerExit(value: number): RsyncError {
  if (value < 1 || value > largestExit) return protocolError(text.peerEndedEarly(value), ExitCode.StreamIo);
  return new RsyncError(value as ExitCode, '', { told: true });
}

function intOf(tag: number, payload: Buffer): number {
  if (payload.length !== 4)
    throw protocolError(`invalid multi-message ${tag}:${payload.length}`, ExitCode.StreamIo);
  return payload.readInt32LE();
}

/** How a run ended: its exit value, and the role that the final line names. */
export interface RunEnd {
  readonly code: number;
  readonly who: End['who'];
  readonly statistics: Readonly<Statistics>;
  /** Bytes of the wire up to here: the goodbye came after the statistics had been told. */
  readonly wire: { readonly read: number; readonly written: number };
}

export function endOf(end: End): RunEnd {
  const wire = { read: wireRead(end), written: wireWritten(end) };
  return { code: exitCodeOf(end), who: end.who, statistics: end.stats, wire };
}

/** How many of the bytes that came are not the handshake's, which may have to come yet. */
function sinceHandshake({ handshake }: End, bytesRead: number): number {
  return handshake.read === 0 ? 0 : bytesRead - handshake.read;
}

/** Bytes that came over the wire since the handshake. */
export function wireRead({ reader, handshake }: End): number {
  return reader.bytesRead - handshake.read;
}

/** Bytes that went over the wire since the handshake. */
export function wireWritten({ writer, handshake }: End): number {
  return writer.bytesWritten - handshake.written;
}

/** rsync's exit value for a run that came to its end, from what went wrong on the way. */
export function exitCodeOf(end: End): ExitCode {
  const { ioError } = end.state;
  if (ioError & IoError.General || end.report.gotXferError) return ExitCode.Partial;
  if (ioError & IoError.Vanished) return ExitCode.Vanished;
  if (ioError & IoError.DeleteLimit) return ExitCode.DeleteLimit;
  return ExitCode.Ok;
}

/** What shows the complaints and (--debug=filter) the verdicts of filters, also before `end` is there. */
export function filterReport(
  options: Options,
  host: Host,
  end: () => End | undefined,
): Pick<
  FilterContext,
  'reading' | 'host' | 'ended' | 'warn' | 'refused' | 'failed' | 'trace' | 'details' | 'readFile'
> {
  const early = (line: ByteString) => `${escapeText(line, bytewiseCharset(host.charset))}\n`;
  const warn = (line: ByteString) => {
    const { report } = end() ?? {};
    if (report === undefined) host.stderr(Buffer.from(early(line), 'latin1'));
    else report.print('error', line);
  };
  const trace = (line: ByteString) => {
    const { report } = end() ?? {};
    if (report !== undefined) report.print('info', line);
    else if (options.server) host.stderr(Buffer.from(early(line), 'latin1'));
    else host.stdout(early(line));
  };
  // Rules are told of as far as the command line had asked for it before them.
  let read: number | undefined;
  const { debug, debugSteps } = options;
  const mostLevel = Math.max(debug.filter, ...debugSteps.map(({ filter }) => filter));
  const from = (level: number) => (line: ByteString) => {
    if ((read === undefined ? debug.filter : debugAt(debugSteps, read).filter) >= level) trace(line);
  };
  return {
    host,
    readFile: undefined,
    ended: (error, rules) => {
      error.log = lastLog(options.logsNamed, rules);
      error.exitLevel = debugAt(debugSteps, rules).exit;
    },
    warn,
    refused: (path) => {
      for (const line of refusal(path, linkOwner(host, options.insecureLinks))) warn(line);
    },
    failed() {
      const { state } = end() ?? {};
      if (state !== undefined) state.ioError |= IoError.General;
    },
    reading: (rules) => {
      read = rules;
    },
    trace: mostLevel === 0 ? undefined : from(1),
    details: mostLevel < 2 ? undefined : from(2),
  };
}
