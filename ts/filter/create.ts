import type { FilterArg, Options } from '../options/options.ts';
import type { FilterChain } from './chain.ts';
import type { FilterContext } from './context.ts';

/** What decides how filter arguments are read. */
export type FilterOptions = Pick<
  Options,
  | 'filters'
  | 'from0'
  | 'delete'
  | 'deleteExcluded'
  | 'pruneEmptyDirs'
  | 'backup'
  | 'backupDir'
  | 'suffix'
  | 'partialDir'
  | 'server'
  | 'protocol'
>;

/**
 * The filters of a run, from its options. Throws rsync's syntax (1) or file I/O (11) error. Call it
 * before anything is connected; `sendFilters` or `receiveFilters` completes the rules after the
 * handshake.
 */
export function createFilters(_options: FilterOptions, _context: FilterContext): FilterChain {
  throw new Error('not yet');
}

/** The filters of `args` alone, without what other options imply. */
export function parseFilterArgs(
  _args: readonly FilterArg[],
  _context: FilterContext,
  _options?: { readonly from0?: boolean; readonly deleteExcluded?: boolean; readonly protocol?: number },
): FilterChain {
  throw new Error('not yet');
}
