/**
 * What an option is: how it is said on a command line, what it starts as, how it is settled, what the server is told of
 * it, and which shortcuts it closes. One value for each in `defs/`; the rest of this folder is derived from them
 * (docs/decisions/0037).
 */
import type { ByteString } from '../kernel/kernel.ts';
import type { OptionEnv } from './env.ts';
import { isOn, type Rule } from './paths.ts';

/** What stands behind an option on the command line. */
export interface Given {
  readonly value: ByteString;
  /** Of an `int`. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One way to say an option: `--name, -x`, an alias, or `--no-name`. */
export interface Switch<Raw, Wide> {
  readonly long?: string;
  readonly short?: string;
  /** Kind of its argument; an `int` is read as C reads one (decimal, 0x, leading 0 for octal). */
  readonly arg: 'none' | 'string' | 'int';
  /** Text of the help; lines after the first are indented. Aliases and --no-X have none. */
  readonly help?: string;
  /** Name of the argument in the help. */
  readonly argName?: string;
  /** rsync has none such: whatever is shown of it says so. */
  readonly ours?: true;
  /** What the option becomes; other options that it sets as well are changed in the draft. */
  readonly to: (raw: Raw, given: Given, draft: Wide) => Raw;
}

/** A line of the help that is no option of its own. */
export interface HelpNote {
  readonly note: string;
  readonly help: string;
}

/** What options are settled by, besides each other. */
export interface Run {
  readonly args: readonly ByteString[];
  readonly env: OptionEnv;
  readonly server: boolean;
  readonly sender: boolean;
}

/** Whom a server's arguments are for. */
export interface ServerSide {
  /** The remote side sends (we pull). */
  readonly sender: boolean;
  /** Protocol that we offer; below 30 no capability string is sent. */
  readonly protocol: number;
  /** The arguments go to a daemon, not to a remote shell; rsync sends it the same ones. */
  readonly daemon: boolean;
}

export interface Telling<Seen> {
  readonly options: Seen;
  readonly side: ServerSide;
  /** The server receives. */
  readonly push: boolean;
}

/** How an option ends up. */
export interface About<Settled, Seen> {
  /** In the bundle of short options of a server. */
  readonly letter?: (value: Settled, telling: Telling<Seen>) => string;
  /** Among its other arguments. */
  readonly tells?: (value: Settled, telling: Telling<Seen>) => readonly ByteString[];
  /** The fast paths that it closes; `none` has been thought about. */
  readonly closes: readonly Rule<Settled, Seen>[];
}

/**
 * An option, or a part of one. Its name in `Options` and in a library is the key that it is defined under. While a
 * command line is read it is a `Raw` value of the draft, then it is settled; `Wide` is what it looks at (and sets) in
 * the draft, `Seen` what it looks at in settled options.
 */
export interface Definition<Raw, Settled, Wide, Seen> extends About<Settled, Seen> {
  readonly initial: Raw;
  readonly switches: readonly (Switch<Raw, Wide> | HelpNote)[];
  /** undefined: it only leads to others. */
  readonly settle: ((raw: Raw, draft: Wide, run: Run) => Settled) | undefined;
}

/** An option as it is. */
export function option<Raw, Settled, Wide = unknown, Seen = unknown>(
  definition: Definition<Raw, Settled, Wide, Seen>,
): Definition<Raw, Settled, Wide, Seen> {
  return definition;
}

/** What follows from other options alone. */
export function derived<Settled, Wide = unknown, Seen = unknown>(
  settle: (draft: Wide, run: Run) => Settled,
  about: About<Settled, Seen>,
): Definition<undefined, Settled, Wide, Seen> {
  return { initial: undefined, switches: [], settle: (_, draft, run) => settle(draft, run), ...about };
}

/** Switches that set other options, or ask for something; nothing of it is left when options are settled. */
export function leading<Raw, Wide = unknown>(
  initial: Raw,
  switches: readonly (Switch<Raw, Wide> | HelpNote)[],
): Definition<Raw, never, Wide, unknown> {
  return { initial, switches, settle: undefined, closes: [] };
}

/** `--name=ARG, -x`, or `-x` alone. */
export function on<Raw, Wide = unknown>(
  spec: string,
  help: string | undefined,
  to: Switch<Raw, Wide>['to'],
  kind: 'string' | 'int' = 'string',
): Switch<Raw, Wide> {
  // By hand: all of them are read at the start of every run, and a regular expression would be compiled for it.
  const end = spec.length;
  const hasShort = spec[end - 2] === '-' && (end === 2 || spec[end - 4] === ',');
  const named = hasShort ? Math.max(0, end - 4) : end;
  const equals = spec.indexOf('=');
  const long = named === 0 ? undefined : spec.slice(2, equals < 0 ? named : equals);
  const argName = equals < 0 ? undefined : spec.slice(equals + 1, named);
  const short = hasShort ? spec[end - 1] : undefined;
  return { long, short, arg: argName === undefined ? 'none' : kind, argName, help, to };
}

/** `no-NAME` and its short forms: each sets one value. */
export function off<Raw>(names: string, value: Raw): Switch<Raw, unknown>[] {
  const to = (): Raw => value;
  return names
    .split(' ')
    .map((long) => ({ long, short: undefined, arg: 'none', argName: undefined, help: undefined, to }));
}

interface Plain<Raw, Settled, Seen> extends About<Settled, Seen> {
  readonly initial?: Raw;
  /** Names of `--no-X` and its like, which set `initial` again. */
  readonly off?: string;
  /** Other spellings. */
  readonly aka?: string;
}

function plain<Value, Seen>(
  first: Switch<Value, unknown>,
  initial: Value,
  { off: offs, aka, letter, tells, closes }: Plain<Value, Value, Seen>,
): Definition<Value, Value, unknown, Seen> {
  const switches: Switch<Value, unknown>[] = [first];
  if (aka !== undefined)
    for (const long of aka.split(' ')) switches.push({ ...first, long, short: undefined, help: undefined });
  if (offs !== undefined) switches.push(...off(offs, initial));
  return { initial, switches, settle: asItIs, letter, tells, closes };
}

function asItIs<Value>(raw: Value): Value {
  return raw;
}

/** Off until it is given. */
export function flag<Seen = unknown>(
  spec: string,
  help: string | undefined,
  about: Plain<boolean, boolean, Seen>,
): Definition<boolean, boolean, unknown, Seen> {
  return plain(
    on(spec, help, () => true),
    false,
    about,
  );
}

/** How often it was given. */
export function count<Seen = unknown>(
  spec: string,
  help: string | undefined,
  about: Plain<number, number, Seen>,
): Definition<number, number, unknown, Seen> {
  return plain(
    on(spec, help, (times) => times + 1),
    about.initial ?? 0,
    about,
  );
}

/** The argument that was given last. */
export function text<Seen = unknown>(
  spec: string,
  help: string | undefined,
  about: Plain<ByteString, ByteString, Seen>,
): Definition<ByteString, ByteString, unknown, Seen> {
  return plain(
    on(spec, help, (_, { value }) => value),
    about.initial ?? '',
    about,
  );
}

/** A number; `initial` where none was given. */
export function integer<Seen = unknown>(
  spec: string,
  help: string | undefined,
  about: Plain<number, number, Seen>,
): Definition<number, number, unknown, Seen> {
  return plain(
    on(spec, help, (_, { number }) => number, 'int'),
    about.initial ?? 0,
    about,
  );
}

/** A letter of the server's bundle, as often as the option was given. */
export function letter(char: string, most = Number.POSITIVE_INFINITY): (value: boolean | number) => string {
  return (value) => char.repeat(Math.min(Number(value), most));
}

/** ... where the server is to receive, or to send. */
export function letterTo(
  who: 'receiver' | 'sender',
  char: string,
  most?: number,
): (value: boolean | number, telling: Telling<unknown>) => string {
  const of = letter(char, most);
  return (value, { push }) => (push === (who === 'receiver') ? of(value) : '');
}

/** A word of the server's arguments, where the option is on. */
export function word(
  name: string,
  who: 'both' | 'receiver' | 'sender' = 'both',
): (value: unknown, telling: Telling<unknown>) => readonly string[] {
  return (value, { push }) => {
    const told = who === 'both' || push === (who === 'receiver');
    return told && isOn(value) ? [name] : [];
  };
}

/** Ends the reading of a command line: somebody only wants to be told something. */
export class Request extends Error {
  readonly wants: Wish;
  constructor(wants: Wish) {
    super(wants.kind);
    this.wants = wants;
  }
}

/** `usage` is what wrong use is answered with. */
export type Wish =
  | { readonly kind: 'help' }
  | { readonly kind: 'daemon' }
  | { readonly kind: 'usage' }
  | { readonly kind: 'flag-help'; readonly flags: 'info' | 'debug' };
