/** What a shell can complete, whatever shell it is. */
import { benchOptions } from '../../bench/options.ts';
import { standardScenarios } from '../../bench/scenarios.ts';
import { programName } from '../../options/program.ts';
import { daemonTopic, type Entry, type Spelling, shownTopics } from '../entries.ts';
import type { Words } from '../words.ts';

/** What the argument of an option is; `free` is for the user to know. */
export type Argument = 'none' | 'free' | 'file' | 'directory' | 'command' | Words;

/** An option to be completed. */
export interface Choice extends Spelling {
  readonly help: string;
  readonly argument: Argument;
}

/** All options for people, each name once, in the order of the help. */
export function allChoices(): Choice[] {
  const choices: Choice[] = [];
  const seen = new Set<string>();
  const add = (spelling: Spelling, help: string, argument: Argument) => {
    const long = spelling.long !== undefined && seen.has(`--${spelling.long}`) ? undefined : spelling.long;
    const short = spelling.short !== undefined && seen.has(`-${spelling.short}`) ? undefined : spelling.short;
    if (long === undefined && short === undefined) return;
    if (long !== undefined) seen.add(`--${long}`);
    if (short !== undefined) seen.add(`-${short}`);
    choices.push({ long, short, argName: spelling.argName, help, argument });
  };
  for (const { title, entries } of shownTopics())
    for (const entry of entries) {
      if (entry.note !== undefined) continue;
      const help = title === daemonTopic ? `${entry.help} (--daemon)` : entry.help;
      add(entry.main, help, argumentOf(entry.main, entry));
      for (const one of entry.also) add(one, help, argumentOf(one, entry));
      for (const one of entry.opposites) add(one, `not: ${help}`, argumentOf(one, entry));
    }
  return choices;
}

/** Our own commands. */
export const commandWords = ['help', 'completion', 'bench', 'decode'];

/** What `bench` can be told. */
export function benchChoices(): Choice[] {
  const scenarios = standardScenarios.map(({ name, title }) => ({ word: name, help: title }));
  const argument = {
    '': 'none',
    FILE: 'file',
    DIR: 'directory',
    PROGRAM: 'command',
    'NAME,...': { all: scenarios, list: true },
    N: 'free',
    X: 'free',
  } as const;
  return benchOptions.map(({ name, argName, help }) => ({
    long: name,
    short: undefined,
    argName: argName === '' ? undefined : argName,
    help,
    argument: argument[argName],
  }));
}

function argumentOf({ argName }: Spelling, { words }: Entry): Argument {
  if (argName === undefined) return 'none';
  if (words !== undefined) return words;
  if (argName === 'FILE') return 'file';
  if (argName === 'DIR') return 'directory';
  return argName === 'COMMAND' || argName === 'PROGRAM' ? 'command' : 'free';
}

/** The first line of a script. */
export function madeBy(shell: string): string {
  return `# ${shell} completion of ${programName}, made by: ${programName} completion ${shell}`;
}

/** As one word of a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
