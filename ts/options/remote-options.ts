/** --remote-option in a local run, whose other end is in this process. */
import type { FilterArg, Options } from './options.ts';
import { parseServerArgs } from './parse.ts';
import { serverArgs } from './server-args.ts';

/**
 * Options of the receiving end of a local run: those of the client, with whatever --remote-option makes of the ones
 * that a server would be told. Throws as a server would.
 */
export function withRemoteOptions(options: Options, now: () => number): Options {
  const { remoteOptions, protocol } = options;
  if (remoteOptions.length === 0) return options;
  // As they are: nothing passes a shell.
  const told = { ...options, oldArgs: 2, remoteOptions: [] };
  const args = serverArgs(told, { sender: false, protocol, daemon: false });
  const parsed = (more: readonly string[]) =>
    parseServerArgs([...args, ...more, '.', '.'], { env: {}, now }).options;
  const before = parsed([]);
  const after = parsed(remoteOptions);
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof Options]),
  );
  // Rules are not among what is told, but for -C, which stands behind all others: those of the client come first.
  const isRule = ({ kind }: FilterArg): boolean => kind !== 'cvs-exclude';
  const filters = [
    ...options.filters.filter(isRule),
    ...after.filters.filter(isRule).slice(before.filters.filter(isRule).length),
    ...[...options.filters, ...after.filters].filter((arg) => !isRule(arg)).slice(0, 1),
  ];
  return { ...options, ...Object.fromEntries(changed), filters };
}
