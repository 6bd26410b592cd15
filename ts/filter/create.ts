import { RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { FilterArg, Options } from '../options/options.ts';
import { maxProtocol } from '../wire/constants.ts';
import { FilterChain } from './chain.ts';
import type { FilterContext } from './context.ts';
import { parseRuleFile, parseRules } from './parse.ts';
import { RuleFlag } from './rule.ts';
import { type FilterSettings, FilterState } from './state.ts';
import { ParseFlag } from './token.ts';

/** What decides how filter arguments are read and exchanged. */
export type FilterOptions = Pick<
  Options,
  | 'filters'
  | 'from0'
  | 'delete'
  | 'deleteExcluded'
  | 'insecureLinks'
  | 'confineRoot'
  | 'pruneEmptyDirs'
  | 'partialDir'
  | 'server'
  | 'protocol'
>;

/**
 * The filters of a run, from its options. Throws rsync's syntax (1) or file I/O (11) error. Call it
 * before anything is connected; `sendFilters` or `receiveFilters` completes the rules after the
 * handshake.
 */
export function createFilters(options: FilterOptions, context: Omit<FilterContext, 'server'>): FilterChain {
  let read = 0;
  const { filters } = options;
  const counted = function* (): Generator<FilterArg> {
    for (const arg of filters) {
      context.reading?.(read++);
      yield arg;
    }
  };
  try {
    return parseFilterArgs(counted(), { ...context, server: options.server }, options);
  } catch (error) {
    if (error instanceof RsyncError) {
      // The transfer has not begun: nobody has a role yet.
      error.who ??= context.early ?? (options.server ? 'server' : 'client');
      context.ended?.(error, read - 1);
    }
    throw error;
  } finally {
    context.reading?.(undefined);
  }
}

/** The filters of `args` alone, without what other options imply. */
export function parseFilterArgs(
  args: Iterable<FilterArg>,
  context: FilterContext,
  options: FilterSettings = {},
): FilterChain {
  const state = new FilterState(context, options, maxProtocol);
  const list = state.list;
  for (const arg of args) {
    state.from0 = 'from0' in arg;
    switch (arg.kind) {
      case 'filter':
        parseRules(state, list, arg.rule, 0, 0);
        break;
      case 'include':
      case 'exclude':
        parseRules(state, list, arg.pattern, template(arg.kind), ParseFlag.OldPrefixes);
        break;
      case 'include-from':
      case 'exclude-from':
        parseRuleFile(
          state,
          list,
          arg.file,
          template(arg.kind),
          ParseFlag.FatalErrors | ParseFlag.OldPrefixes,
        );
        break;
      case 'cvs-exclude':
        // Its rules come after all others: `addCvsRules`, once the protocol is known.
        break;
    }
  }
  // Of directories' own files.
  state.from0 = options.from0 ?? false;
  return new FilterChain(state);
}

/** Rules of a module, in the order in which they count: each a text, or a file of the daemon's own. */
export interface ModuleRules {
  readonly filter: ByteString;
  readonly includeFrom: ByteString;
  readonly include: ByteString;
  readonly excludeFrom: ByteString;
  readonly exclude: ByteString;
}

/**
 * The rules that a module has above those of its clients; undefined where there are none. Throws exit 1 or 11 where they
 * cannot be read.
 */
export function moduleRules(rules: ModuleRules, context: FilterContext): FilterChain | undefined {
  const state = new FilterState(context, {}, maxProtocol);
  const { list } = state;
  const mode = ParseFlag.AbsIfSlash | ParseFlag.WithContent;
  const old = mode | ParseFlag.OldPrefixes;
  const words = RuleFlag.WordSplit;
  parseRules(state, list, rules.filter, words, mode);
  parseRuleFile(state, list, rules.includeFrom, RuleFlag.Include, old | ParseFlag.FatalErrors);
  parseRules(state, list, rules.include, words | RuleFlag.Include, old);
  parseRuleFile(state, list, rules.excludeFrom, 0, old | ParseFlag.FatalErrors);
  parseRules(state, list, rules.exclude, words, old);
  return list.isEmpty ? undefined : new FilterChain(state);
}

function template(kind: FilterArg['kind']): number {
  return kind.startsWith('include') ? RuleFlag.Include : 0;
}
