/** How files are compared, and what they are compared with. */
import type { ByteString } from '../../kernel/kernel.ts';
import {
  derived,
  flag,
  integer,
  letter,
  letterTo,
  off,
  on,
  option,
  type Telling,
  word,
} from '../definition.ts';
import { closes, none, where } from '../paths.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { parseSize } from '../sizes.ts';
import type { AlternateDest } from '../values.ts';
import { type Choosing, checksumOf } from '../whole-file.ts';
import { syntax } from '../wrong.ts';

const largestBlock = 1 << 17;
/** Below protocol 30. */
const largestOldBlock = 1 << 29;
const mostAlternateDests = 20;

function alternate(kind: AlternateDest['kind'], help: string) {
  return on<readonly AlternateDest[]>(`--${kind}-dest=DIR`, help, (dests, { value }) => {
    const first = dests[0];
    if (first !== undefined && first.kind !== kind) {
      throw syntax(`ERROR: the --${kind}-dest option conflicts with the --${first.kind}-dest option`);
    }
    if (dests.length >= mostAlternateDests) {
      throw syntax(`ERROR: at most ${mostAlternateDests} --${kind}-dest args may be specified`);
    }
    return [...dests, { kind, dir: value }];
  });
}

export const compareOptions = {
  checksum: flag('--checksum, -c', 'compare by checksum, not by time and size', {
    off: 'no-checksum no-c',
    letter: letter('c'),
    closes: [
      where((sums: boolean) => !sums, 'sumsWhereCompared'),
      where((sums: boolean) => sums, 'plainEntriesIn'),
      { ...where((sums: boolean) => sums, 'sourceRecords', 'passesOver'), unless: 'sumsWhereCompared' },
    ],
  }),
  /** '' negotiates; else a name, or two as `TRANSFER,FILE`. Lower case. */
  checksumChoice: option({
    initial: undefined as string | undefined,
    switches: [
      on<string | undefined>(
        '--checksum-choice=STR',
        'name the checksum (aka --cc)',
        (_, { value }) => value,
      ),
      on<string | undefined>('--cc=STR', undefined, (_, { value }) => value),
    ],
    settle: (_: string | undefined, draft: Choosing): string => checksumOf(draft).choice,
    tells: (choice: string, { options }: Telling<Quoting>): ByteString[] =>
      choice === '' ? [] : [quoteOption('--checksum-choice', choice, options)],
    closes: none,
  }),
  checksumSeed: integer('--checksum-seed=NUM', 'set the seed of checksums', {
    tells: (seed): string[] => (seed === 0 ? [] : [`--checksum-seed=${seed}`]),
    closes: none,
  }),
  ignoreTimes: flag('--ignore-times, -I', "don't skip files of equal size and time", {
    letter: letter('I'),
    closes: closes('passesOver'),
  }),
  sizeOnly: flag('--size-only', 'skip files of equal size', {
    tells: word('--size-only', 'receiver'),
    closes: closes('passesOver'),
  }),
  /** Seconds; -1 compares nanoseconds too. */
  modifyWindow: option({
    initial: undefined as number | undefined,
    switches: [
      on<number | undefined>(
        '--modify-window=NUM, -@',
        'times so close are equal',
        (_, { number }) => number,
        'int',
      ),
    ],
    settle: (seconds: number | undefined): number => seconds ?? 0,
    tells: (
      seconds: number,
      { options, push }: Telling<{ readonly modifyWindowGiven: boolean }>,
    ): string[] => {
      if (!options.modifyWindowGiven || !push) return [];
      return [seconds < 0 ? `-@${seconds}` : `--modify-window=${seconds}`];
    },
    closes: closes('passesOver'),
  }),
  modifyWindowGiven: derived(
    (draft: { readonly modifyWindow: number | undefined }): boolean => draft.modifyWindow !== undefined,
    { closes: none },
  ),
  /** undefined: whole files locally, delta remotely. */
  wholeFile: option({
    initial: undefined as boolean | undefined,
    switches: [
      on<boolean | undefined>('--whole-file, -W', 'send whole files, no deltas', () => true),
      on<boolean | undefined>('--no-whole-file', 'send deltas, also locally (aka --no-W)', () => false),
      ...off<boolean | undefined>('no-W', false),
    ],
    settle: (_: boolean | undefined, draft: Choosing): boolean | undefined => checksumOf(draft).wholeFile,
    letter: (whole: boolean | undefined): string => (whole ? 'W' : ''),
    closes: [where((whole: boolean | undefined) => whole !== true, 'filesByName')],
  }),
  /** Block length asked for; 0 lets the file size decide. */
  blockSize: option({
    initial: 0,
    switches: [
      on(
        '--block-size=SIZE, -B',
        'set the length of blocks',
        (_: number, { value }, { protocol }: { readonly protocol: number }): number =>
          parseSize(value, {
            name: 'block-size',
            unit: 'b',
            min: 0,
            max: protocol < 30 ? largestOldBlock : largestBlock,
          }),
      ),
    ],
    settle: (size: number): number => size,
    tells: (size: number): string[] => (size === 0 ? [] : [`-B${size}`]),
    closes: none,
  }),
  /** Directories to search for a similar file: 1 is the destination's, more are alternate ones. */
  fuzzy: option({
    initial: 0,
    switches: [
      on<number>('--fuzzy, -y', 'take a similar file as basis', (times) => times + 1),
      ...off('no-fuzzy no-y', 0),
    ],
    settle: (times: number, draft: { readonly alternateDests: readonly AlternateDest[] }): number =>
      times > 1 ? draft.alternateDests.length + 1 : times,
    letter: letterTo('receiver', 'y', 2),
    closes: none,
  }),
  alternateDests: option({
    initial: [] as readonly AlternateDest[],
    switches: [
      alternate('compare', 'skip files that are equal in DIR'),
      alternate('copy', '... and copy them from there'),
      alternate('link', '... or make hard links to them'),
    ],
    settle: (dests: readonly AlternateDest[]): readonly AlternateDest[] => dests,
    tells: (dests: readonly AlternateDest[], { options, push }: Telling<Quoting>): ByteString[] =>
      push ? dests.flatMap(({ kind, dir }) => [`--${kind}-dest`, quoteOption('', dir, options)]) : [],
    closes: closes('sumsWhereCompared', 'passesOver'),
  }),
};
