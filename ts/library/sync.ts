/** `sync`: rsync's own job. */
import { syncResult } from './results.ts';
import type { Location, Run, RunOptions, Settled, SettlingOptions, SyncResult } from './run-options.ts';
import { startRun } from './start.ts';

/**
 * Makes `destination` what `sources` are, as `rsync OPTIONS SOURCES DESTINATION` does. What is returned is a promise of
 * the result and, at the same time, the run's events. Every run that fails rejects with an `RsyncError`.
 */
export function sync(
  sources: Location | readonly Location[],
  destination: Location,
  options?: RunOptions,
): Run<SyncResult>;
/** The same with a result whatever comes of it. */
export function sync(
  sources: Location | readonly Location[],
  destination: Location,
  options: SettlingOptions,
): Run<Settled<SyncResult>>;
export function sync(
  sources: Location | readonly Location[],
  destination: Location,
  options: RunOptions | SettlingOptions = {},
): Run<SyncResult | Settled<SyncResult>> {
  return startRun({ sources, destination, options, result: syncResult });
}
