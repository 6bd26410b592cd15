#!/usr/bin/env node
/**
 * Writes the types of the library's options (ts/library/options.ts) and of its servers' parameters (ts/library/parameters.ts)
 * from the definitions of rsync's; `--check` only says whether they are as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSource } from './load-source.mjs';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, { boolean: ['check'] });

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
  ([name, option]) => `  /** ${wordsOf(option)} */\n  readonly ${name}?: ${typeOf(option)} | undefined;`,
);
const options = `/** rsync's options in a library. Written by scripts/library-options.mjs from ts/options/defs; not to be edited. */

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

const { modulesParameters, serversParameters } = await loadSource('ts/library/parameter-names.ts');
const { parameterTexts } = await loadSource('ts/manual/parameters.ts');

/** With what is between the colon and it. */
const parameterType = ({ kind, choices }) => {
  switch (kind) {
    case 'bool':
    case 'bool3':
      return ' boolean | undefined';
    case 'integer':
      return ' number | undefined';
    case 'choice':
      return [...Object.keys(choices).map((name) => `'${name}'`), 'undefined']
        .map((one) => `\n    | ${one}`)
        .join('');
    default:
      return ' OptionText | undefined';
  }
};

const parameterMembers = (parameters) =>
  [...parameters]
    .map(
      ([called, { name, kind }]) =>
        `  /** \`${name}\`: ${parameterTexts[name]} */\n  readonly ${called}?:${parameterType(kind)};`,
    )
    .join('\n');

const parameters = `/** rsyncd.conf's parameters in a library. Written by scripts/library-options.mjs from ts/daemon/config; not to be edited. */
import type { OptionText } from './options.ts';

/** Those of a module. A \`%NAME%\` in a text is a variable of the environment, as in a file. */
export interface ModuleParameters {
${parameterMembers(modulesParameters())}
}

/** Those of a server as a whole. */
export interface ServerParameters {
${parameterMembers(serversParameters())}
}
`;

for (const [name, text] of Object.entries({ options, parameters })) {
  const file = join(root, 'ts', 'library', `${name}.ts`);
  if (!given.check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`ts/library/${name}.ts is not what node scripts/library-options.mjs writes`);
    process.exitCode = 1;
  }
}
