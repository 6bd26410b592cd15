/** From the draft of a command line to its settled options: the second half of rsync's parse_arguments(). */
import { type Definition, Request, type Run } from './definition.ts';
import { type AllDefinitions, type Draft, type Options, topics } from './options.ts';

/** A definition seen from outside, where the types of its values are not known. */
export type AnyDefinition = Definition<unknown, unknown, Draft, Options>;

/** Every definition with its name, in the order of the help. */
export const allDefinitions = topics.flatMap(([, options]) =>
  Object.entries(options),
) as unknown as readonly (readonly [keyof AllDefinitions, AnyDefinition])[];

/** The state before the first argument. */
export function emptyDraft(): Draft {
  return Object.fromEntries(allDefinitions.map(([name, { initial }]) => [name, initial])) as Draft;
}

/**
 * Settles `draft`. Throws RsyncError in rsync's words: exit 1 for a conflict, 4 for an unknown algorithm; or a
 * `Request` for the usage.
 */
export function settle(draft: Draft, run: Run): Options {
  const settled: Partial<Record<keyof Draft, unknown>> = {};
  let asked: Request | undefined;
  for (const [name, definition] of allDefinitions) {
    try {
      if (definition.settle !== undefined) settled[name] = definition.settle(draft[name], draft, run);
    } catch (error) {
      // What is wrong with any option is said rather than the usage.
      if (!(error instanceof Request)) throw error;
      asked ??= error;
    }
  }
  if (asked !== undefined) throw asked;
  return settled as Options;
}

const nothingSaid: Run = { args: ['', ''], env: {}, server: false, sender: false };

/** The options of a command line that names none. */
export function plainOptions(): Options {
  return settle(emptyDraft(), nothingSaid);
}
