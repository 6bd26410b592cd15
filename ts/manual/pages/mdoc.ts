/** Pieces of a page in mdoc(7). */
import type { Row } from '../facts.ts';

const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
};

/** As it stands within a line. */
export function inline(text: string): string {
  return text.replace(/[\\~^`-]/g, (char) => special[char]!);
}

const width = 78;

/** Sentences, each begun on a line of its own; no line is taken for a request. */
export function sentences(text: string): string {
  return text
    .split(/(?<=[.!?]) (?=[^a-z])/)
    .flatMap((sentence) => inline(sentence).match(new RegExp(`(?! ).{1,${width}}(?= |$)|\\S+`, 'g'))!)
    .map((line) => `${line.replace(/^[.']/, '\\&$&')}\n`)
    .join('');
}

/** The words of a help line as a sentence. */
export function asSentence(help: string): string {
  const first = help[0] ?? '';
  const end = /[.)]$/.test(help) && !help.endsWith(')') ? '' : '.';
  return `${/^[a-z]/.test(first) ? first.toUpperCase() + help.slice(1) : help}${end}`;
}

/** Head of a page. */
export function head(date: string, title: string, section: number): string {
  return `.\\" Made by scripts/manual.mjs from the definitions of ts/.\n.Dd ${date}\n.Dt ${title} ${section}\n.Os\n`;
}

/** A list of names with their texts. */
export function rows(list: readonly Row[], macro: string): string {
  const items = list.map(([name, text]) => {
    const names = name.split(', ').map((one) => `${macro} ${inline(one)}`);
    return `.It ${names.join(' , ')}\n${sentences(text)}`;
  });
  return `.Bl -tag -width Ds\n${items.join('')}.El\n`;
}
