/**
 * Splitting of a command line into options and arguments as popt does it: bundled short options, an
 * argument behind `=` or as the next word, options after arguments, `--` as their end, and aliases.
 */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Alias, nextArgument } from './aliases.ts';

/** What is known of an option here. */
interface OptionRow {
  readonly how: { readonly arg: 'none' | 'string' | 'int' };
}

/** An option found, with its argument where it takes one. */
export interface FoundOption<Row extends OptionRow> {
  readonly row: Row;
  readonly value: ByteString;
  /** Of an `int`. */
  readonly number: number;
}

/** Words that are being read: the command line, or what an alias in it stands for. */
interface Frame {
  readonly words: ByteString[];
  next: number;
  readonly alias: Alias | undefined;
}

export interface SplitContext<Row extends OptionRow> {
  /** The options that there are, by `--NAME` and by `-CHAR`. */
  long(name: string): Row | undefined;
  short(char: string): Row | undefined;
  /** POSIXLY_CORRECT: the first argument ends the options. */
  readonly optionsFirst: boolean;
  readonly aliases: readonly Alias[];
  /** What stands before the message of a syntax error (rsync's "on remote machine: "). */
  prefix(): string;
  /** ... and what behind it. */
  readonly suffix: string;
}

/** Aliases that may stand for each other. */
const deepest = 10;

/**
 * Calls `found` for each option in order and answers the arguments. Throws RsyncError (exit 1) with popt's texts; they
 * name what was on the command line, not what an alias made of it.
 */
export function splitArguments<Row extends OptionRow>(
  argv: readonly ByteString[],
  found: (option: FoundOption<Row>) => void,
  context: SplitContext<Row>,
): ByteString[] {
  const args: ByteString[] = [];
  const base: Frame = { words: [...argv], next: 0, alias: undefined };
  const frames = [base];

  const fail = (word: ByteString, what: string) =>
    new RsyncError(ExitCode.Syntax, `rsync: ${context.prefix()}${word}: ${what}${context.suffix}`);
  const failHere = (what: string) => fail(base.words[base.next - 1] ?? '', what);

  /** The next word, of the command line again once those of an alias are used up. */
  const nextWord = (): ByteString | undefined => {
    for (;;) {
      const frame = frames[frames.length - 1]!;
      if (frame.next < frame.words.length) return frame.words[frame.next++];
      if (frames.length === 1) return undefined;
      frames.pop();
    }
  };
  const rest = (): ByteString[] => {
    const words: ByteString[] = [];
    for (let word = nextWord(); word !== undefined; word = nextWord()) words.push(word);
    return words;
  };

  /** The next word that is no option, wherever it stands. */
  const takeArgument = (): ByteString | undefined => {
    for (const frame of frames.toReversed()) {
      const at = frame.words.findIndex((word, i) => i >= frame.next && word[0] !== '-');
      if (at >= 0) return frame.words.splice(at, 1)[0];
    }
    return undefined;
  };

  /** True where the option stands for others: they come next, then `more`. */
  const expands = (name: string, more: ByteString[], value?: ByteString): boolean => {
    const inside = frames[frames.length - 1]!.alias;
    const alias = context.aliases.find((one) => one.name === name);
    if (alias === undefined || alias === inside) return false;
    if (frames.length > deepest) throw failHere('aliases nested too deeply');
    if (more.length > 0) frames.push({ words: more, next: 0, alias: inside });
    const words = value === undefined ? [...alias.words] : [...alias.words, value];
    frames.push({ words, next: 0, alias });
    return true;
  };

  const take = (row: Row, attached: ByteString | undefined) => {
    if (row.how.arg === 'none') {
      if (attached !== undefined) throw failHere('option does not take an argument');
      found({ row, value: '', number: 0 });
      return;
    }
    let value = attached ?? nextWord();
    if (value?.includes(nextArgument)) {
      const argument = takeArgument();
      value = argument === undefined ? value : value.replace(nextArgument, () => argument);
    }
    if (value === undefined) throw failHere('missing argument');
    let number = 0;
    if (row.how.arg === 'int') {
      const parsed = parseInteger(value);
      if (parsed === undefined) throw failHere('invalid numeric value');
      if (parsed < -0x80000000 || parsed > 0x7fffffff) throw failHere('number too large or too small');
      number = parsed;
    }
    found({ row, value, number });
  };

  const takeCluster = (word: ByteString) => {
    for (let i = 1; i < word.length; i++) {
      const more = word.slice(i + 1);
      if (expands(`-${word[i]}`, more === '' ? [] : [`-${more}`])) return;
      const row = context.short(word[i]!);
      if (row === undefined) throw failHere('unknown option');
      if (row.how.arg === 'none') {
        take(row, undefined);
        continue;
      }
      take(row, more === '' ? undefined : more.replace(/^=/, ''));
      return;
    }
  };

  const takeLong = (word: ByteString) => {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    if (expands(`--${name}`, [], value)) return;
    const row = context.long(name);
    if (row === undefined) throw failHere('unknown option');
    take(row, value);
  };

  for (let word = nextWord(); word !== undefined; word = nextWord()) {
    if (word === '--') return args.concat(rest());
    if (word.length < 2 || word[0] !== '-') {
      args.push(word);
      if (context.optionsFirst) return args.concat(rest());
    } else if (word[1] !== '-') takeCluster(word);
    else takeLong(word);
  }
  return args;
}

/** As C's strtol with base 0; undefined where anything else is left over. */
function parseInteger(text: ByteString): number | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*|)$/i.exec(text);
  if (match === null) return undefined;
  const digits = match[2]!;
  const octal = /^0[0-7]+$/.test(digits);
  const value = octal ? Number.parseInt(digits, 8) : Number(digits);
  return match[1] === '-' ? -value : value;
}
