import { wireTotals } from '../report/messages.ts';
import type { TransferLog } from '../report/report.ts';
import type { Statistics } from '../report/statistics.ts';

/** What went over the wire, as a log has it. */
export function logTotals(log: TransferLog | undefined, stats: Readonly<Statistics>): void {
  log?.write(`${wireTotals(stats.totalWritten, stats.totalRead, stats.totalSize)}\n`);
}
