/**
 * Which shortcuts a run may take. Decided here alone, from the settled options and the two ends; what a kernel can do
 * and what single files are like is up to the rooms that take them (docs/decisions/0038).
 */

import type { Options } from './options.ts';
import {
  type Concerns,
  closes,
  type Ends,
  type FastPath,
  type FastPaths,
  none,
  type Rule,
  type SharedPaths,
  type Situation,
  where,
} from './paths.ts';
import { allDefinitions } from './settle.ts';

export type { Ends, FastPaths, SharedPaths } from './paths.ts';

/** The ends of a run that are not in one process. */
export const apart: SharedPaths = { filesByName: false, listsAsTheyAre: false, sumsWhereCompared: false };

/** What the ends close. */
export const endConcerns: Concerns<Ends> = {
  server: none,
  shared: [
    where((shared) => !shared.filesByName, 'filesByName'),
    where((shared) => !shared.listsAsTheyAre, 'listsAsTheyAre'),
    where((shared) => !shared.sumsWhereCompared, 'sumsWhereCompared'),
  ],
  protocol: [
    where((version) => version < 29, 'sourceRecords'),
    where((version) => version < 30, 'listsAsTheyAre', 'plainEntriesOut', 'plainEntriesIn'),
  ],
  incRecurse: [where((on) => on, 'listShared'), where((on) => !on, 'scansAhead')],
  codec: [where((name) => name !== 'none', 'answersTogether', 'writesTogether')],
  // It is told of each entry: by a walk of our own, and of what is to be deleted.
  chosen: closes('sourceRecords', 'extrasLookedUp'),
};

/** Paths that go on where another leads. */
const startsFrom: readonly (readonly [path: FastPath, from: FastPath])[] = [
  ['listsUncoded', 'listsAsTheyAre'],
  ['listShared', 'listsAsTheyAre'],
  ['sumsWhereCompared', 'listsAsTheyAre'],
  ['sourceAhead', 'sourceRecords'],
  ['waitsForTheRest', 'writesTogether'],
  ['scansKept', 'scansAhead'],
  ['extrasLookedUp', 'scansAhead'],
];

const all: FastPaths = {
  filesByName: true,
  listsAsTheyAre: true,
  listsUncoded: true,
  listShared: true,
  sumsWhereCompared: true,
  sourceRecords: true,
  sourceAhead: true,
  plainEntriesOut: true,
  plainEntriesIn: true,
  answersTogether: true,
  writesTogether: true,
  waitsForTheRest: true,
  wireLent: true,
  passesOver: true,
  looksAhead: true,
  scansAhead: true,
  scansKept: true,
  extrasLookedUp: true,
};

/** A rule, and the member of options or ends whose value it is asked about. */
interface Asked<Of> {
  readonly of: keyof Of;
  readonly rule: Rule<never, Options>;
}

/** The rules of all options in a row: most have none, and they are gone through several times at the start of a run. */
const optionRules: readonly Asked<Options>[] = allDefinitions.flatMap(([of, { settle, closes }]) =>
  settle === undefined ? [] : closes.map((rule) => ({ of: of as keyof Options, rule })),
);
const endRules: readonly Asked<Ends>[] = (Object.keys(endConcerns) as (keyof Ends)[]).flatMap((of) =>
  endConcerns[of].map((rule) => ({ of, rule })),
);

/** The shortcuts of one end of a run. */
export function fastPaths(options: Options, ends: Ends): FastPaths {
  const situation = { options, ends };
  const paths: Record<FastPath, boolean> = { ...all };
  const closing = [
    ...closingRules(optionRules, options, situation),
    ...closingRules(endRules, ends, situation),
  ];
  const close = (counts: (rule: Rule<never, Options>) => boolean): void => {
    for (const rule of closing) if (counts(rule)) for (const path of rule.paths) paths[path] = false;
    for (const [path, from] of startsFrom) paths[path] &&= paths[from];
  };
  close((rule) => rule.unless === undefined);
  close((rule) => rule.unless !== undefined && !paths[rule.unless]);
  return paths;
}

function closingRules<Of extends object>(
  rules: readonly Asked<Of>[],
  values: Of,
  situation: Situation<Options>,
): Rule<never, Options>[] {
  const found: Rule<never, Options>[] = [];
  for (const { of, rule } of rules) if (rule.at(values[of] as never, situation)) found.push(rule);
  return found;
}

/** What the ends of a run within one process share, by the options of each. */
export function sharedPaths(...both: readonly Options[]): SharedPaths {
  const shared = both.map(sharedFor);
  return {
    filesByName: shared.every((one) => one.filesByName),
    listsAsTheyAre: shared.every((one) => one.listsAsTheyAre),
    sumsWhereCompared: shared.every((one) => one.sumsWhereCompared),
  };
}

function sharedFor(options: Options): SharedPaths {
  const open = { filesByName: true, listsAsTheyAre: true, sumsWhereCompared: true };
  const ends = { ...beginning(options), shared: open };
  const { filesByName, listsAsTheyAre, sumsWhereCompared } = fastPaths(options, ends);
  return { filesByName, listsAsTheyAre, sumsWhereCompared };
}

/** What a client can begin with before it knows its peer, which is taken to be a new one. */
export function pathsBeforeHandshake(options: Options, chosen: boolean): Pick<FastPaths, 'sourceAhead'> {
  return fastPaths(options, { ...beginning(options), chosen });
}

/** What is taken to be so while there is no peer. */
function beginning({ protocol }: Options): Ends {
  return { server: false, shared: apart, protocol, incRecurse: false, codec: 'none', chosen: false };
}
