/** popt's configuration: options that a user has put together of others (`/etc/popt`, `~/.popt`). */
import type { ByteString } from '../kernel/kernel.ts';

/** `name` (`--long` or `-x`) stands for `words`. */
export interface Alias {
  readonly name: string;
  readonly words: readonly ByteString[];
}

/** What a word of an alias is replaced by: the next argument. */
export const nextArgument = '!#:+';

/** Those of a client alone. */
const fixed: ReadonlySet<string> = new Set(['--daemon', '--server']);

/**
 * The aliases of `program` in the text of a configuration; of two with one name the last counts. Lines are
 * `PROGRAM alias OPTION WORD...`; what else there is concerns others, as in popt, which complains of nothing.
 */
export function readAliases(text: ByteString, program: string): Alias[] {
  const found: Alias[] = [];
  for (const line of text.replace(/\\\n/g, '').split('\n')) {
    const match = /^\s*(\S+)\s+alias\s+(\S+)\s+(\S.*)$/.exec(line);
    if (match === null || match[1] !== program) continue;
    const name = match[2]!;
    if (!/^(-[^-]|--.+)$/.test(name) || fixed.has(name)) continue;
    const words = splitWords(match[3]!);
    while (/^--POPT(desc|args)=/.test(words[0] ?? '')) words.shift();
    found.push({ name, words });
  }
  return found.reverse();
}

/** Words as a shell splits them, with quotes and backslashes alone. */
function splitWords(text: ByteString): ByteString[] {
  const words: ByteString[] = [];
  let word: ByteString | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && (text[at + 1] === quote || text[at + 1] === '\\')) word += text[++at]!;
      else word += char;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word ??= '';
      if (char === '"' || char === "'") quote = char;
      else if (char !== '\\') word += char;
      else word += text[++at] ?? '';
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
