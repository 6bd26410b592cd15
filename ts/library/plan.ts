/** `plan`: what a run would change, and that run. */
import type { DeleteEvent, ItemEvent } from './events.ts';
import { vanishedIn } from './results.ts';
import type { Location, Plan, Run, RunOptions, Settled, SettlingOptions } from './run-options.ts';
import { startRun } from './start.ts';
import { sync } from './sync.ts';

/**
 * Tells what `sync` with the same arguments would change, and changes nothing (--dry-run). `apply` of the result does it:
 * each item is looked at anew then, so that what has changed meanwhile is dealt with as it is by then.
 */
export function plan(
  sources: Location | readonly Location[],
  destination: Location,
  options?: RunOptions,
): Run<Plan>;
/** The same with a result whatever comes of it. */
export function plan(
  sources: Location | readonly Location[],
  destination: Location,
  options: SettlingOptions,
): Run<Settled<Plan>>;
export function plan(
  sources: Location | readonly Location[],
  destination: Location,
  options: RunOptions | SettlingOptions = {},
): Run<Plan | Settled<Plan>> {
  const changes: (ItemEvent | DeleteEvent)[] = [];
  const { onEvent, signal, dryRun, reject, ...same } = options;
  return startRun({
    sources,
    destination,
    options,
    fixed: ['--dry-run'],
    observe(event) {
      if (event.type === 'item' || event.type === 'delete') changes.push(event);
    },
    result: (result): Plan => ({
      changes,
      vanished: vanishedIn(result),
      stats: result.stats,
      apply: (how = {}) => sync(sources, destination, { ...same, ...how }),
    }),
  });
}
