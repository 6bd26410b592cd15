import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { RuleFlag, ruleSides } from './rule.ts';
import type { FilterState } from './state.ts';

/** How rule text is read (rsync's XFLG_*). */
export const ParseFlag = {
  /** A merge file that cannot be opened ends the run. */
  FatalErrors: 1,
  /** Only `+ `, `- ` and `!` are prefixes: --include, --exclude and their files; protocol 28. */
  OldPrefixes: 2,
  /** A leading slash means the directory of the merge file; rules of the other side are dropped. */
  PerDirFile: 4,
  /** Rules of a module: a slash anywhere in them means the module's root. */
  AbsIfSlash: 8,
  /** ... and what excludes a directory excludes all that is in it. */
  WithContent: 16,
} as const;

/** One rule taken from the text. */
export interface RuleToken {
  readonly flags: number;
  readonly pattern: ByteString;
  /** Where the next rule may begin. */
  readonly end: number;
}

/** What a rule takes over from the merge rule that led to it. */
const fromContainer =
  RuleFlag.AbsPath | RuleFlag.Include | RuleFlag.Directory | RuleFlag.Negate | RuleFlag.Perishable;

const longNames: Readonly<Record<string, string>> = {
  clear: '!',
  'dir-merge': ':',
  exclude: '-',
  hide: 'H',
  include: '+',
  merge: '.',
  protect: 'P',
  risk: 'R',
  show: 'S',
};

/** Flags of each rule character. */
const ruleFlags: Readonly<Record<string, number>> = {
  ':': RuleFlag.PerDirMerge | RuleFlag.MergeFile,
  '.': RuleFlag.MergeFile,
  '+': RuleFlag.Include,
  '-': 0,
  S: RuleFlag.Include | RuleFlag.SenderSide,
  H: RuleFlag.SenderSide,
  R: RuleFlag.Include | RuleFlag.ReceiverSide,
  P: RuleFlag.ReceiverSide,
  '!': RuleFlag.ClearList,
};

/** Takes the next rule from `text` at `at` (parse_rule_tok); `undefined` at the end. */
export function nextToken(
  state: FilterState,
  text: ByteString,
  at: number,
  template: number,
  mode: number,
): RuleToken | undefined {
  const words = (template & RuleFlag.WordSplit) !== 0;
  if (words) while (isSpace(text[at])) at++;
  if (at >= text.length) return undefined;

  const start = at;
  let flags = template & fromContainer;
  if (state.source !== undefined) flags |= RuleFlag.FromFile;
  const noPrefixes = (template & RuleFlag.NoPrefixes) !== 0;
  const oldPrefixes = !noPrefixes && (mode & ParseFlag.OldPrefixes) !== 0;
  if (noPrefixes) {
    if (text[at] === '!' && (template & RuleFlag.CvsIgnore) !== 0) flags |= RuleFlag.ClearList;
  } else if (oldPrefixes) {
    if (text.startsWith('- ', at) || text.startsWith('+ ', at)) {
      flags = text[at] === '+' ? flags | RuleFlag.Include : flags & ~RuleFlag.Include;
      at += 2;
    } else if (text[at] === '!') flags |= RuleFlag.ClearList;
  } else ({ flags, at } = readPrefix(state, text, at, flags, words));

  if ((template & ruleSides) !== 0) {
    // A file for one side cannot speak of sides itself.
    if ((flags & ruleSides) !== 0)
      throw ruleError(state, 'specified-side merge file contains specified-side filter', text.slice(start));
    flags |= template & ruleSides;
  }

  let end = text.length;
  if (words) for (end = at; end < text.length && !isSpace(text[end]); ) end++;
  const length = end - at;
  if ((flags & RuleFlag.ClearList) !== 0) {
    if (!noPrefixes && !oldPrefixes && length > 0)
      throw ruleError(state, "'!' rule has trailing characters", text.slice(start));
    // Without prefixes a `!` clears only when it stands alone.
    if (length > 1) flags &= ~RuleFlag.ClearList;
  } else if (length === 0 && (flags & RuleFlag.CvsIgnore) === 0)
    throw ruleError(state, 'unexpected end of filter rule', text.slice(start));

  if (state.deleteExcluded && (flags & (ruleSides | RuleFlag.MergeFile)) === 0) flags |= RuleFlag.SenderSide;
  return { flags, pattern: text.slice(at, end), end };
}

/** Reads the name of a rule and its modifiers, up to the pattern. */
function readPrefix(
  state: FilterState,
  text: ByteString,
  start: number,
  flags: number,
  words: boolean,
): { flags: number; at: number } {
  const { kind, last } = ruleName(text, start);
  const kindFlags = ruleFlags[kind];
  if (kindFlags === undefined) throw ruleError(state, 'Unknown filter rule', text.slice(start));
  flags |= kindFlags;
  const sideGiven = (kindFlags & ruleSides) !== 0;
  let at = last;
  if (kind !== '!') {
    for (at++; at < text.length && text[at] !== ' ' && text[at] !== '_'; at++) {
      if (words && isSpace(text[at])) return { flags, at };
      const added = modifier(text[at], flags, sideGiven);
      if (added === undefined) throw modifierError(state, text, start, at);
      flags |= added;
    }
  }
  return { flags, at: Math.min(at + 1, text.length) };
}

/** The rule's character, and the index of the last character of its name (a comma may follow it). */
function ruleName(text: ByteString, start: number): { kind: string; last: number } {
  const first = text[start];
  if (!/[cdehimprs]/.test(first)) return { kind: first, last: text[start + 1] === ',' ? start + 1 : start };
  for (const name in longNames) {
    if (!text.startsWith(name, start)) continue;
    const next = start + name.length;
    if (text[next] === ',') return { kind: longNames[name], last: next };
    if (next === text.length || text[next] === '_' || isSpace(text[next]))
      return { kind: longNames[name], last: next - 1 };
  }
  return { kind: '', last: start };
}

/** Flags that a modifier adds; `undefined` where the rule cannot have it. */
function modifier(letter: string, flags: number, sideGiven: boolean): number | undefined {
  const merge = (flags & RuleFlag.MergeFile) !== 0;
  const prefixesKnown = (flags & RuleFlag.NoPrefixes) !== 0;
  switch (letter) {
    case '-':
      return merge && !prefixesKnown ? RuleFlag.NoPrefixes : undefined;
    case '+':
      return merge && !prefixesKnown ? RuleFlag.NoPrefixes | RuleFlag.Include : undefined;
    case '/':
      return RuleFlag.AbsPath;
    case '!':
      return merge ? undefined : RuleFlag.Negate;
    case 'C':
      return prefixesKnown || sideGiven
        ? undefined
        : RuleFlag.NoPrefixes | RuleFlag.WordSplit | RuleFlag.NoInherit | RuleFlag.CvsIgnore;
    case 'e':
      return merge ? RuleFlag.ExcludeSelf : undefined;
    case 'n':
      return merge ? RuleFlag.NoInherit : undefined;
    case 'p':
      return RuleFlag.Perishable;
    case 'r':
      return sideGiven ? undefined : RuleFlag.ReceiverSide;
    case 's':
      return sideGiven ? undefined : RuleFlag.SenderSide;
    case 'w':
      return merge ? RuleFlag.WordSplit : undefined;
    case 'x':
      return RuleFlag.Xattr;
    default:
      return undefined;
  }
}

function modifierError(state: FilterState, text: ByteString, start: number, at: number): RsyncError {
  const detail = state.source === undefined ? ` '${text[at]}' at position ${at - start}` : '';
  return ruleError(state, `invalid modifier${detail} in filter rule`, text.slice(start));
}

function ruleError(state: FilterState, problem: string, rule: ByteString): RsyncError {
  return new RsyncError(ExitCode.Syntax, `${problem}: ${state.shown(rule)}`);
}

function isSpace(c: string | undefined): boolean {
  return c === ' ' || (c !== undefined && c >= '\t' && c <= '\r');
}
