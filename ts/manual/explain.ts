/** What `help OPTION` prints. */
import { oursMark } from '../options/help.ts';
import { programName } from '../options/program.ts';
import { type Entry, headOf, namesOf } from './entries.ts';
import { type Named, namedBy, namesLike } from './names.ts';

const indent = '    ';
const width = 80;

/** What `word` means; undefined where it is no option. */
export function explained(word: string): string | undefined {
  const named = namedBy(word);
  return named.length === 0 ? undefined : named.map(section).join('\n');
}

/** What is said of a word that names no option. */
export function unknown(word: string): string {
  return `${programName}: there is no option ${word}\n${proposal(word) ?? `${programName} --help shows them all.`}\n`;
}

/** What may have been meant by a word that names no option of a client's; undefined where it is like none. */
export function proposal(word: string): string | undefined {
  const near = namesLike(word);
  // A client that does not know a name which is there has been given a daemon's.
  if (near[0] === word) return `${word} goes with --daemon.`;
  return near.length === 0 ? undefined : `Did you mean ${oneOf(near)}?`;
}

function oneOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function section({ entry, name, opposite }: Named): string {
  const main = headOf(entry);
  if (opposite) {
    const head = entry.opposites.flatMap(namesOf).join(', ');
    return `${head}\n\n${wrapped(`takes back ${oneOf(main)}: ${entry.help}`)}`;
  }
  const isMain = main.some((one) => one.split('=')[0] === name);
  const head = [...(isMain ? [] : [name]), ...main].join(', ') + (entry.ours ? ` ${oursMark}` : '');
  return `${head}\n${[entry.help, ...more(entry)].map((text) => `\n${wrapped(text)}`).join('')}`;
}

/** All that is to be said of an entry behind its help, in paragraphs. */
export function more({ text, also, opposites, words }: Entry): string[] {
  const paragraphs = text === '' ? [] : text.split('\n');
  if (words !== undefined) {
    const all = words.all.flatMap(({ word, level }) => (level ? [] : [word])).join(', ');
    paragraphs.push(words.list ? `Words, with commas between: ${all}` : `One of: ${all}`);
  }
  if (also.length > 0) paragraphs.push(`Also: ${also.flatMap(namesOf).join(', ')}`);
  if (opposites.length > 0) paragraphs.push(`Taken back by: ${opposites.flatMap(namesOf).join(', ')}`);
  return paragraphs;
}

function wrapped(text: string): string {
  let out = '';
  let line = indent.slice(1);
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width && line.trim() !== '') {
      out += `${line}\n`;
      line = indent.slice(1);
    }
    line += ` ${word}`;
  }
  return `${out}${line}\n`;
}
