/**
 * What a run was asked to do: the parsed command line, after defaults and implications. One value, made
 * once, never changed. Names are those of the long options in camel case. Paths, patterns and names are
 * byte strings (latin1). What each option is, is said once, in `defs/` (docs/decisions/0037).
 */
import type { Definition } from './definition.ts';
import { compareOptions } from './defs/compare.ts';
import { deleteOptions } from './defs/delete.ts';
import { keepOptions } from './defs/keep.ts';
import { reachOptions } from './defs/reach.ts';
import { runOptions } from './defs/run.ts';
import { selectOptions } from './defs/select.ts';
import { tellOptions } from './defs/tell.ts';
import { wireOptions } from './defs/wire.ts';
import { writeOptions } from './defs/write.ts';

export type { DebugFlag, FilterArg, InfoFlag } from './values.ts';

/** The options by topic, as the help shows them. */
export const topics = [
  ['What is transferred', selectOptions],
  ['What is kept of it', keepOptions],
  ['When a file is transferred, and how much of it', compareOptions],
  ['How it is written', writeOptions],
  ['What is deleted', deleteOptions],
  ['How the other side is reached', reachOptions],
  ['What passes between', wireOptions],
  ['What is told', tellOptions],
  ['The run', runOptions],
] as const;

type Definitions = typeof selectOptions &
  typeof keepOptions &
  typeof compareOptions &
  typeof writeOptions &
  typeof deleteOptions &
  typeof reachOptions &
  typeof wireOptions &
  typeof tellOptions &
  typeof runOptions;

type SettledOf<D> = D extends { readonly settle: infer S | undefined }
  ? S extends (...args: never) => infer Value
    ? Value
    : never
  : never;

/** Options while a command line is read. */
export type Draft = { -readonly [Key in keyof Definitions]: Definitions[Key]['initial'] };

type Settling = { [Key in keyof Definitions]: SettledOf<Definitions[Key]> };

/** Options that are something once they are settled. */
type SettledKey = { [Key in keyof Settling]: [Settling[Key]] extends [never] ? never : Key }[keyof Settling];

export type Options = { readonly [Key in SettledKey]: Settling[Key] };

/** Holds where whatever a definition looks at, in the draft or in settled options, is there. */
type Fitting<
  All extends {
    readonly [Key in keyof Definitions]: Definition<Draft[Key], Settling[Key], Draft, Options>;
  },
> = All;

/** All definitions by name; one that does not fit the others does not compile here. */
export type AllDefinitions = Fitting<Definitions>;
