/**
 * Splitting of a command line into options and arguments as popt does it: bundled short options, an
 * argument behind `=` or as the next word, options after arguments, and `--` as their end.
 */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { longSwitch, type OptionSwitch, shortSwitch } from './switches.ts';

/** An option found, with its argument where it takes one. */
export interface FoundOption {
  readonly row: OptionSwitch;
  readonly value: ByteString;
  /** Of an `int`. */
  readonly number: number;
  /** The option as written, for messages. */
  readonly name: string;
}

/**
 * Calls `found` for each option in order and answers the arguments. `prefix` stands before the message of
 * a syntax error (rsync's "on remote machine: "). With `optionsFirst` (POSIXLY_CORRECT) the first
 * argument ends the options. Throws RsyncError (exit 1) with popt's texts.
 */
export function splitArguments(
  argv: readonly ByteString[],
  found: (option: FoundOption) => void,
  context: { readonly optionsFirst: boolean; prefix(): string },
): ByteString[] {
  const args: ByteString[] = [];
  let next = 0;

  const fail = (word: ByteString, what: string) =>
    new RsyncError(ExitCode.Syntax, `rsync: ${context.prefix()}${word}: ${what}`);

  const take = (row: OptionSwitch, name: string, attached: ByteString | undefined) => {
    if (row.how.arg === 'none') {
      if (attached !== undefined) throw fail(argv[next - 1]!, 'option does not take an argument');
      found({ row, value: '', number: 0, name });
      return;
    }
    let value = attached;
    if (value === undefined) {
      if (next >= argv.length) throw fail(argv[next - 1]!, 'missing argument');
      value = argv[next++]!;
    }
    let number = 0;
    if (row.how.arg === 'int') {
      const parsed = parseInteger(value);
      if (parsed === undefined) throw fail(argv[next - 1]!, 'invalid numeric value');
      if (parsed < -0x80000000 || parsed > 0x7fffffff) {
        throw fail(argv[next - 1]!, 'number too large or too small');
      }
      number = parsed;
    }
    found({ row, value, number, name });
  };

  const takeCluster = (word: ByteString) => {
    for (let i = 1; i < word.length; i++) {
      const row = shortSwitch(word[i]!);
      if (row === undefined) throw fail(word, 'unknown option');
      if (row.how.arg === 'none') {
        take(row, `-${word[i]}`, undefined);
        continue;
      }
      const rest = word.slice(i + 1);
      take(row, `-${word[i]}`, rest === '' ? undefined : rest.replace(/^=/, ''));
      return;
    }
  };

  while (next < argv.length) {
    const word = argv[next++]!;
    if (word === '--') return args.concat(argv.slice(next));
    if (word.length < 2 || word[0] !== '-') {
      args.push(word);
      if (context.optionsFirst) return args.concat(argv.slice(next));
    } else if (word[1] !== '-') {
      takeCluster(word);
    } else {
      const equals = word.indexOf('=');
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const row = longSwitch(name);
      if (row === undefined) throw fail(word, 'unknown option');
      take(row, `--${name}`, equals < 0 ? undefined : word.slice(equals + 1));
    }
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
