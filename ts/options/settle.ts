/** From the draft of a command line to its settled options: the second half of rsync's parse_arguments(). */
import type { Definition, Run } from './definition.ts';
import { type AllDefinitions, type Draft, type Options, topics } from './options.ts';

/** A definition seen from outside, where the types of its values are not known. */
export type AnyDefinition = Definition<unknown, unknown, Draft, Options>;

/** Every definition with its name, in the order of the help. */
export const allDefinitions = topics.flatMap(([, options]) =>
  Object.entries(options),
) as unknown as readonly (readonly [keyof AllDefinitions, AnyDefinition])[];

/**
 * What may find a mistake, in the order in which rsync's parse_arguments() looks: of two mistakes the one that it finds
 * first is told. From `debug` on they are told as -v asks for it.
 */
const looksForMistakes: readonly (keyof AllDefinitions)[] = [
  'maxAlloc',
  'oldArgs',
  'checksumChoice',
  'compressChoice',
  'outbuf',
  'debug',
  'superUser',
  'batch',
  'tempDir',
  'delete',
  'confineRoot',
  'suffix',
  'backupDir',
  'inplace',
  'filesFrom',
];

const settledInOrder = [
  ...looksForMistakes.flatMap((name) => allDefinitions.filter(([one]) => one === name)),
  ...allDefinitions.filter(([name]) => !looksForMistakes.includes(name)),
];

/** The state before the first argument. */
export function emptyDraft(): Draft {
  return Object.fromEntries(allDefinitions.map(([name, { initial }]) => [name, initial])) as Draft;
}

/**
 * Settles `draft`; `settled` has what was settled before a mistake. Throws RsyncError in rsync's words: exit 1 for a
 * conflict, 4 for an unknown algorithm; or a `Request` for the usage.
 */
export function settle(draft: Draft, run: Run, settled: Partial<Record<keyof Draft, unknown>> = {}): Options {
  for (const [name, definition] of settledInOrder)
    if (definition.settle !== undefined) settled[name] = definition.settle(draft[name], draft, run);
  return settled as Options;
}

const nothingSaid: Run = { args: ['', ''], env: {}, server: false, sender: false };

/** The options of a command line that names none. */
export function plainOptions(): Options {
  return settle(emptyDraft(), nothingSaid);
}
