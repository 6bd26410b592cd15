/** `list`: what a source holds. */

import type { ListEntry } from './events.ts';
import { vanishedIn } from './results.ts';
import type { ListResult, Location, Run, RunOptions, Settled, SettlingOptions } from './run-options.ts';
import { startRun } from './start.ts';

/**
 * Lists what `source` holds, a folder's content with `recursive`, as `rsync --list-only` does; nothing is transferred.
 * Where there is much of it, take the events of type `list` one by one instead of awaiting all.
 */
export function list(source: Location, options?: RunOptions): Run<ListResult>;
/** The same with a result whatever comes of it. */
export function list(source: Location, options: SettlingOptions): Run<Settled<ListResult>>;
export function list(
  source: Location,
  options: RunOptions | SettlingOptions = {},
): Run<ListResult | Settled<ListResult>> {
  const entries: ListEntry[] = [];
  return startRun({
    sources: source,
    destination: { none: true },
    options,
    fixed: ['--list-only'],
    observe(event) {
      if (event.type !== 'list') return;
      const { type, ...entry } = event;
      entries.push(entry);
    },
    result: (result) => ({ entries, vanished: vanishedIn(result), stats: result.stats }),
  });
}
