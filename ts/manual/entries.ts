/** The options as a reader meets them: one entry for each that the help has a line for, with all that is said of it. */
import { daemonSwitches } from '../daemon/arguments.ts';
import type { HelpNote, Switch } from '../options/definition.ts';
import { type Draft, topics } from '../options/options.ts';
import type { AnyDefinition } from '../options/settle.ts';
import { daemonTexts, formTexts, optionTexts } from './texts.ts';
import { fixedWords, type Words } from './words.ts';

/** One way to write an option. */
export interface Spelling {
  readonly long: string | undefined;
  readonly short: string | undefined;
  /** Name of its argument; undefined where it has none. */
  readonly argName: string | undefined;
}

export interface Entry {
  /** As the table of options calls it; undefined for a daemon's own. */
  readonly option: keyof Draft | undefined;
  readonly main: Spelling;
  /** What the help calls it where that is no spelling (`--no-OPTION`). */
  readonly note: string | undefined;
  readonly help: string;
  /** More than the help has room for, a paragraph a line; '' for nothing. */
  readonly text: string;
  readonly ours: boolean;
  /** What one end says to the other: explained to who asks, and shown nowhere else. */
  readonly inner: boolean;
  /** Other names of the same. */
  readonly also: readonly Spelling[];
  /** What takes it back: `--no-X`, or `--X` of a `--no-X`. */
  readonly opposites: readonly Spelling[];
  /** What its argument is one of; undefined where that is free. */
  readonly words: Words | undefined;
}

/** A part of the help. */
export interface Topic {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** All topics of --help in its order, with the daemon's options behind. */
export function allTopics(): readonly Topic[] {
  return [
    ...topics.map(([title, options]) => ({
      title,
      entries: Object.entries(options as unknown as Record<string, AnyDefinition>).flatMap(
        ([option, { switches }]) => entriesOf(option as keyof Draft, switches),
      ),
    })),
    { title: daemonTopic, entries: daemonEntries() },
  ];
}

/** What people are shown of them. */
export function shownTopics(): readonly Topic[] {
  return allTopics().map(({ title, entries }) => ({ title, entries: entries.filter(({ inner }) => !inner) }));
}

/** The options that count behind --daemon alone. */
export const daemonTopic = 'As a daemon (behind --daemon)';

type AnySwitch = Switch<unknown, Draft> | HelpNote;

/** Switches without a help of their own belong to the one before that has one, else to the first that has. */
function entriesOf(option: keyof Draft, switches: readonly AnySwitch[]): Entry[] {
  const groups: { readonly head: AnySwitch; readonly rest: Switch<unknown, Draft>[] }[] = [];
  const early: Switch<unknown, Draft>[] = [];
  for (const one of switches) {
    if (one.help !== undefined) groups.push({ head: one, rest: groups.length === 0 ? early : [] });
    else if ('arg' in one) (groups.at(-1)?.rest ?? early).push(one);
  }
  const text = optionTexts[option] ?? '';
  if (groups.length === 0 && text !== '')
    return early.map((one) => ({ ...plainEntry(option, spellingOf(one), text), inner: true }));
  return groups.map(({ head, rest }, i) => {
    const main = 'note' in head ? noName : spellingOf(head);
    const isOpposite = (one: Spelling) => 'arg' in head && denies(one) !== denies(main);
    const others = rest.map(spellingOf);
    return {
      ...plainEntry(option, main, head.help!.replaceAll('\n', ' ')),
      note: 'note' in head ? head.note : undefined,
      text: i === 0 && text !== '' ? text : (formTexts[formOf(head)] ?? ''),
      ours: 'ours' in head && head.ours === true,
      also: others.filter(
        (one) => !isOpposite(one) && !('note' in head && head.note.includes(`--${one.long}`)),
      ),
      opposites: others.filter(isOpposite),
      words: main.argName === undefined ? undefined : fixedWords(option),
    };
  });
}

function plainEntry(option: Entry['option'], main: Spelling, help: string): Entry {
  return {
    option,
    main,
    note: undefined,
    help,
    text: '',
    ours: false,
    inner: false,
    also: [],
    opposites: [],
    words: undefined,
  };
}

/** What formTexts calls it. */
function formOf(head: AnySwitch): string {
  return ('note' in head ? head.note.replace(/^--/, '') : (head.long ?? head.short)) ?? '';
}

const noName: Spelling = { long: undefined, short: undefined, argName: undefined };

function denies({ long }: Spelling): boolean {
  return long?.startsWith('no-') === true;
}

function spellingOf({ long, short, argName }: Switch<unknown, Draft>): Spelling {
  return { long, short, argName };
}

function daemonEntries(): Entry[] {
  return daemonSwitches().map(({ long, short, argName, help, ours }) => {
    const main = {
      long,
      short: short === '' ? undefined : short,
      argName: argName === '' ? undefined : argName,
    };
    return { ...plainEntry(undefined, main, help), text: daemonTexts[long] ?? '', ours: ours === true };
  });
}

/** `-a`, `--archive`, `--info=FLAGS`: each name of a spelling. */
export function namesOf({ long, short, argName }: Spelling): string[] {
  const argument = argName === undefined ? '' : `=${argName}`;
  return [
    ...(short === undefined ? [] : [`-${short}`]),
    ...(long === undefined ? [] : [`--${long}${argument}`]),
  ];
}

/** The names that stand at the head of an entry. */
export function headOf({ main, note }: Entry): readonly string[] {
  return note === undefined ? namesOf(main) : note.split(', ');
}
