/** What is told of a run, and to whom. */
import type { ByteString } from '../../kernel/kernel.ts';
import {
  count,
  derived,
  flag,
  leading,
  letter,
  off,
  on,
  option,
  Request,
  type Run,
  type Telling,
  word,
} from '../definition.ts';
import { formatHas, type Shown } from '../log-format.ts';
import {
  applyFlags,
  applyVerbosity,
  copyLevels,
  debugFlags,
  type FlagLevels,
  FlagSide,
  flagsArgument,
  infoFlags,
  noLevels,
} from '../output-flags.ts';
import { followsEachFile, logsEachFile, none, showsUnchanged, where } from '../paths.ts';
import type { DebugFlag, InfoFlag } from '../values.ts';
import { syntax } from '../wrong.ts';

type Levels<Name extends string> = Readonly<Record<Name, number>>;
type Buffering = '' | 'none' | 'line' | 'block';

const mostVerbose = 9;

/** What of a draft decides which lines there are. */
interface Lines {
  readonly info: FlagLevels<InfoFlag>;
  readonly verbose: number;
  readonly stats: boolean;
  readonly itemize: number;
  readonly progress: boolean;
  readonly outFormat: ByteString | undefined;
}

/** -i, -v, --stats and --progress: the levels of --info that they imply, and the format of names. */
function linesOf(draft: Lines, run: Run): { info: FlagLevels<InfoFlag>; outFormat: ByteString } {
  const info = copyLevels(draft.info);
  applyVerbosity(infoFlags, info, draft.verbose);
  if (draft.stats) applyFlags(infoFlags, info, draft.verbose > 1 ? 'stats3' : 'stats2', false);
  let outFormat = draft.outFormat ?? '';
  // With these escapes a line can only be written after the file; else it stands before its progress.
  const before =
    outFormat === '' ? draft.itemize > 0 : !['b', 'c', 'C'].some((char) => formatHas(outFormat, char));
  if (draft.outFormat === undefined && draft.itemize > 0) outFormat = '%i %n%L';
  if (draft.progress && !run.server) {
    if (!before && info.level.name === 0) applyFlags(infoFlags, info, 'name', false);
    applyFlags(infoFlags, info, 'flist2,progress', false);
  }
  if (info.level.name > 0 && draft.outFormat === undefined && draft.itemize === 0) outFormat = '%n%L';
  return { info, outFormat };
}

/** What a server must know of --out-format: whether items are shown, and whether unchanged ones are. */
function formatForServer(format: ByteString, { itemize, verbose }: FormatTold): string | undefined {
  if (formatHas(format, 'i')) return itemize > 1 ? '%i%I' : '%i';
  if (formatHas(format, 'o')) return '%o';
  return verbose === 0 ? 'X' : undefined;
}

interface FormatTold extends Shown {
  readonly verbose: number;
}

interface Served {
  readonly server: boolean;
}

/** A --log-file, and how many rules the command line had before it: the trouble with those is told in no log, or another. */
export interface NamedLog {
  readonly file: ByteString;
  readonly rules: number;
}

/** A --debug, and how many rules the command line had before it, which it says nothing of. */
export interface DebugAt {
  readonly rules: number;
  readonly filter: number;
  readonly exit: number;
}

/** What held when so many rules had been read. */
export function debugAt(steps: readonly DebugAt[], rules: number): DebugAt {
  return steps.findLast((one) => one.rules <= rules) ?? { rules: 0, filter: 0, exit: 0 };
}

interface Tracing extends Ruled, Served {
  debugSteps: readonly DebugAt[];
}

interface Ruled {
  readonly filters: readonly unknown[];
}

/** The log that the first `rules` rules and what stands between them leave in force; '' for none. */
export function lastLog(named: readonly NamedLog[], rules = Number.POSITIVE_INFINITY): ByteString {
  return named.findLast((one) => one.rules <= rules)?.file ?? '';
}

/** What --stderr may say. */
export const stderrModes = ['client', 'all', 'errors'];

export const tellOptions = {
  verbose: count('--verbose, -v', 'tell more', {
    off: 'no-verbose no-v',
    letter: letter('v', mostVerbose),
    closes: none,
  }),
  info: option({
    initial: noLevels(infoFlags),
    switches: [
      on(
        '--info=FLAGS',
        'choose what is told, item by item',
        (before: FlagLevels<InfoFlag>, { value }, { server }: Served): FlagLevels<InfoFlag> => {
          const levels = copyLevels(before);
          if (applyFlags(infoFlags, levels, value, true, server) === 'help')
            throw new Request({ kind: 'flag-help', flags: 'info' });
          return levels;
        },
      ),
    ],
    settle: (_: FlagLevels<InfoFlag>, draft: Lines & Served, run): Levels<InfoFlag> =>
      linesOf(draft, run).info.level,
    closes: [
      where((level: Levels<InfoFlag>) => level.stats > 0, 'listsUncoded'),
      where((level: Levels<InfoFlag>) => level.name > 1, 'passesOver'),
    ],
  }),
  /** Flags of `info` that --info set (not -v and its like); the server is told of these. */
  infoGiven: derived(
    (draft: { readonly info: FlagLevels<InfoFlag> }): readonly InfoFlag[] => [...draft.info.given],
    {
      tells: (
        given: readonly InfoFlag[],
        { options, side }: Telling<{ readonly info: Levels<InfoFlag> }>,
      ): string[] => {
        const sides = FlagSide.Server | (side.sender ? FlagSide.Sender : FlagSide.Receiver);
        const flags = flagsArgument(infoFlags, options.info, new Set(given), sides);
        return flags === undefined ? [] : [flags];
      },
      closes: none,
    },
  ),
  debug: option({
    initial: noLevels(debugFlags),
    switches: [
      on(
        '--debug=FLAGS',
        'choose what is told for debugging',
        (before: FlagLevels<DebugFlag>, { value }, draft: Tracing): FlagLevels<DebugFlag> => {
          const levels = copyLevels(before);
          if (applyFlags(debugFlags, levels, value, true, draft.server) === 'help')
            throw new Request({ kind: 'flag-help', flags: 'debug' });
          const { filter, exit } = levels.level;
          draft.debugSteps = [...draft.debugSteps, { rules: draft.filters.length, filter, exit }];
          return levels;
        },
      ),
    ],
    settle: (
      given: FlagLevels<DebugFlag>,
      draft: Tracing & { readonly verbose: number },
    ): Levels<DebugFlag> => {
      const levels = copyLevels(given);
      applyVerbosity(debugFlags, levels, draft.verbose);
      return levels.level;
    },
    // It tells of each entry.
    closes: [
      where((level: Levels<DebugFlag>) => level.genr > 0, 'passesOver'),
      // What comes over a wire, or what goes there.
      where((level: Levels<DebugFlag>) => level.hlink > 0 || level.flist > 2, 'listsAsTheyAre'),
      where((level: Levels<DebugFlag>) => level.flist > 1, 'extrasLookedUp'),
      where((level: Levels<DebugFlag>) => level.deltasum > 1, 'filesByName', 'writesTogether'),
    ],
  }),
  /** How much was to be told while rules are read, from which of them on. */
  debugSteps: option({
    initial: [] as readonly DebugAt[],
    switches: [],
    settle: (steps: readonly DebugAt[]): readonly DebugAt[] => steps,
    closes: none,
  }),
  debugGiven: derived(
    (draft: { readonly debug: FlagLevels<DebugFlag> }): readonly DebugFlag[] => [...draft.debug.given],
    { closes: none },
  ),
  /** true: all messages go to stderr; false: errors go through the client; undefined: errors to stderr. */
  msgs2stderr: option({
    /** An index of `stderrModes`. */
    initial: 2,
    switches: [
      on<number>('--stderr=e|a|c', 'choose what goes to stderr (default: errors)', (_, { value }) => {
        const mode = value === '' ? -1 : stderrModes.findIndex((name) => name.startsWith(value));
        if (mode < 0) throw syntax(`--stderr mode "${value}" is not one of errors, all, or client`);
        return mode;
      }),
      on<number>('--msgs2stderr', undefined, () => 1),
      ...off('no-msgs2stderr', 0),
    ],
    settle: (mode: number): boolean | undefined => (mode === 2 ? undefined : mode === 1),
    tells: (all: boolean | undefined): string[] =>
      all === undefined ? [] : [all ? '--msgs2stderr' : '--no-msgs2stderr'],
    closes: none,
  }),
  quiet: option({
    initial: 0,
    switches: [on<number>('--quiet, -q', 'tell errors only', (times) => times + 1)],
    settle: (times: number): boolean => times > 0,
    letter: (quiet: boolean, { options }: Telling<{ readonly msgs2stderr: boolean | undefined }>): string =>
      quiet && options.msgs2stderr !== false ? 'q' : '',
    closes: none,
  }),
  /** 2 also shows unchanged items. */
  itemize: count('--itemize-changes, -i', 'tell what changes of each file', {
    off: 'no-itemize-changes no-i',
    closes: [showsUnchanged],
  }),
  /** --out-format, or what -i and -v imply; '' shows nothing. */
  outFormat: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>(
        '--out-format=FORMAT',
        'tell of each file in this format',
        (_, { value }) => value,
      ),
      on<ByteString | undefined>('--log-format=FORMAT', undefined, (_, { value }) => value),
    ],
    settle: (_: ByteString | undefined, draft: Lines, run): ByteString => linesOf(draft, run).outFormat,
    tells: (format: ByteString, { options, push }: Telling<FormatTold>): string[] => {
      const told = format !== '' && push ? formatForServer(format, options) : undefined;
      return told === undefined ? [] : [`--log-format=${told}`];
    },
    closes: [
      ...followsEachFile,
      showsUnchanged,
      where((format: ByteString) => formatHas(format, 'b') || formatHas(format, 'c'), 'listsAsTheyAre'),
    ],
  }),
  outFormatGiven: derived(
    (draft: { readonly outFormat: ByteString | undefined }): boolean => draft.outFormat !== undefined,
    { closes: none },
  ),
  stats: flag('--stats', 'give statistics at the end', { tells: word('--stats', 'receiver'), closes: none }),
  humanReadable: option({
    initial: 1,
    switches: [
      on<number>('--human-readable, -h', 'show numbers with units', (times) => times + 1),
      ...off('no-human-readable no-h', 0),
    ],
    settle: (level: number): number => level,
    closes: none,
  }),
  progress: flag('--progress', 'show progress', { off: 'no-progress', closes: none }),
  partialAndProgress: leading(undefined, [
    on('-P', 'the same as --partial --progress', (_, __, draft: { progress: boolean; partial: boolean }) => {
      draft.progress = true;
      draft.partial = true;
      return undefined;
    }),
  ]),
  eightBitOutput: flag('--8-bit-output, -8', 'show bytes above 127 as they are', {
    off: 'no-8-bit-output no-8',
    closes: none,
  }),
  outbuf: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>(
        '--outbuf=N|L|B',
        'buffer output not at all, by line or by block',
        (_, { value }) => value,
      ),
    ],
    settle: (given: ByteString | undefined, _: unknown, { server }): Buffering => {
      if (given === undefined || server) return '';
      const mode = given.slice(0, 1).toUpperCase();
      if (mode === 'N' || mode === 'U') return 'none';
      if (mode === 'L') return 'line';
      if (mode === 'B' || mode === 'F') return 'block';
      throw syntax('Invalid --outbuf setting -- specify N, L, or B.');
    },
    closes: none,
  }),
  logFile: option({
    initial: [] as readonly NamedLog[],
    switches: [
      on('--log-file=FILE', 'write a log to FILE', (before: readonly NamedLog[], { value }, draft: Ruled) => [
        ...before,
        { file: value, rules: draft.filters.length },
      ]),
    ],
    settle: (named: readonly NamedLog[]): ByteString => lastLog(named),
    closes: none,
  }),
  logsNamed: derived(
    (draft: { readonly logFile: readonly NamedLog[] }): readonly NamedLog[] => draft.logFile,
    {
      closes: none,
    },
  ),
  /** Means nothing without a --log-file; '' logs no items. */
  logFileFormat: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>('--log-file-format=FMT', 'the format of its lines', (_, { value }) => value),
    ],
    settle: (format: ByteString | undefined, draft: { readonly logFile: readonly NamedLog[] }): ByteString =>
      lastLog(draft.logFile) === '' ? '' : (format ?? '%i %n%L'),
    closes: logsEachFile,
  }),
};
