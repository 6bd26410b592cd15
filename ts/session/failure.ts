import { ExitCode, RsyncError } from '../errors.ts';
import { aboutToExit, cleanupEntered, sendingErrorExit } from '../report/trace-messages.ts';
import { exitCodeOfRemote, spawnFailure } from '../transport/child-exit.ts';
import type { ChildDuplex } from '../transport/duplex.ts';
import { Msg } from '../wire/constants.ts';
import { type End, fail, interruptKernel } from './end.ts';
import { finalErrorLine } from './final-line.ts';
import { logTotals, totalsOf } from './log-totals.ts';
import { keepStatistics } from './totals.ts';

/** How long a peer may take to read why we end, or a dying child to say why it did. */
const graceMs = 1000;

/** How much later than its child a process may hear of a signal to both. */
export const signalMs = 20;

/** How long a shell that may be asking for a password has to put the terminal in order, and to tell how it ended. */
const terminalMs = 400;

/** Ends that the peer brought about, or cannot hear of any more. */
const unspoken: ReadonlySet<number> = new Set([
  ExitCode.SocketIo,
  ExitCode.StreamIo,
  ExitCode.Signal1,
  ExitCode.Timeout,
]);

/**
 * A run failed: tells the peer, drops the connection, waits until unfinished files are put away, and
 * answers the error to end with, which takes the remote side's exit value into account.
 */
export async function endAfterFailure(end: End, error: unknown, child?: ChildDuplex): Promise<unknown> {
  const { io } = end.setup;
  // What ended the peer may be the signal that is still to be told to us: a Ctrl-C reaches both.
  if (!io.signal.aborted && isBrokenStream(error))
    await new Promise((resolve) => setTimeout(resolve, signalMs));
  // Each end tells for itself that it was interrupted.
  let failure: unknown = io.signal.aborted ? new RsyncError(signalCode(io.signal), '') : error;
  if (failure instanceof RsyncError && failure.exitCode === ExitCode.SocketIo)
    failure = (await whyPeerEnded(end)) ?? asBrokenWire(end, failure);
  if (failure instanceof RsyncError) failure = spoken(failure, end.who);
  if (failure instanceof RsyncError && failure.told) failure = logEndOfPeer(end, failure);
  else if (failure instanceof RsyncError && (await tellPeer(end, failure)))
    failure = named(new RsyncError(failure.exitCode, '', { told: true }), failure.who as End['who']);
  const lull = io.signal.aborted ? delay(terminalMs) : Promise.resolve(undefined);
  const before = child && (await Promise.race([child.exit, lull]));
  fail(end, failure instanceof Error ? failure : new Error(String(failure)));
  await unwind(end);
  if (child !== undefined) {
    const after = await Promise.race([child.exit, delay(graceMs)]);
    if (after === undefined) child.kill();
    // What the other side makes of an end that we brought about says nothing.
    const exit = failure instanceof RsyncError && !unspoken.has(failure.exitCode) ? before : after;
    if (exit !== undefined) {
      const notStarted = spawnFailure(child.program, exit);
      if (notStarted) failure = inPlaceOf(failure, spoken(notStarted, end.who));
      else {
        const code = exitCodeOfRemote(exit, false);
        if (failure instanceof RsyncError && code > failure.exitCode)
          failure = inPlaceOf(
            failure,
            named(new RsyncError(code as ExitCode, failure.lines, { told: failure.told }), end.who),
          );
      }
    }
  }
  keepStatistics(end);
  end.report.events?.ended?.(end.stats);
  if (failure instanceof RsyncError) failure.statistics = end.stats;
  return failure;
}

/**
 * Waits until the roles have put unfinished files away. A peer that is gone does not keep the receiver from
 * finishing what had come; but a file that another session of this process was copying is of no use.
 */
async function unwind(end: End): Promise<void> {
  if (!end.setup.local) await end.listening?.catch(() => {});
  interruptKernel(end);
  await Promise.allSettled(end.unwinding);
}

/**
 * A peer that takes nothing more may have said why before it went. Answers the error that this comes to:
 * what it told, or that its stream ended; undefined while it still holds the connection.
 */
async function whyPeerEnded(end: End): Promise<RsyncError | undefined> {
  const heard: Promise<unknown> = (end.listening ?? end.reader.drain()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const reason = await Promise.race([heard, delay(graceMs)]);
  return reason instanceof RsyncError && reason.exitCode !== ExitCode.SocketIo ? reason : undefined;
}

/** Before the stream is multiplexed rsync takes a broken wire for a broken stream. */
function asBrokenWire(end: End, failure: RsyncError): RsyncError {
  if (end.reader.isMultiplexed) return failure;
  return new RsyncError(ExitCode.StreamIo, failure.lines, { cause: failure.cause });
}

/** `failure` in the place of what ended the run first. */
function inPlaceOf(first: unknown, failure: RsyncError): RsyncError {
  if (first instanceof RsyncError) failure.first = first.exitCode;
  return failure;
}

function isBrokenStream(error: unknown): boolean {
  return (
    error instanceof RsyncError &&
    (error.exitCode === ExitCode.StreamIo || error.exitCode === ExitCode.SocketIo)
  );
}

function signalCode(signal: AbortSignal): ExitCode {
  return signal.reason instanceof RsyncError ? signal.reason.exitCode : ExitCode.Signal;
}

/** What a failed system call says (an error with a cause) names the role, as rsync does. */
export function spoken(failure: RsyncError, who: End['who']): RsyncError {
  if (failure.who !== undefined) return failure;
  if (failure.cause === undefined || failure.message === '') return named(failure, who);
  const lines = failure.lines.map((line) => `rsync: [${who}] ${line}`);
  const { exitCode, told, cause } = failure;
  return named(new RsyncError(exitCode, lines, { told, cause }), who);
}

function named(failure: RsyncError, who: End['who']): RsyncError {
  failure.who = who;
  return failure;
}

/**
 * A server's client shows the reason and the final line. From protocol 31 on a fatal error reaches the other
 * side as its exit value, behind them. True when all has been shown there.
 */
async function tellPeer(end: End, failure: RsyncError): Promise<boolean> {
  const { writer, report, setup } = end;
  if (!writer.isMultiplexed || end.finished || unspoken.has(failure.exitCode)) return false;
  // Unless its messages take the wire, rsync's sender is gone before what it says then is on its way (noop_io_until_death).
  const staysToTell = setup.options.msgs2stderr === false || setup.site.module !== undefined;
  if (setup.sender && !end.listSent && !staysToTell) return false;
  const who = failure.who as End['who'];
  const { exitCode } = failure;
  if (setup.server) {
    report.trace('exit', () => cleanupEntered(who, exitCode), 2);
    for (const line of failure.lines) report.print('error', line);
    logPassed(end);
    report.write('error', finalErrorLine(exitCode, who));
    report.trace('exit', () => aboutToExit(who, exitCode, exitCode, setup.options.dryRun));
  }
  if ((report.negotiated?.protocol ?? 0) >= 31) {
    const payload = Buffer.alloc(4);
    payload.writeInt32LE(exitCode);
    if (setup.server) report.trace('exit', () => sendingErrorExit(who, exitCode), 3);
    writer.message(Msg.ErrorExit, payload);
  }
  await Promise.race([writer.drain().catch(() => {}), delay(graceMs)]);
  if (setup.site.module !== undefined) await Promise.race([readToEnd(end), delay(graceMs)]);
  return setup.server;
}

/** A server's sender tells its log what passed, also of a run that failed. */
function logPassed(end: End): void {
  const { setup, stats } = end;
  if (!setup.sender || setup.local) return;
  keepStatistics(end);
  logTotals(setup.io.log?.(), totalsOf(stats));
}

/**
 * A daemon writes down each end; also one that its client has told of, and brought about. Another server with a log tells of
 * it as of its own, there and on its standard error.
 */
function logEndOfPeer(end: End, failure: RsyncError): RsyncError {
  const { setup, who } = end;
  if (!setup.server || setup.local) return failure;
  const log = setup.io.log?.();
  if (log === undefined || failure.exitCode === ExitCode.Ok) return failure;
  if (setup.site.module === undefined) return named(new RsyncError(failure.exitCode, ''), who);
  logPassed(end);
  log.write(finalErrorLine(failure.exitCode, who), true);
  return failure;
}

/** A socket that is closed over what nobody has read takes back what was said last. */
async function readToEnd({ writer, reader, listening }: End): Promise<void> {
  await writer.end().catch(() => {});
  await (listening ?? reader.drain()).catch(() => {});
}

function delay(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
