/** From how a run ended to what its caller gets. */
import { vanishedReason } from './messages.ts';
import type { RunResult } from './run.ts';
import type { SyncResult } from './run-options.ts';

/** Of `sync`. */
export function syncResult({ exitCode, failures, stats }: RunResult): SyncResult {
  return { exitCode, vanished: failures.filter(({ reason }) => reason === vanishedReason), stats };
}
