/**
 * Every parameter of rsyncd.conf, said once: what kind of value it has, whether a module may have its own, and what it is
 * when nobody sets it. Settled types, the parser, its messages and --dparam follow from here.
 */
import type { ByteString } from '../../kernel/kernel.ts';

/** A text is kept as it was written: its %VAR%s are filled in where it is used. */
interface Text {
  readonly kind: 'text' | 'path';
  readonly initial: ByteString;
}
interface Bool {
  readonly kind: 'bool';
  readonly initial: boolean;
}
/** A switch that can be left to the daemon. */
interface Bool3 {
  readonly kind: 'bool3';
  readonly initial: boolean | undefined;
}
interface Integer {
  readonly kind: 'integer';
  readonly initial: number;
}
/** A name out of a list, or a number. */
interface Choice {
  readonly kind: 'choice';
  readonly initial: number;
  readonly choices: Readonly<Record<string, number>>;
}

export type Kind = Text | Bool | Bool3 | Integer | Choice;

const text = (initial: ByteString = ''): Text => ({ kind: 'text', initial });
/** Slashes at its end are left off. */
const path: Text = { kind: 'path', initial: '' };
const bool = (initial: boolean): Bool => ({ kind: 'bool', initial });
const bool3: Bool3 = { kind: 'bool3', initial: undefined };
const integer = (initial: number): Integer => ({ kind: 'integer', initial });

/** syslog(3)'s facilities, shifted as its calls want them. */
export const facilities = {
  kern: 0,
  user: 1 << 3,
  mail: 2 << 3,
  daemon: 3 << 3,
  auth: 4 << 3,
  security: 4 << 3,
  syslog: 5 << 3,
  lpr: 6 << 3,
  news: 7 << 3,
  uucp: 8 << 3,
  cron: 9 << 3,
  authpriv: 10 << 3,
  ftp: 11 << 3,
  local0: 16 << 3,
  local1: 17 << 3,
  local2: 18 << 3,
  local3: 19 << 3,
  local4: 20 << 3,
  local5: 21 << 3,
  local6: 22 << 3,
  local7: 23 << 3,
} as const;

/** rsync's is 5. Ours needs longer until it accepts the next one, and a client that finds no room waits for a second. */
export const initialBacklog = 511;

/** Those of the daemon as a whole, which no module can have. */
export const globalParameters = {
  address: text(),
  'daemon chroot': text(),
  'daemon gid': text(),
  'daemon uid': text(),
  'motd file': text(),
  'pid file': text(),
  'proxy protocol hosts': text(),
  'socket options': text(),
  'listen backlog': integer(initialBacklog),
  port: integer(0),
  'proxy protocol': bool(false),
} as const satisfies Record<string, Kind>;

/** Those of a module; in the global section they are the defaults of the modules that follow. */
export const moduleParameters = {
  'auth digest': text(),
  'auth users': text(),
  charset: text(),
  comment: text(),
  // No method that rsync has can change its level on the way: as there, it is taken and changes nothing.
  'dont compress': text(),
  'early exec': text(),
  exclude: text(),
  'exclude from': text(),
  filter: text(),
  gid: text(),
  'hosts allow': text(),
  'hosts deny': text(),
  include: text(),
  'include from': text(),
  'incoming chmod': text(),
  'lock file': text('/var/run/rsyncd.lock'),
  'log file': text(),
  'log format': text('%o %h [%a] %m (%u) %f %l'),
  name: text(),
  'name converter': text(),
  'outgoing chmod': text(),
  'post-xfer exec': text(),
  'pre-xfer exec': text(),
  'refuse options': text(),
  'secrets file': text(),
  'syslog tag': text('rsyncd'),
  uid: text(),
  path,
  'temp dir': path,
  'max connections': integer(0),
  'max verbosity': integer(1),
  timeout: integer(0),
  'syslog facility': { kind: 'choice', initial: facilities.daemon, choices: facilities },
  'fake super': bool(false),
  'forward lookup': bool(true),
  'ignore errors': bool(false),
  'ignore nonreadable': bool(false),
  'insecure links': bool(false),
  list: bool(true),
  'read only': bool(true),
  'reverse lookup': bool(true),
  'strict modes': bool(true),
  'transfer logging': bool(false),
  'write only': bool(false),
  'munge symlinks': bool3,
  'numeric ids': bool3,
  'open noatime': bool3,
  'use chroot': bool3,
} as const satisfies Record<string, Kind>;

export type GlobalName = keyof typeof globalParameters;
export type ModuleName = keyof typeof moduleParameters;

type ValueOf<K extends Kind> = K extends Text
  ? ByteString
  : K extends Bool
    ? boolean
    : K extends Bool3
      ? boolean | undefined
      : number;

type ValuesOf<Table extends Readonly<Record<string, Kind>>> = {
  readonly [Name in keyof Table]: ValueOf<Table[Name]>;
};

/** Settled: texts may still have %VAR%s in them. */
export type GlobalValues = ValuesOf<typeof globalParameters>;
export type ModuleValues = ValuesOf<typeof moduleParameters>;

/** A parameter that was found by the name that somebody wrote. */
export type Found =
  | { readonly scope: 'global'; readonly name: GlobalName; readonly kind: Kind }
  | { readonly scope: 'module'; readonly name: ModuleName; readonly kind: Kind };

/** Neither case nor blanks count in names and words of a configuration. */
export function sameWord(a: ByteString, b: ByteString): boolean {
  return folded(a) === folded(b);
}

function folded(word: ByteString): ByteString {
  return word.replace(/\s+/g, '').toLowerCase();
}

/** The parameter called `written`; undefined for none. */
export function findParameter(written: ByteString): Found | undefined {
  const wanted = folded(written);
  for (const [name, kind] of Object.entries(globalParameters))
    if (folded(name) === wanted) return { scope: 'global', name: name as GlobalName, kind };
  for (const [name, kind] of Object.entries(moduleParameters))
    if (folded(name) === wanted) return { scope: 'module', name: name as ModuleName, kind };
  return undefined;
}

/** All at their defaults. */
export function initialValues<Table extends Readonly<Record<string, Kind>>>(table: Table): ValuesOf<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { initial }]) => [name, initial]),
  ) as ValuesOf<Table>;
}

/** What was written as a value of `kind`; undefined where it is none, and what was set before stays. */
export function settledValue(
  kind: Kind,
  written: ByteString,
): ByteString | boolean | number | undefined | typeof unset {
  switch (kind.kind) {
    case 'text':
      return written;
    case 'path':
      return written.replace(/(.)\/+$/s, '$1');
    case 'integer':
      return leadingNumber(written);
    case 'choice': {
      const named = kind.choices[written.toLowerCase()];
      const number = leadingNumber(written);
      return named ?? (number > 0 ? number : undefined);
    }
    case 'bool':
      return booleanOf(written);
    case 'bool3':
      return sameWord(written, 'unset') || sameWord(written, '-1') ? unset : booleanOf(written);
  }
}

/** What sets a switch back to what the daemon thinks best. */
export const unset = Symbol('unset');

function booleanOf(written: ByteString): boolean | undefined {
  if (['yes', 'true', '1'].some((word) => sameWord(written, word))) return true;
  if (['no', 'false', '0'].some((word) => sameWord(written, word))) return false;
  return undefined;
}

/** As C's atoi: what follows the digits is not looked at. */
function leadingNumber(written: ByteString): number {
  const match = /^\s*([+-]?\d+)/.exec(written);
  return match === null ? 0 : Number(match[1]) | 0;
}
