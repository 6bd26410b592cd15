/** How a run of the library fails. */
import { exitText } from '../errors.ts';
import type { SyncFailure } from './events.ts';
import type { SyncStatistics } from './statistics.ts';

/** rsync's names of its exit values (errcode.h). */
const exitNames: Readonly<Record<number, string>> = {
  1: 'SYNTAX',
  2: 'PROTOCOL',
  3: 'FILESELECT',
  4: 'UNSUPPORTED',
  5: 'STARTCLIENT',
  10: 'SOCKETIO',
  11: 'FILEIO',
  12: 'STREAMIO',
  13: 'MESSAGEIO',
  14: 'IPC',
  15: 'CRASHED',
  16: 'TERMINATED',
  19: 'SIGNAL1',
  20: 'SIGNAL',
  21: 'WAITCHILD',
  22: 'MALLOC',
  23: 'PARTIAL',
  24: 'VANISHED',
  25: 'DEL_LIMIT',
  30: 'TIMEOUT',
  35: 'CONTIMEOUT',
  124: 'CMD_FAILED',
  125: 'CMD_KILLED',
  126: 'CMD_RUN',
  127: 'CMD_NOTFOUND',
};

/** Ends that the network, or a busy peer, brings about: the same run may succeed the next time. */
const passing: ReadonlySet<number> = new Set([10, 12, 30, 35]);

/** What is known of a run that failed. */
export interface FailedRun {
  /** rsync's exit value. */
  readonly exitCode: number;
  /** What was said last of the reason; '' for nothing. */
  readonly reason: string;
  readonly failures: readonly SyncFailure[];
  readonly stats: SyncStatistics | undefined;
  readonly stderrTail: string;
  /** Instead of the exit value's. */
  readonly code?: string;
  readonly cause?: unknown;
}

/** A run that failed. Every run that does not succeed rejects with one of these. */
export class RsyncError extends Error {
  // What Node shows: two classes are called so within a bundle.
  static {
    Object.defineProperty(RsyncError, 'name', { value: 'RsyncError' });
  }
  override readonly name = 'RsyncError';
  /** `ERR_RSYNC_PARTIAL` and its like, by the exit value; `ERR_RSYNC_ABORTED` where the caller ended the run. */
  readonly code: string;
  /** rsync's exit value. */
  readonly exitCode: number;
  /** rsync's name of it: `RERR_PARTIAL` and its like. */
  readonly exitName: string;
  /** What could not be dealt with, file by file; the first 10,000 of them. */
  readonly failures: readonly SyncFailure[];
  /** What was counted until then; undefined where no run began. */
  readonly stats: SyncStatistics | undefined;
  /** The network, or a busy peer: the same run may succeed the next time. */
  readonly retryable: boolean;
  /** The last lines of what rsync writes to standard error. */
  readonly stderrTail: string;
  constructor(run: FailedRun) {
    super(messageOf(run), run.cause === undefined ? {} : { cause: run.cause });
    const { exitCode } = run;
    const exitName = exitNames[exitCode] ?? `EXIT_${exitCode}`;
    this.code = run.code ?? `ERR_RSYNC_${exitName}`;
    this.exitCode = exitCode;
    this.exitName = `RERR_${exitName}`;
    this.failures = run.failures;
    this.stats = run.stats;
    this.retryable = passing.has(exitCode);
    this.stderrTail = run.stderrTail;
  }
}

/** rsync's text of the exit value, and the reason; of a run that the caller ended there was no signal. */
function messageOf({ exitCode, reason, code }: FailedRun): string {
  if (code === 'ERR_RSYNC_ABORTED') return reason;
  const text = `${exitText[exitCode] ?? 'unexplained error'} (code ${exitCode})`;
  return reason === '' ? text : `${text}: ${reason}`;
}
