/** `filter` as a function: what a run asks of it, and what becomes of its answers. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';
import type { SessionIo } from '../session/index.ts';
import { wrong } from './arguments.ts';
import { entryOf } from './listeners.ts';
import type { EntryFilter } from './run-options.ts';

type Choice = NonNullable<SessionIo['choice']>;

/** A caller's function, and what it ends by throwing. */
export interface Chooser {
  readonly filter: EntryFilter;
  readonly endedBy: (error: unknown) => void;
}

/** A caller's function as a session asks it. Throws rsync's exit 1 for a run that it cannot be part of. */
export function choiceOf(chooser: Chooser, options: Options, args: readonly ByteString[]): Choice {
  const deletes = options.delete !== undefined;
  if (options.batch?.kind === 'read')
    throw wrong('a filter function and a batch that is read do not go together');
  const isRemote = (arg: ByteString | undefined): boolean =>
    arg !== undefined && parseLocation(arg, options.rsh !== undefined).kind !== 'local';
  const pulls = isRemote(args[0]);
  if (isRemote(args[1] && args.at(-1)) && !pulls && deletes && !options.deleteExcluded)
    throw wrong(
      'a filter function and delete go together where the destination is on this host, or with deleteExcluded: another host does not know what is left out',
    );
  if (pulls && deletes && options.deleteExcluded)
    throw wrong(
      'a filter function and deleteExcluded do not go together where the sources are on another host',
    );
  /** What lies at the destination may look otherwise than what was left out of the sources. */
  const left = deletes && !options.deleteExcluded && !pulls ? new Set<ByteString>() : undefined;
  return {
    takes(candidate) {
      const taken = answer(chooser, candidate);
      if (!taken) left?.add(candidate.path);
      return taken;
    },
    protects: options.deleteExcluded
      ? undefined
      : (candidate) => left?.has(candidate.path) === true || !answer(chooser, candidate),
  };
}

function answer({ filter, endedBy }: Chooser, candidate: Parameters<Choice['takes']>[0]): boolean {
  let taken: unknown;
  try {
    taken = filter(entryOf(candidate));
  } catch (error) {
    endedBy(error);
    throw new RsyncError(ExitCode.Signal, '', { cause: error });
  }
  if (typeof taken === 'boolean') return taken;
  if (taken instanceof Promise) taken.catch(() => {});
  throw wrong('a filter function gives true or false, at once');
}
