/** `verify`: whether two trees hold the same. */
import type { SyncEvent } from './events.ts';
import { vanishedIn } from './results.ts';
import type {
  Difference,
  Location,
  Run,
  RunOptions,
  Settled,
  SettlingOptions,
  Verification,
} from './run-options.ts';
import { startRun } from './start.ts';

/**
 * Compares the content of `destination` with that of `sources`, all of it, by checksums; symbolic links by what they point
 * to. Other attributes are compared where `options` ask for them (`archive: true`). Never writes to either of them.
 * `sources` are meant as in `sync`: `a/` is the content of `a`.
 */
export function verify(
  sources: Location | readonly Location[],
  destination: Location,
  options?: RunOptions,
): Run<Verification>;
/** The same with a result whatever comes of it. */
export function verify(
  sources: Location | readonly Location[],
  destination: Location,
  options: SettlingOptions,
): Run<Settled<Verification>>;
export function verify(
  sources: Location | readonly Location[],
  destination: Location,
  options: RunOptions | SettlingOptions = {},
): Run<Verification | Settled<Verification>> {
  const differences: Difference[] = [];
  return startRun({
    sources,
    destination,
    options: { recursive: true, links: true, delete: true, ...options },
    fixed: ['--checksum', '--dry-run'],
    observe(event) {
      const difference = differenceOf(event);
      if (difference !== undefined) differences.push(difference);
    },
    result: (result) => ({
      equal: differences.length === 0 && result.exitCode === 0,
      differences,
      vanished: vanishedIn(result),
      stats: result.stats,
    }),
  });
}

function differenceOf(event: SyncEvent): Difference | undefined {
  if (event.type !== 'item' && event.type !== 'delete') return undefined;
  const { path, pathBytes, kind } = event;
  const name = { path, ...(pathBytes === undefined ? {} : { pathBytes }), kind };
  if (event.type === 'delete') return { ...name, difference: 'extra' };
  if (event.created) return { ...name, difference: 'missing' };
  // What is replaced has other content: that of a file is transferred, other types are made anew.
  return { ...name, difference: event.change.startsWith('.') ? 'attributes' : 'content' };
}
