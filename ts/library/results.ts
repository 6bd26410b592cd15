/** From how a run ended to what its caller gets. */

import { vanishedReason } from '../report/failures.ts';
import type { SyncFailure } from './events.ts';
import type { RunResult } from './run.ts';
import type { SyncResult } from './run-options.ts';

/** Of `sync`. */
export function syncResult(result: RunResult): SyncResult {
  return { exitCode: result.exitCode, vanished: vanishedIn(result), stats: result.stats };
}

/** The sources that went while a run was under way. */
export function vanishedIn({ failures }: RunResult): SyncFailure[] {
  return failures.filter(({ reason }) => reason === vanishedReason);
}
