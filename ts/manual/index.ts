/**
 * `help OPTION` and `completion SHELL`. rsync takes both for a source and a destination: docs/decisions/0051 has the rule
 * by which they are ours.
 */
import type { ByteString } from '../kernel/kernel.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { zshCompletion } from './completion/zsh.ts';
import { explained, unknown } from './explain.ts';
import { namesLike } from './names.ts';

export { proposal } from './explain.ts';

/** What is printed instead of a run, and where. */
export interface Answer {
  readonly text: string;
  readonly code: 0 | 1;
}

/** What decides whether two words are a question to us. */
export interface Asking {
  /** Whether there is such a file; also where that cannot be told. */
  exists(name: ByteString): boolean;
  /** Whether rsync would run with these words, rather than say something or nothing and succeed. */
  fails(argv: readonly ByteString[]): boolean;
}

const shells: Readonly<Record<string, () => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The answer to a command line; undefined where it is one of rsync's. */
export function answerTo(argv: readonly ByteString[], asking: Asking): Answer | undefined {
  const [what = '', word = ''] = argv;
  if (argv.length !== 2 || !asking.fails(argv)) return undefined;
  const free = () => [what, word].every((name) => !asking.exists(name));
  if (what === 'completion') {
    const script = Object.hasOwn(shells, word) ? shells[word] : undefined;
    return script !== undefined && free() ? { text: script(), code: 0 } : undefined;
  }
  if (what !== 'help' || !/^-{0,2}[A-Za-z0-9@][A-Za-z0-9@-]*$/.test(word)) return undefined;
  const text = explained(word);
  // A word that is like no option is a destination, and the source is not there: rsync says so.
  if (text === undefined && !word.startsWith('-') && namesLike(word).length === 0) return undefined;
  if (!free()) return undefined;
  return text === undefined ? { text: unknown(word), code: 1 } : { text, code: 0 };
}
