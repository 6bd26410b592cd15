/** What rsync's long options are called in a library, from their definitions. */
import type { Switch } from '../options/definition.ts';
import type { Draft } from '../options/options.ts';
import { allDefinitions } from '../options/settle.ts';
import { allSwitches } from '../options/switches.ts';

/** A long option under its name in a library. */
export interface LibraryOption {
  /** As on a command line, without dashes. */
  readonly long: string;
  readonly short: string | undefined;
  readonly arg: 'none' | 'string' | 'int';
  readonly argName: string | undefined;
  readonly help: string | undefined;
  /** The option whose value it sets too, of one without words of its own. */
  readonly sameAs: string | undefined;
  /** Given twice it says more than once. */
  readonly repeats: boolean;
  /** Each one that is given counts, not the last alone. */
  readonly gathers: boolean;
  /** What switches it off, as on a command line. */
  readonly off: string | undefined;
}

/** What makes a server, a daemon or a text of a command line; a run of a library is none. */
const notOfRuns: ReadonlySet<string> = new Set(['server', 'sender', 'daemon', 'version', 'help', 'copyAs']);

/** Gathered in a text. */
const joined: ReadonlySet<string> = new Set(['chmod', 'info', 'debug']);

/** `8-bit-output` is no name of JavaScript's. */
const renamed: Readonly<Record<string, string>> = { '8-bit-output': 'eightBitOutput' };

/** All of them by their names, in the order of the help. */
export function libraryOptions(): ReadonlyMap<string, LibraryOption> {
  const switches = allSwitches().filter(
    ({ option, how }) => how.long !== undefined && !notOfRuns.has(option),
  );
  const longs = new Set(switches.map(({ how }) => how.long!));
  const initials = new Map<keyof Draft, unknown>(
    allDefinitions.map(([option, { initial }]) => [option, initial]),
  );
  const named = new Map<string, LibraryOption>();
  const firsts = new Map<string, string>();
  for (const { option, how } of switches) {
    const long = how.long!;
    if (long.startsWith('no-') && longs.has(long.slice(3))) continue;
    const name = renamed[long] ?? camelCase(long);
    if (long.startsWith('no-') && how.help === undefined) continue;
    const initial = initials.get(option);
    const first = firsts.get(option);
    if (first === undefined) firsts.set(option, name);
    named.set(name, {
      long,
      short: how.short,
      arg: how.arg,
      argName: how.argName,
      help: how.help,
      sameAs: how.help === undefined ? first : undefined,
      repeats: how.arg === 'none' && counts(how, initial),
      gathers: how.arg === 'string' && (Array.isArray(initial) || joined.has(option)),
      off: longs.has(`no-${long}`) ? `no-${long}` : undefined,
    });
  }
  return named;
}

function camelCase(long: string): string {
  return long.replace(/-(.)/g, (_, char: string) => char.toUpperCase());
}

function counts({ to }: Switch<unknown, Draft>, initial: unknown): boolean {
  if (typeof initial !== 'number' && initial !== undefined) return false;
  try {
    const [given, draft] = [{ value: '', number: 0, now: () => 0 }, {} as Draft];
    const once = to(initial, given, draft);
    return typeof once === 'number' && to(once, given, draft) !== once;
  } catch {
    return false;
  }
}
