/** Arguments that are one of a few words, from the tables that the options themselves are read by. */
import { stderrModes } from '../options/defs/tell.ts';
import { compressNames } from '../options/defs/wire.ts';
import type { Draft } from '../options/options.ts';
import { debugFlags, flagHelp, infoFlags } from '../options/output-flags.ts';
import { checksumNames } from '../options/whole-file.ts';

export interface Word {
  readonly word: string;
  /** '' where the word speaks for itself. */
  readonly help: string;
  /** A flag at one of its higher levels: completed, and not listed. */
  readonly level?: true;
}

export interface Words {
  readonly all: readonly Word[];
  /** Several, with commas between. */
  readonly list: boolean;
}

/** What the argument of `option` is one of; undefined where it may be anything. */
export function fixedWords(option: keyof Draft): Words | undefined {
  switch (option) {
    case 'info':
      return flagWords(infoFlags);
    case 'debug':
      return flagWords(debugFlags);
    case 'msgs2stderr':
      return bare(stderrModes);
    case 'checksumChoice':
      return bare(checksumNames, true);
    case 'compressChoice':
      return bare(['auto', ...compressNames]);
    case 'outbuf':
      return {
        all: [
          { word: 'N', help: 'not at all' },
          { word: 'L', help: 'by line' },
          { word: 'B', help: 'by block' },
        ],
        list: false,
      };
    default:
      return undefined;
  }
}

function bare(words: Iterable<string>, list = false): Words {
  return { all: [...words].map((word) => ({ word, help: '' })), list };
}

interface Flags {
  readonly option: string;
  readonly words: readonly { readonly name: string; readonly help: string; readonly levels?: number }[];
  readonly oursToo?: readonly (readonly [word: string, help: string])[];
}

function flagWords({ option, words, oursToo = [] }: Flags): Words {
  return {
    all: [
      ...words.flatMap((flag) => [{ word: flag.name, help: flagHelp(flag) }, ...higherLevels(flag)]),
      ...oursToo.map(([word, help]) => ({ word, help })),
      { word: 'all', help: `All ${option} flags` },
      { word: 'none', help: `No ${option} flag` },
      { word: 'help', help: 'List them' },
    ],
    list: true,
  };
}

function higherLevels({ name, levels = 1 }: Flags['words'][number]): Word[] {
  return Array.from({ length: levels - 1 }, (_, i) => ({
    word: `${name}${i + 2}`,
    help: `${name}, level ${i + 2}`,
    level: true,
  }));
}
