/** From a library's options to the words of a command line: what they mean is said there once. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { bytesOf } from './names.ts';
import { type LibraryOption, libraryOptions } from './option-names.ts';
import type { OptionText, RsyncOptions } from './options.ts';

/** The words that `options` stand for, in their order. Throws rsync's exit 1 for what is none. */
export function optionWords(options: RsyncOptions): ByteString[] {
  const known = libraryOptions();
  return Object.entries(options).flatMap(([name, value]) => {
    const option = known.get(name);
    if (option === undefined) throw wrong(`there is no option ${name}`);
    return wordsOf(name, option, value as unknown);
  });
}

function wordsOf(name: string, option: LibraryOption, value: unknown): ByteString[] {
  const { long, arg, off } = option;
  if (value === undefined) return [];
  if (value === false) return off === undefined ? [] : [`--${off}`];
  if (arg === 'none') {
    if (value === true) return [`--${long}`];
    if (typeof value === 'number' && value >= 0 && value <= mostTimes)
      return Array<string>(Math.floor(value)).fill(`--${long}`);
    throw wrong(`${name} is true, false or how often it is given`);
  }
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.map((one) => {
    if (!isText(one)) throw wrong(`${name} takes text`);
    return `--${long}=${bytesOf(one)}`;
  });
}

/** No option means more when it is given more often. */
const mostTimes = 99;

/** What an option's or a parameter's text may be given as. */
export function isText(value: unknown): value is OptionText {
  return typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array;
}

/** A mistake of the caller's. */
export function wrong(what: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, what);
}
