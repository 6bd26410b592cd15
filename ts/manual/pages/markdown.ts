/** docs/options.md: options and parameters in one table for each topic. */
import { benchOptions, spelledOption } from '../../bench/options.ts';
import { oursMark } from '../../options/help.ts';
import { type Entry, headOf, shownTopics } from '../entries.ts';
import { more } from '../explain.ts';
import {
  benchText,
  commandRule,
  commands,
  configFormat,
  environment,
  exits,
  files,
  type Row,
} from '../facts.ts';
import { asSentence } from './mdoc.ts';
import { allParameters, type Parameter } from './parameters.ts';

/** The reference. */
export function optionsMarkdown(): string {
  const { global, module } = allParameters();
  const parts: [title: string, rows: Row[], before?: string][] = [
    ...shownTopics().map(({ title, entries }): [string, Row[]] => [title, entries.map(entryRow)]),
    [`Commands ${oursMark}`, codeRows(commands), commandRule],
    [
      `Options of bench ${oursMark}`,
      codeRows(benchOptions.map((option) => [spelledOption(option), asSentence(option.help)])),
      benchText,
    ],
    ['Environment', codeRows(environment)],
    ['Files', codeRows(files)],
    ['Exit codes', codeRows(exits)],
    ['rsyncd.conf: the daemon', global.map(parameterRow), configFormat.join('\n\n')],
    ['rsyncd.conf: a module', module.map(parameterRow)],
  ];
  return `<!-- Made by scripts/manual.mjs from the definitions of ts/. -->

# Options

What rsync has not is marked ${oursMark}. \`oc-rsync help OPTION\` shows the same of one option.
${parts.map(section).join('')}`;
}

function section([title, rows, before]: [title: string, rows: Row[], before?: string]): string {
  const lines = rows.map(([name, text]) => `| ${name} | ${text} |\n`).join('');
  return `\n## ${title}\n${before === undefined ? '' : `\n${plain(before)}\n`}\n| | |\n|---|---|\n${lines}`;
}

function entryRow(entry: Entry): Row {
  const names = headOf(entry).map(code).join(', ');
  const texts = [asSentence(entry.help), ...more(entry)];
  return [`${names}${entry.ours ? ` ${oursMark}` : ''}`, texts.map(plain).join('<br>')];
}

function parameterRow({ name, text, initial }: Parameter): Row {
  return [
    code(name),
    plain(text).replaceAll('\n', '<br>') + (initial === '' ? '' : `<br>Without it: ${code(initial)}`),
  ];
}

function codeRows(rows: readonly Row[]): Row[] {
  return rows.map(([name, text]) => [name.split(', ').map(code).join(', '), plain(text)]);
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** Text in which nothing means something to Markdown. */
function plain(text: string): string {
  return text.replace(/[|*<>_[\]~]/g, '\\$&');
}
