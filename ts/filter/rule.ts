import type { ByteString } from '../kernel/kernel.ts';
import { compileWild, type WildPattern, wildMatches, wildMatchesAfterSlash } from './wildmatch.ts';

/** What a rule is (rsync's FILTRULE_*). */
export const RuleFlag = {
  /** The pattern is compared with the absolute path (modifier `/`). */
  AbsPath: 1 << 0,
  Include: 1 << 1,
  /** Only directories match (the pattern had a slash at its end). */
  Directory: 1 << 2,
  /** Merge file: rules are separated by white space (modifier `w`). */
  WordSplit: 1 << 3,
  /** Per-directory merge file: its rules do not hold in subdirectories (`n`). */
  NoInherit: 1 << 4,
  /** Merge file: its rules have no prefixes, all are in- or excludes (`+`, `-`). */
  NoPrefixes: 1 << 5,
  MergeFile: 1 << 6,
  /** The merge file is looked for in every directory (`:`). */
  PerDirMerge: 1 << 7,
  /** The merge file itself is excluded (`e`). */
  ExcludeSelf: 1 << 8,
  /** The rule matches what its pattern does not (`!`). */
  Negate: 1 << 9,
  /** Stands for rsync's CVS rules (`C`). */
  CvsIgnore: 1 << 10,
  SenderSide: 1 << 11,
  ReceiverSide: 1 << 12,
  /** The `!` rule, which clears the list. */
  ClearList: 1 << 13,
  /** Does not count in directories that are being deleted (`p`). */
  Perishable: 1 << 14,
  /** Names of extended attributes are meant (`x`). */
  Xattr: 1 << 15,
  /** The text was read from a file and is not to be shown to the peer. */
  FromFile: 1 << 16,
  // From bit 17 on: `Applies`.
} as const;

/** Rules that stand for others. */
export const isMore = RuleFlag.PerDirMerge | RuleFlag.CvsIgnore;

/** What makes a pattern's end, or its start, more than a row of characters. */
const hasSpecial = /[*?[\\]/;

/** The modifiers that every peer from protocol 29 on knows, in the order that rsync writes them. */
export function ruleModifiers(flags: number): ByteString {
  const has = (flag: number) => (flags & flag) !== 0;
  let letters = '';
  if (has(RuleFlag.AbsPath)) letters += '/';
  if (has(RuleFlag.Negate)) letters += '!';
  if (has(RuleFlag.CvsIgnore)) letters += 'C';
  else {
    if (has(RuleFlag.NoInherit)) letters += 'n';
    if (has(RuleFlag.WordSplit)) letters += 'w';
    if (has(RuleFlag.NoPrefixes)) letters += has(RuleFlag.Include) ? '+' : '-';
  }
  if (has(RuleFlag.ExcludeSelf)) letters += 'e';
  if (has(RuleFlag.Xattr)) letters += 'x';
  return letters;
}

/** How a rule is written out for the user. */
export function rulePrefix(flags: number): ByteString {
  const has = (flag: number) => (flags & flag) !== 0;
  const kind = has(RuleFlag.PerDirMerge) ? ':' : has(RuleFlag.Include) ? '+' : '-';
  const sides = (has(RuleFlag.SenderSide) ? 's' : '') + (has(RuleFlag.ReceiverSide) ? 'r' : '');
  return `${kind}${ruleModifiers(flags)}${sides}${has(RuleFlag.Perishable) ? 'p' : ''} `;
}

export const ruleSides = RuleFlag.SenderSide | RuleFlag.ReceiverSide;

/** Which actions a rule takes part in. */
export const Applies = { Hide: 1, Protect: 2, Both: 3 } as const;
/** Where a rule's flags have them. */
const appliesShift = 17;

/** `Applies` of a rule. */
export function appliesOf({ flags }: FilterRule): number {
  return flags >>> appliesShift;
}

/** How a pattern is compared; the first four look at the last component of the name only. */
type Comparison =
  | 'base-literal'
  | 'base-suffix'
  | 'base-prefix'
  | 'base-wild'
  | 'literal'
  | 'anchored-literal'
  | 'tail-wild'
  | 'after-slash-wild'
  | 'wild';

/** The rules of a per-directory merge file, as far as the rule that names it has to do with them. */
export interface MergedRules {
  /** False once the rule that named it was cleared. */
  active: boolean;
}

export interface FilterRule {
  /** With the actions that it takes part in. */
  readonly flags: number;
  /** Without the slash of a directory rule. */
  readonly pattern: ByteString;
  readonly compare: Comparison;
  /** What is compared: the literal part of a pattern for base names, else the pattern. */
  readonly text: ByteString;
  readonly wild: WildRule | undefined;
  /** The rules of a per-directory merge file, as they hold where the chain stands; only merge rules have them. */
  readonly merge?: MergedRules;
}

/** What a rule whose wildcards have to be gone through has beside. */
interface WildRule {
  /** Part of the pattern that every name it matches contains; '' where none is known. */
  readonly needle: ByteString;
  /** Made for the first name that contains it. */
  compiled: WildPattern | undefined;
  /** Components of the name that a `tail-wild` pattern is compared with. */
  readonly components: number;
  /** A leading double star may match the start of the name. */
  readonly leadingSlash: boolean;
  /** The triple star at the end also matches the directory itself. */
  readonly trailingSlash: boolean;
}

/** A name to be checked, taken apart once for all rules. */
export interface Subject {
  /** As given, with its leading slash if any. */
  readonly path: ByteString;
  readonly name: ByteString;
  readonly base: ByteString;
  readonly isDir: boolean;
  readonly isXattr: boolean;
  /** What makes the name absolute: the transfer's directory with a slash, or ''. */
  readonly absolutePrefix: ByteString;
  /** What plain rules find it by, once one was asked for it. */
  key: number | undefined;
}

/** Wildcards are `*`, `?` and `[`. */
export function hasWildcards(pattern: ByteString): boolean {
  return /[*?[]/.test(pattern);
}

/** The flags of a rule with the actions that it takes part in. */
export function withActions(flags: number, applies: number): number {
  return flags | (applies << appliesShift);
}
/** Does a rule with these flags take part in an action? */
export function takesPart(flags: number, action: number): boolean {
  return ((flags >>> appliesShift) & action) !== 0;
}

/** A rule whose pattern has no wildcards; `flags` with actions. */
export function plainRule(flags: number, pattern: ByteString): FilterRule {
  return { flags, pattern, compare: compareLiteral(pattern), text: pattern, wild: undefined };
}

/** A rule that names a per-directory merge file; `flags` with actions. */
export function mergeRule(flags: number, pattern: ByteString, merge: MergedRules): FilterRule {
  return { ...plainRule(flags, pattern), merge };
}

/**
 * Prepares a rule with wildcards; `flags` with actions. A backslash escapes only where there is a wildcard, or where
 * the caller says that there is.
 */
export function wildRule(flags: number, pattern: ByteString): FilterRule {
  const doubleStar = pattern.indexOf('**');
  const slashes = countSlashes(pattern);
  if (slashes === 0 && doubleStar < 0) {
    const rest = pattern.slice(1);
    if (pattern.startsWith('*') && !hasSpecial.test(rest))
      return { flags, pattern, compare: 'base-suffix', text: rest, wild: undefined };
    const start = pattern.slice(0, -1);
    if (pattern.endsWith('*') && !hasSpecial.test(start))
      return { flags, pattern, compare: 'base-prefix', text: start, wild: undefined };
    if (!hasSpecial.test(pattern))
      return { flags, pattern, compare: 'base-literal', text: pattern, wild: undefined };
  }
  const wild: WildRule = {
    needle: (flags & RuleFlag.AbsPath) === 0 ? longestLiteral(pattern) : '',
    compiled: undefined,
    components: slashes + 1,
    leadingSlash: doubleStar === 0,
    trailingSlash: doubleStar >= 0 && pattern.endsWith('***'),
  };
  const anchored = pattern.startsWith('/');
  const text = anchored ? pattern.slice(1) : pattern;
  return { flags, pattern, compare: compareWild(anchored, slashes, doubleStar), text, wild };
}

/** Does the rule match, its negation and its restrictions considered (rule_matches)? */
export function ruleMatches(rule: FilterRule, subject: Subject): boolean {
  const { flags } = rule;
  if (subject.isXattr !== ((flags & RuleFlag.Xattr) !== 0)) return false;
  const negate = (flags & RuleFlag.Negate) !== 0;
  if ((flags & RuleFlag.Directory) !== 0 && !subject.isDir) return negate;
  return comparesEqual(rule, subject) !== negate;
}

function compareLiteral(pattern: ByteString): Comparison {
  if (pattern.startsWith('/')) return 'anchored-literal';
  return pattern.includes('/') ? 'literal' : 'base-literal';
}

function compareWild(anchored: boolean, slashes: number, doubleStar: number): Comparison {
  if (slashes === 0 && doubleStar < 0) return 'base-wild';
  if (anchored || doubleStar === 0) return 'wild';
  return doubleStar < 0 ? 'tail-wild' : 'after-slash-wild';
}

function comparesEqual(rule: FilterRule, subject: Subject): boolean {
  const { text, wild } = rule;
  switch (rule.compare) {
    case 'base-literal':
      return subject.base === text;
    case 'base-suffix':
      return subject.base.endsWith(text);
    case 'base-prefix':
      return subject.base.startsWith(text);
    case 'anchored-literal': {
      const name = absoluteName(rule, subject);
      return text.length === name.length + 1 && text.endsWith(name);
    }
    case 'literal': {
      const name = absoluteName(rule, subject);
      return name.endsWith(text) && (name.length === text.length || endsAtComponent(name, text));
    }
  }
  return wild !== undefined && matchesWild(rule, wild, subject);
}

function matchesWild(rule: FilterRule, wild: WildRule, subject: Subject): boolean {
  const isBase = rule.compare === 'base-wild';
  // Far cheaper than the match, and for most names the end of it.
  if (!(isBase ? subject.base : subject.name).includes(wild.needle)) return false;
  wild.compiled ??= compileWild(rule.text);
  const { compiled } = wild;
  if (isBase) return wildMatches(compiled, subject.base);
  const name = wholeName(rule, wild, subject);
  switch (rule.compare) {
    case 'wild':
      return wildMatches(compiled, name);
    case 'after-slash-wild':
      return wildMatchesAfterSlash(compiled, name);
    default: {
      const at = lastComponents(name, wild.components);
      return at >= 0 && wildMatches(compiled, name, at);
    }
  }
}

/** The name, made absolute where the rule wants that. */
function absoluteName({ flags }: FilterRule, { name, path, absolutePrefix }: Subject): ByteString {
  const isWanted = (flags & RuleFlag.AbsPath) !== 0 && absolutePrefix !== '' && path === name;
  return isWanted ? absolutePrefix + name : name;
}

function wholeName(rule: FilterRule, wild: WildRule, subject: Subject): ByteString {
  let name = absoluteName(rule, subject);
  if (name === subject.name && subject.path === name && wild.leadingSlash) name = `/${name}`;
  return wild.trailingSlash && subject.isDir ? `${name}/` : name;
}

/**
 * The longest run of plain characters before any class or escape, without the slashes at its ends, which
 * need not be part of the name itself.
 */
function longestLiteral(pattern: ByteString): ByteString {
  const plain = pattern.split(/[[\\]/, 1)[0];
  const runs = plain.split(/[*?]+/).map((run) => run.replace(/^\/+|\/+$/g, ''));
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}

function endsAtComponent(name: ByteString, tail: ByteString): boolean {
  return name[name.length - tail.length - 1] === '/';
}

/** Where the last `count` components of `name` begin; -1 when it has fewer. */
function lastComponents(name: ByteString, count: number): number {
  let at = name.length;
  for (; count > 0; count--) {
    if (at < 0) return -1;
    at = at === 0 ? -1 : name.lastIndexOf('/', at - 1);
  }
  return at + 1;
}

export function countSlashes(text: ByteString): number {
  let count = 0;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) count++;
  return count;
}
