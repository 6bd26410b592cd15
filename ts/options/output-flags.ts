/** The flags of --info and --debug: their names, what -v switches on, and how the server is told of them. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { DebugFlag, InfoFlag } from './values.ts';

/** Where a flag has an effect; decides which flags the other side is told of. */
export const FlagSide = { Client: 1, Server: 2, Sender: 4, Receiver: 8 } as const;

interface FlagWord<Name extends string> {
  readonly name: Name;
  readonly sides: number;
  readonly help: string;
  /** Levels that say more than the one before; 1 unless told. */
  readonly levels?: number;
  /** rsync does not know it: ALL is not about it. */
  readonly ours?: true;
  /** The highest level that rsync knows, where ours has more: ALL goes no further. */
  readonly most?: number;
}

/** One of the two sets of flags, in the order in which help and the server's argument name them. */
export interface FlagSet<Name extends string> {
  readonly option: '--info' | '--debug';
  readonly words: readonly FlagWord<Name>[];
  /** Levels that rsync does not know, and what they are. */
  readonly oursToo?: readonly (readonly [word: string, help: string])[];
  /** Words that each level of -v adds. */
  readonly verbosity: readonly string[];
}

const { Client, Server, Sender, Receiver } = FlagSide;
const ends = Sender | Receiver;
const both = Client | Server;

export const infoFlags: FlagSet<InfoFlag> = {
  option: '--info',
  words: [
    { name: 'backup', sides: Receiver, help: 'Name the files that were backed up' },
    { name: 'copy', sides: Receiver, help: 'Name files that the receiving side copied locally' },
    { name: 'del', sides: Receiver, help: 'Name what the receiving side deletes' },
    { name: 'flist', sides: Client, help: 'Tell of sending and receiving file lists', levels: 2 },
    { name: 'misc', sides: ends, help: 'Tell of various things', levels: 2 },
    { name: 'mount', sides: ends, help: 'Name mount points found or skipped' },
    { name: 'name', sides: ends, help: 'Name 1) updated files and dirs, 2) unchanged ones too', levels: 2 },
    { name: 'nonreg', sides: Receiver, help: 'Name skipped non-regular files (default 1, 0 silences)' },
    {
      name: 'progress',
      sides: Client,
      help: 'Show the progress of 1) each file or 2) the whole transfer',
      levels: 2,
      most: 2,
    },
    { name: 'remove', sides: Sender, help: 'Name files that the sending side removes' },
    { name: 'skip', sides: Receiver, help: 'Name files that an option kept from the transfer', levels: 2 },
    { name: 'stats', sides: both, help: 'Give statistics at the end', levels: 3 },
    { name: 'symsafe', sides: ends, help: 'Name unsafe symlinks' },
    { name: 'failures', sides: Client, help: 'List at the end what failed, by reason', ours: true },
  ],
  oursToo: [['progress3', 'Show it all in one block on the terminal']],
  verbosity: ['nonreg', 'copy,del,flist,misc,name,stats,symsafe', 'backup,misc2,mount,name2,remove,skip'],
};

export const debugFlags: FlagSet<DebugFlag> = {
  option: '--debug',
  words: [
    { name: 'acl', sides: ends, help: 'ACLs' },
    { name: 'backup', sides: Receiver, help: 'Backups', levels: 2 },
    { name: 'bind', sides: Client, help: 'Binding of sockets' },
    { name: 'chdir', sides: both, help: 'Changes of the current directory' },
    { name: 'connect', sides: Client, help: 'Connecting', levels: 2 },
    { name: 'cmd', sides: Client, help: 'Commands and options that are issued', levels: 2 },
    { name: 'del', sides: Receiver, help: 'Deletions', levels: 3 },
    { name: 'deltasum', sides: ends, help: 'Checksums of the delta transfer', levels: 4 },
    { name: 'dup', sides: Receiver, help: 'Removal of duplicate names' },
    { name: 'exit', sides: both, help: 'Exits', levels: 3 },
    { name: 'filter', sides: ends, help: 'Filter rules', levels: 3 },
    { name: 'flist', sides: ends, help: 'File lists', levels: 4 },
    { name: 'fuzzy', sides: Receiver, help: 'Scores of fuzzy names', levels: 2 },
    { name: 'genr', sides: Receiver, help: 'The generator' },
    { name: 'hash', sides: ends, help: 'Hash tables' },
    { name: 'hlink', sides: ends, help: 'Hard links', levels: 3 },
    { name: 'iconv', sides: both, help: 'Charset conversion', levels: 2 },
    { name: 'io', sides: both, help: 'I/O', levels: 4 },
    { name: 'nstr', sides: both, help: 'Negotiation strings' },
    { name: 'own', sides: Receiver, help: 'Changes of owner and group', levels: 2 },
    { name: 'proto', sides: both, help: 'The protocol' },
    { name: 'recv', sides: Receiver, help: 'The receiver' },
    { name: 'send', sides: Sender, help: 'The sender' },
    { name: 'time', sides: Receiver, help: 'Setting of modification times', levels: 2 },
  ],
  verbosity: [
    '',
    '',
    'bind,cmd,connect,del,deltasum,dup,filter,flist,iconv',
    'acl,backup,connect2,deltasum2,del2,exit,filter2,flist2,fuzzy,genr,own,recv,send,time',
    'cmd2,deltasum3,del3,exit2,flist3,iconv2,own2,proto,time2',
    'chdir,deltasum4,flist4,fuzzy2,hash,hlink',
  ],
};

/** From this level of --info=progress on a view of its own shows it (`report/view/live/`), and no lines. */
export const liveProgress = 3;

/** The largest level of any flag. */
const maxLevel = 4;
const maxVerbosity = 5;

/** Levels of one set while a command line is read; what the user set outranks what -v implies. */
export interface FlagLevels<Name extends string> {
  readonly level: Record<Name, number>;
  readonly given: Set<Name>;
}

/** The same levels, to be changed. */
export function copyLevels<Name extends string>({ level, given }: FlagLevels<Name>): FlagLevels<Name> {
  return { level: { ...level }, given: new Set(given) };
}

/** All flags at 0, none given. */
export function noLevels<Name extends string>(set: FlagSet<Name>): FlagLevels<Name> {
  const level = {} as Record<Name, number>;
  for (const word of set.words) level[word.name] = 0;
  return { level, given: new Set() };
}

/**
 * Applies `text` (comma-separated flags with an optional level) to `levels`. With `byUser` the flags
 * count as given. Answers 'help' when that was asked for. Throws RsyncError (exit 1) for an unknown
 * flag, except on a server, which may be older than its client.
 */
export function applyFlags<Name extends string>(
  set: FlagSet<Name>,
  levels: FlagLevels<Name>,
  text: string,
  byUser: boolean,
  isServer = false,
): 'done' | 'help' {
  for (const item of text.split(',')) {
    if (item === '') continue;
    const digits = /^\d/.test(item) ? '' : /\d*$/.exec(item)![0];
    const word = item.slice(0, item.length - digits.length);
    const level = digits === '' ? 1 : Math.min(Number(digits), maxLevel);
    const name = word.toLowerCase();
    if (name === 'help') return 'help';
    const all = name === 'all' || name === 'none';
    let known = all;
    for (const flag of set.words) {
      if (all ? flag.ours && name === 'all' : flag.name !== name) continue;
      known = true;
      if (byUser) levels.given.add(flag.name);
      else if (levels.given.has(flag.name)) continue;
      levels.level[flag.name] = name === 'none' ? 0 : all ? Math.min(level, flag.most ?? level) : level;
    }
    if (!known && !isServer) {
      throw new RsyncError(ExitCode.Syntax, `Unknown ${set.option} item: "${word}"`);
    }
  }
  return 'done';
}

/** What -v given `verbose` times implies. */
export function applyVerbosity<Name extends string>(
  set: FlagSet<Name>,
  levels: FlagLevels<Name>,
  verbose: number,
): void {
  for (let i = 0; i <= Math.min(verbose, maxVerbosity); i++) {
    applyFlags(set, levels, set.verbosity[i] ?? '', false);
  }
}

/** No flag above what -v so many times implies, whatever was given: a daemon's log may not be flooded. */
export function limitLevels<
  Seen extends {
    readonly info: Readonly<Record<InfoFlag, number>>;
    readonly debug: Readonly<Record<DebugFlag, number>>;
  },
>({ info, debug }: Seen, verbose: number): Pick<Seen, 'info' | 'debug'> {
  if (verbose > maxVerbosity) return { info, debug };
  return {
    info: limited(infoFlags, info, verbose),
    debug: limited(debugFlags, debug, verbose),
  };
}

function limited<Name extends string>(
  set: FlagSet<Name>,
  level: Readonly<Record<Name, number>>,
  verbose: number,
): Record<Name, number> {
  const most = noLevels(set);
  applyVerbosity(set, most, Math.max(verbose, 0));
  for (const { name } of set.words) most.level[name] = Math.min(most.level[name], level[name]);
  return most.level;
}

/**
 * `--info=…` or `--debug=…` with the given flags that matter on `sides`, shortened to ALL or NONE where
 * most have one level; undefined when there are none. rsync: make_output_option().
 */
export function flagsArgument<Name extends string>(
  set: FlagSet<Name>,
  level: Readonly<Record<Name, number>>,
  given: ReadonlySet<Name>,
  sides: number,
): string | undefined {
  const counts = new Array<number>(maxLevel + 1).fill(0);
  let most = 0;
  let mostLevel = -1;
  let skipped = false;
  const shown: Name[] = [];
  for (const word of set.words) {
    if ((word.sides & sides) === 0) continue;
    if (!given.has(word.name)) {
      skipped = true;
      continue;
    }
    shown.push(word.name);
    const own = level[word.name];
    counts[own]!++;
    if (counts[own]! > most) {
      mostLevel = own;
      most = counts[own]!;
    }
  }
  if (shown.length === 0) return undefined;
  const shorten = !skipped && most >= 5;
  const items: string[] = [];
  if (shorten) items.push(mostLevel === 0 ? 'NONE' : withLevel('ALL', mostLevel));
  for (const name of shown) {
    if (!shorten || level[name] !== mostLevel) items.push(withLevel(name.toUpperCase(), level[name]));
  }
  return `${set.option}=${items.join(',')}`;
}

function withLevel(name: string, level: number): string {
  return level === 1 ? name : `${name}${level}`;
}

/** Above the flags and levels that rsync has not. */
export const oursAlone = 'Of oc-rsync alone:';

/** What a flag is for, with its levels where the words do not tell them. */
export function flagHelp({ help, levels = 1 }: Pick<FlagWord<string>, 'help' | 'levels'>): string {
  return levels === 1 || help.includes(' 2)') ? help : `${help} (levels 1-${levels})`;
}

/** What `--info=help` and `--debug=help` print. */
export function flagsHelp<Name extends string>(set: FlagSet<Name>): string {
  const row = (name: string, help: string) => `${name.padEnd(10)} ${help}\n`;
  let out = 'Each flag alone is level 1; FLAG2 asks for level 2, and so on; FLAG0 silences it.\n\n';
  for (const word of set.words) if (!word.ours) out += row(word.name.toUpperCase(), flagHelp(word));
  out += '\n';
  out += row('ALL', `All ${set.option} flags (e.g. all4)`);
  out += row('NONE', `No ${set.option} flag (like all0)`);
  out += row('HELP', 'This help');
  const ours: (readonly [string, string])[] = [...(set.oursToo ?? [])];
  for (const word of set.words) if (word.ours) ours.push([word.name, word.help]);
  if (ours.length > 0) out += `\n${oursAlone}\n`;
  for (const [name, help] of ours) out += row(name.toUpperCase(), help);
  out += '\nWhat each level of verbosity adds:\n';
  for (let i = 0; i <= maxVerbosity; i++) {
    const text = set.verbosity[i] ?? '';
    if (text === '') continue;
    const levels = noLevels(set);
    applyFlags(set, levels, text, true);
    const names = set.words.filter((word) => levels.given.has(word.name));
    out += `${i}) ${names.map((w) => withLevel(w.name.toUpperCase(), levels.level[w.name])).join(',')}\n`;
  }
  return out;
}
