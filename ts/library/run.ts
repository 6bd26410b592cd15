/** One run of the library, from its request to its end. */
import { errnoText } from '../errno.ts';
import { ExitCode, exitText, RsyncError as FatalError, SysError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { Statistics } from '../report/statistics.ts';
import { runClient, type SessionIo } from '../session/index.ts';
import { RsyncError } from './error.ts';
import type { SyncEvent, SyncFailure } from './events.ts';
import { runEvents } from './listeners.ts';
import { gatherWords, type Words } from './messages.ts';
import { textOf } from './names.ts';
import type { SyncStatistics } from './statistics.ts';

/** Of what a remote shell has said, in a message. */
const mostShellLines = 4;

/** What a command line is made into, and where it runs. */
export interface Prepared {
  readonly options: Options;
  /** Sources and, behind them, the destination. */
  readonly args: readonly ByteString[];
  readonly host: Host;
  readonly makeWire?: SessionIo['makeWire'];
  readonly choice?: SessionIo['choice'];
}

/** What a run is asked for. */
export interface RunRequest {
  /** Throws what is wrong with what is asked for. What is said goes to `words`. */
  prepare(words: Words): Prepared;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Hears of it; undefined where nobody listens. */
  readonly emit: ((event: SyncEvent) => void) | undefined;
  readonly held?: SessionIo['held'];
}

/** How a run ended that did not fail. */
export interface RunResult {
  readonly exitCode: 0 | 24;
  readonly failures: readonly SyncFailure[];
  readonly stats: SyncStatistics;
}

/** How a run ended, whatever came of it. */
interface Outcome {
  readonly exitCode: number;
  readonly statistics: Readonly<Statistics> | undefined;
  readonly reason: string;
  readonly cause: unknown;
}

/** Does it. Rejects with the library's error for every end but success and vanished sources. */
export async function doRun(request: RunRequest): Promise<RunResult> {
  const { emit } = request;
  const words = gatherWords(
    emit && {
      message: (level, text) => emit({ type: 'message', level, text }),
      failure: (failure) => emit({ type: 'failure', ...failure }),
    },
  );
  const { exitCode, statistics, reason, cause } = await outcomeOf(request, words);
  words.finish();
  const stats: SyncStatistics | undefined = statistics && { ...statistics };
  emit?.({ type: 'end', exitCode, ...(stats === undefined ? {} : { stats }) });
  const { failures } = words;
  if ((exitCode === ExitCode.Ok || exitCode === ExitCode.Vanished) && stats !== undefined)
    return { exitCode, failures, stats };
  const { signal } = request;
  const aborted = signal.aborted && exitCode === ExitCode.Signal;
  throw new RsyncError({
    exitCode,
    reason: aborted ? reasonOf(signal.reason) : reason,
    failures,
    stats,
    stderrTail: words.tail(),
    ...(aborted ? { code: 'ERR_RSYNC_ABORTED', cause: signal.reason } : { cause }),
  });
}

/** Why the caller, or a function of his, has ended a run. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? `aborted: ${cause.message}` : 'aborted';
}

async function outcomeOf(request: RunRequest, words: Words): Promise<Outcome> {
  const { signal } = request;
  const controller = new AbortController();
  const abort = (): void => controller.abort(interruption(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) throw interruption(signal);
    const { options, args, host, makeWire, choice } = request.prepare(words);
    tellStart(request, options, args);
    if (signal.aborted) throw interruption(signal);
    const events = request.emit && runEvents(request.emit, host.now);
    const { held } = request;
    const io: SessionIo = { host, signal: controller.signal, events, log: undefined, held, makeWire, choice };
    const { code, statistics } = await runClient(options, [...args], io);
    const [first] = words.failures;
    return { exitCode: code, statistics, reason: first === undefined ? '' : worded(first), cause: undefined };
  } catch (error) {
    return failed(error, words);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function interruption(signal: AbortSignal): FatalError {
  if (signal.reason instanceof FatalError) return signal.reason;
  return new FatalError(ExitCode.Signal, '', { cause: signal.reason });
}

function worded({ path, reason }: SyncFailure): string {
  return `${path}: ${reason}`;
}

function tellStart(
  { emit }: RunRequest,
  { dryRun, listOnly, batch }: Options,
  args: readonly ByteString[],
): void {
  const names = args.map(textOf);
  const destination = batch?.kind === 'read' || !listOnly || args.length > 1 ? names.pop() : undefined;
  emit?.({ type: 'start', sources: names, ...(destination === undefined ? {} : { destination }), dryRun });
}

/** Lines that tell more than an exit value: the other side says its own behind the reason. */
const tellsMore = (line: string): boolean => !/^rsync error: .* \(code \d+\) at /.test(line);

/** The last that was said. */
function lastReason(words: Words): string | undefined {
  const lines = words.tail().split('\n');
  return lines.findLast(tellsMore) ?? lines.at(-1);
}

/** A remote shell has ended with it, as far as a value can tell. */
function isShells(exitCode: number): boolean {
  return exitText[exitCode] === undefined || exitCode >= ExitCode.CommandFailed;
}

/** What it has told before its wire broke. */
function shellsReason(words: Words): string {
  return words.tail().split('\n').filter(tellsMore).slice(-mostShellLines).join('\n');
}

function failed(error: unknown, words: Words): Outcome {
  if (error instanceof FatalError) {
    if (!error.told) for (const line of error.lines) words.error(line);
    words.finish();
    const own = error.lines.map(textOf).join('\n');
    const said = (isShells(error.exitCode) ? shellsReason(words) : own || lastReason(words)) || '';
    return { exitCode: error.exitCode, statistics: error.statistics, reason: said, cause: error.cause };
  }
  const of = (exitCode: ExitCode, reason: string): Outcome => {
    words.error(`rsync: ${reason}`);
    return { exitCode, statistics: undefined, reason, cause: error };
  };
  if (error instanceof SysError)
    return of(ExitCode.FileIo, `${error.syscall} failed: ${errnoText(error.errno)} (${error.errno})`);
  return of(ExitCode.Crashed, `internal error: ${error instanceof Error ? error.message : String(error)}`);
}
