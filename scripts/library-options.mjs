#!/usr/bin/env node
/**
 * Writes the types of the library's options (ts/library/options.ts) from the definitions of rsync's; `--check` only says
 * whether they are as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSource } from './load-source.mjs';

const root = join(import.meta.dirname, '..');
const file = join(root, 'ts', 'library', 'options.ts');

const typeOf = ({ arg, repeats, gathers, off }) => {
  const type = { none: repeats ? 'boolean | number' : 'boolean', int: 'number', string: 'OptionText' }[arg];
  const many = gathers ? `${type} | readonly OptionText[]` : type;
  return arg !== 'none' && off !== undefined ? `${many} | false` : many;
};

const wordsOf = ({ long, short, argName, help, sameAs }) => {
  const spelled = `\`--${long}${argName === undefined ? '' : `=${argName}`}\`${short === undefined ? '' : `, \`-${short}\``}`;
  const text = help?.replaceAll('\n', ' ') ?? (sameAs === undefined ? '' : `see \`${sameAs}\``);
  return text === '' ? `${spelled}.` : `${spelled}: ${text}.`;
};

const { libraryOptions } = await loadSource('ts/library/option-names.ts');
const members = [...libraryOptions()].map(
  ([name, option]) => `  /** ${wordsOf(option)} */\n  readonly ${name}?: ${typeOf(option)};`,
);
const text = `/** rsync's options in a library. Written by scripts/library-options.mjs from ts/options/defs; not to be edited. */

/** The argument of an option; what is not UTF-8 comes as bytes. */
export type OptionText = string | number | Uint8Array;

/**
 * All of rsync's long options in camel case. \`true\` gives an option, \`false\` its \`--no-\` form where there is one, a
 * number gives one that has no argument so many times (\`verbose: 2\`). Options are given in the order in which the object
 * has them, which matters for filters.
 */
export interface RsyncOptions {
${members.join('\n')}
}
`;

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('ts/library/options.ts is not what node scripts/library-options.mjs writes');
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
