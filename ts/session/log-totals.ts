import { wireTotals } from '../report/messages.ts';
import type { TransferLog } from '../report/report.ts';
import type { Statistics } from '../report/statistics.ts';

/** Bytes that went over the wire, either way, and those of the files that it was about. */
export interface LoggedTotals {
  readonly written: number;
  readonly read: number;
  readonly size: number;
}

/** What went over the wire, as a log has it. */
export function logTotals(log: TransferLog | undefined, { written, read, size }: LoggedTotals): void {
  log?.write(`${wireTotals(written, read, size)}\n`);
}

/** Those of a run that failed: its statistics were made up last. */
export function totalsOf({ totalWritten, totalRead, totalSize }: Readonly<Statistics>): LoggedTotals {
  return { written: totalWritten, read: totalRead, size: totalSize };
}
