/** --log-file: what is said of a run, in a file of its own beside the output (logit). */
import { closeSync, constants, writeSync } from 'node:fs';
import { RsyncError } from '../errors.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import { escapeLog, escapeText } from '../report/escape.ts';
import * as text from '../report/messages.ts';
import type { TransferLog } from '../report/report.ts';
import { Statistics } from '../report/statistics.ts';
import { timeString } from '../report/time-string.ts';
import { errnoText } from '../transport/io-error.ts';
import type { RunEnd, SessionIo } from './end.ts';
import { type FinalRole, finalErrorLine } from './final-line.ts';
import { logTotals, totalsOf } from './log-totals.ts';
import { refusal } from './refusal.ts';

const { O_APPEND, O_CREAT, O_WRONLY } = constants;
const readableMode = 0o644;

interface OpenLog extends TransferLog {
  close(): void;
}

/**
 * Opens the --log-file of a run, at its end where it is there already. One that
 * cannot be opened is told of, and the run goes on without: rsync would write to the system's log instead.
 */
function openLog(options: Options, host: Host): OpenLog | undefined {
  const path = pathAt({ cwd: host.workingDirectory() }, options.logFile);
  const owner = linkOwner(host, options.insecureLinks);
  try {
    return openAt(path, owner, options.logFileFormat, host);
  } catch (error) {
    const why = errnoText(error as NodeJS.ErrnoException);
    const shown = escapeText(
      text.logFileFailed(options.server ? 'server' : 'client', options.logFile, why),
      host.charset,
    );
    for (const line of [...refusal(path, owner), shown]) host.stderr(Buffer.from(`${line}\n`, 'latin1'));
    if (options.server) host.stderr(Buffer.from(`${text.logFileIgnored}\n`));
    else if (!options.quiet) host.stdout(`${text.logFileIgnored}\n`);
    return undefined;
  }
}

function openAt(path: ByteString, owner: number | undefined, format: ByteString, host: Host): OpenLog {
  const mode = readableMode & ~host.umask();
  const fd = openTrusted(path, owner, { flags: O_WRONLY | O_APPEND | O_CREAT, mode });
  return {
    format,
    write: (message) => appendToLog(fd, message, host),
    close: () => closeSync(fd),
  };
}

/** What ended the reading of options, in the log that they had named by then (`error.log`), if that can be opened. */
export function logEarlyEnd(error: RsyncError, sends: boolean, host: Host): void {
  if (!error.log) return;
  let log: OpenLog;
  try {
    const path = pathAt({ cwd: host.workingDirectory() }, error.log);
    log = openAt(path, linkOwner(host, false), '', host);
  } catch {
    return;
  }
  logFailure(log, sends, error);
  log.close();
}

/**
 * Writes what is escaped already, with its time and our process. A log that cannot be written to (a full disk) is no
 * reason to end a run, or to turn a client away.
 */
export function appendToLog(fd: number, shown: ByteString, host: Pick<Host, 'now' | 'pid'>): void {
  const stamp = timeString(Math.floor(host.now() / 1000));
  try {
    writeSync(fd, Buffer.from(`${stamp} [${host.pid}] ${shown}`, 'latin1'));
  } catch {}
}

/**
 * A run that is logged as well; the log is opened once options are read, and closed behind its last line. `sends`: it is the sending
 * side, also when it fails before anything is sent.
 */
export async function withLog(
  options: Options,
  sends: boolean,
  io: SessionIo,
  run: (io: SessionIo) => Promise<RunEnd>,
): Promise<RunEnd> {
  let opened: OpenLog | 'none' | undefined;
  const log = (): OpenLog | undefined => {
    opened ??= openLog(options, io.host) ?? 'none';
    return opened === 'none' ? undefined : opened;
  };
  try {
    return await withClosing({ log, options, sends, tellsPartial: true }, () => run({ ...io, log }));
  } finally {
    if (opened !== undefined && opened !== 'none') opened.close();
  }
}

/** Whose last lines these are. */
interface LoggedRun {
  readonly log: () => TransferLog | undefined;
  readonly options: Options;
  readonly sends: boolean;
  /** ... also that something was left out: a daemon leaves that to its client. */
  readonly tellsPartial: boolean;
}

/** A run with the last lines of its log. */
export async function withClosing(
  { log, options, sends, tellsPartial }: LoggedRun,
  run: () => Promise<RunEnd>,
): Promise<RunEnd> {
  try {
    const end = await run();
    logEnd(log(), options, end, tellsPartial);
    return end;
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    const failure = toldElsewhere(options) || options.server ? error : toldAgain(error);
    // What ended the reading of options is told elsewhere, maybe in another log.
    if (!failure.told && failure.log === undefined) logFailure(log(), sends, failure);
    throw failure;
  }
}

/** A client that counts for its user needs no totals in the log. */
function toldElsewhere({ server, info }: Options): boolean {
  return !server && info.stats > 0;
}

/** What the other side has told of its end is told once more: by us, for the log. */
function toldAgain(error: RsyncError): RsyncError {
  if (!error.told) return error;
  const again = new RsyncError(error.exitCode, '', { cause: error.cause });
  again.who = error.who;
  again.log = error.log;
  again.statistics = error.statistics;
  return again;
}

/** The last lines (log_exit): what went over the wire, where nothing else says it, and what went wrong. */
function logEnd(
  log: TransferLog | undefined,
  options: Options,
  { code, who, statistics, wire }: RunEnd,
  tellsPartial: boolean,
): void {
  if (log === undefined) return;
  if (code === 0 ? !toldElsewhere(options) : who === 'sender')
    logTotals(log, { ...wire, size: statistics.totalSize });
  if (code !== 0 && tellsPartial) log.write(finalErrorLine(code, who), true);
}

/** The last lines of what failed: why, what went over the wire of a sender, and the exit value. */
export function logFailure(
  log: TransferLog | undefined,
  sends: boolean,
  { exitCode, lines, who, statistics }: RsyncError,
): void {
  if (log === undefined) return;
  for (const line of lines) log.write(escapeLog(`${line}\n`), true);
  const role = (who ?? (sends ? 'sender' : 'Receiver')) as FinalRole;
  if (role === 'sender' || (role === 'server' && sends))
    logTotals(log, totalsOf(statistics ?? new Statistics()));
  log.write(finalErrorLine(exitCode, role), true);
}
