import { ExitCode, RsyncError, SysError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { defaultIgnores, variable } from './cvs.ts';
import { MergeList, RuleList } from './merge-list.ts';
import { baseName, cleanPath } from './paths.ts';
import {
  Applies,
  hasWildcards,
  mergeRule,
  RuleFlag,
  rulePrefix,
  ruleSides,
  wildRule,
  withActions,
} from './rule.ts';
import { ruleLines } from './rule-lines.ts';
import type { FilterState } from './state.ts';
import { nextToken, ParseFlag } from './token.ts';

const maxMergeDepth = 32;
const longestPattern = 4096;

/**
 * Parses rules and adds them to `target` (parse_filter_str). `template` gives the flags that the
 * enclosing merge rule passes on. Throws the syntax error of a malformed rule.
 */
export function parseRules(
  state: FilterState,
  target: RuleList,
  text: ByteString,
  template: number,
  mode: number,
): void {
  for (let at = 0; ; ) {
    const token = nextToken(state, text, at, template, mode);
    if (token === undefined) return;
    at = token.end;
    if (token.pattern.length >= longestPattern)
      state.warn(`discarding over-long filter: ${state.shown(token.pattern)}`);
    else if ((token.flags & RuleFlag.ClearList) !== 0) clearList(state, target);
    else if ((token.flags & RuleFlag.MergeFile) !== 0)
      addMerge(state, target, token.pattern === '' ? '.cvsignore' : token.pattern, token.flags, mode);
    else {
      addRule(state, target, token.pattern, token.flags, mode);
      if ((token.flags & RuleFlag.CvsIgnore) !== 0) loadCvsRules(state, token.flags);
    }
  }
}

/**
 * Parses the rules of a file (parse_filter_file): a rule a line, or a word with the `w` modifier; with
 * --from0 separated by null bytes. Empty lines and those that begin with `#` or `;` are skipped.
 */
export function parseRuleFile(
  state: FilterState,
  target: RuleList,
  path: ByteString,
  template: number,
  mode: number,
): void {
  if (path === '') return;
  const fatal = (mode & ParseFlag.FatalErrors) !== 0;
  const fromFile = state.source !== undefined || (template & RuleFlag.FromFile) !== 0;
  if (state.mergeDepth >= maxMergeDepth) {
    const text = `[${state.who}] merge-file include depth limit (${maxMergeDepth}) exceeded at ${state.shown(path)}`;
    if (fatal) throw new RsyncError(ExitCode.FileIo, text);
    state.warn(text);
    return;
  }
  const tell = (isThere: boolean) =>
    state.tell(() => {
      const missing = isThere || fromFile ? '' : ' [not found]';
      const isHidden = (template & RuleFlag.FromFile) !== 0;
      const bits = bitsOfRule(template, target instanceof MergeList ? target.told.pattern : '');
      return `parse_filter_file(${state.shown(path, isHidden)},${bits},${mode.toString(16)})${missing}`;
    });
  let content: Iterable<Uint8Array>;
  try {
    content = state.openFile(path, (mode & ParseFlag.PerDirFile) !== 0);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    tell(false);
    if (!fatal) return;
    throw state.openFailed((template & RuleFlag.Include) !== 0 ? 'in' : 'ex', path, error, fromFile);
  }
  tell(true);
  const outer = state.source;
  const namedAt = outer === undefined ? undefined : state.where();
  const source = fromFile ? { namedAt, line: 0 } : { file: path, line: 0 };
  state.source = source;
  state.mergeDepth++;
  try {
    const words = (template & RuleFlag.WordSplit) !== 0;
    for (const { text, isTooLong } of ruleLines(content, words, state.from0)) {
      if (!words) source.line++;
      if (isTooLong) state.warn(`discarding over-long filter: ${state.shown('')}`);
      else if (text !== '' && (words || (text[0] !== ';' && text[0] !== '#')))
        parseRules(state, target, text, template, mode);
    }
  } finally {
    state.source = outer;
    state.mergeDepth--;
  }
}

const dirOrInclude = RuleFlag.Directory | RuleFlag.Include;

/** Adds one rule (add_rule). */
export function addRule(
  state: FilterState,
  target: RuleList,
  pattern: ByteString,
  flags: number,
  mode: number,
): void {
  const blank = /[ \t]$/.test(pattern);
  if (blank || state.context.details !== undefined) tellOfRule(state, target, pattern, flags, blank);
  const perDirFile = (mode & ParseFlag.PerDirFile) !== 0;
  const absIfSlash = (mode & ParseFlag.AbsIfSlash) !== 0;
  const otherSide = state.context.side === 'sender' ? RuleFlag.ReceiverSide : RuleFlag.SenderSide;
  if ((perDirFile || absIfSlash) && (flags & ruleSides) === otherSide) return;
  if (pattern.length > 1 && pattern.endsWith('/')) {
    pattern = pattern.slice(0, -1);
    flags |= RuleFlag.Directory;
  }
  if (perDirFile && pattern.startsWith('/') && (flags & (RuleFlag.AbsPath | RuleFlag.MergeFile)) === 0) {
    flags |= RuleFlag.AbsPath;
    pattern = state.dir.slice(state.moduleDir.length, -1) + pattern;
  }
  if (absIfSlash && pattern.includes('/') && (flags & RuleFlag.MergeFile) === 0) flags |= RuleFlag.AbsPath;
  if ((mode & ParseFlag.WithContent) !== 0 && (flags & dirOrInclude) === RuleFlag.Directory) {
    flags &= ~RuleFlag.Directory;
    pattern += '/***';
  }
  const acting = withActions(flags, appliesTo(flags, state.deleteExcluded));
  if ((flags & RuleFlag.PerDirMerge) === 0) {
    if ((flags & RuleFlag.Xattr) !== 0) state.hasXattrRules = true;
    if (hasWildcards(pattern) || (flags & RuleFlag.CvsIgnore) !== 0) target.add(wildRule(acting, pattern));
    else target.addPlain(acting, pattern);
    return;
  }
  const name = baseName(pattern);
  if (state.merges.some((merge) => merge.active && baseName(merge.name) === name)) return;
  const shown = state.shown(name, (flags & RuleFlag.FromFile) !== 0);
  const merge = new MergeList(flags, pattern, { shown, pattern, holder: target });
  state.merges = [...state.merges, merge];
  target.add(mergeRule(acting, pattern, merge));
  state.tell(() => `activating ${nameOfMerge(state, merge)}`);
}

/** A per-directory merge file by its number. */
export function nameOfMerge(state: FilterState, merge: MergeList): ByteString {
  return `mergelist #${state.merges.indexOf(merge)}${originOfList(state, merge)}`;
}

/** ... and what it notes of wildcards: that there are any, a `**`, one at the beginning, a `***` at the end. */
function wildBits(pattern: ByteString): number {
  if (!/[*[?]/.test(pattern)) return 0;
  const deep = pattern.indexOf('**');
  if (deep < 0) return 1;
  return 3 | (deep === 0 ? 4 : 0) | (pattern.endsWith('***') ? 8 : 0);
}

/** Bits of a rule as rsync numbers them, for --debug lines. */
const rsyncBits: readonly (readonly [ours: number, theirs: number])[] = [
  [RuleFlag.AbsPath, 4],
  [RuleFlag.Include, 5],
  [RuleFlag.Directory, 6],
  [RuleFlag.WordSplit, 7],
  [RuleFlag.NoInherit, 8],
  [RuleFlag.NoPrefixes, 9],
  [RuleFlag.MergeFile, 10],
  [RuleFlag.PerDirMerge, 11],
  [RuleFlag.ExcludeSelf, 12],
  [RuleFlag.Negate, 14],
  [RuleFlag.CvsIgnore, 15],
  [RuleFlag.SenderSide, 16],
  [RuleFlag.ReceiverSide, 17],
  [RuleFlag.ClearList, 18],
  [RuleFlag.Perishable, 19],
  [RuleFlag.Xattr, 20],
  [RuleFlag.FromFile, 21],
];
function bitsOfRule(flags: number, pattern: ByteString): string {
  let bits = wildBits(pattern);
  for (const [ours, theirs] of rsyncBits) if ((flags & ours) !== 0) bits |= 1 << theirs;
  return bits.toString(16);
}

/**
 * Resolves the name of a merge file (parse_merge_name): one without a directory stays as it is, any other
 * becomes a path below the directory being read. `undefined`: too long, and the user was told. `flags` are the rule's.
 */
export function mergePath(state: FilterState, name: ByteString, flags: number): ByteString | undefined {
  if (!state.parentScan && name[0] !== '/' && name.lastIndexOf('/') <= 0) return name;
  const module = state.moduleDir;
  // Cleaned below the module's root, so that no `..` leads out of it.
  const inside = cleanPath(name);
  if (name[0] !== '/' && state.dir.length + inside.length >= longestPattern) {
    const isHidden = (flags & RuleFlag.FromFile) !== 0;
    state.warn(`merge-file name overflows: ${state.shown(inside, isHidden)}`);
    return undefined;
  }
  return module + (name[0] === '/' ? inside : cleanPath(state.dir.slice(module.length) + inside));
}

function addMerge(state: FilterState, target: RuleList, name: ByteString, flags: number, mode: number): void {
  if ((flags & RuleFlag.ExcludeSelf) !== 0) {
    addRule(state, target, baseName(name), flags & RuleFlag.FromFile, 0);
    flags &= ~RuleFlag.ExcludeSelf;
  }
  if ((flags & RuleFlag.PerDirMerge) === 0) {
    const path = mergePath(state, name, flags);
    if (path !== undefined) parseRuleFile(state, target, path, flags, ParseFlag.FatalErrors);
  } else if (state.parentScan) {
    const path = mergePath(state, name, flags);
    if (path !== undefined) addRule(state, target, path.slice(state.moduleDir.length), flags, 0);
  } else addRule(state, target, name, flags, mode);
}

/**
 * --debug=filter: a blank at a rule's end is mostly a mistake; level 2 shows each rule. What a file holds is not shown.
 */
function tellOfRule(
  state: FilterState,
  target: RuleList,
  pattern: ByteString,
  flags: number,
  blank: boolean,
): void {
  const { trace, details } = state.context;
  const say = blank ? trace : details;
  if (say === undefined) return;
  const hidden = state.source !== undefined || (flags & RuleFlag.FromFile) !== 0;
  const rule = hidden ? state.shown('') : rulePrefix(flags) + pattern;
  const caution = hidden || !blank ? '' : ' -- CAUTION: trailing whitespace!';
  say(`[${state.who}] add_rule(${rule})${originOfList(state, target)}${caution}`);
}

/** Where the rules of a list stand, if not in the list of the run. */
export function originOfList(state: FilterState, list: RuleList): string {
  if (list instanceof MergeList) return ` [per-dir ${list.told.shown}]`;
  return list === state.cvs ? ' [global CVS]' : '';
}

/** Makes the rules that a -C rule stands for: the defaults, `~/.cvsignore`, `CVSIGNORE`. Once a run. */
function loadCvsRules(state: FilterState, flags: number): void {
  if (state.cvs !== undefined) return;
  const list = new RuleList();
  state.cvs = list;
  const perishable = state.protocol >= 30 ? RuleFlag.Perishable : 0;
  parseRules(state, list, defaultIgnores, flags | perishable, 0);
  const home = variable(state.context.host, 'HOME');
  if (home !== undefined) parseRuleFile(state, list, `${home}/.cvsignore`, flags, 0);
  const more = variable(state.context.host, 'CVSIGNORE');
  if (more !== undefined) parseRules(state, list, more, flags, 0);
}

function clearList(state: FilterState, target: RuleList): void {
  state.tell(() => `clearing filter list${originOfList(state, target)}`);
  for (const item of target.clear())
    if ('merge' in item && item.merge !== undefined) item.merge.active = false;
}

/** --delete-excluded leaves rules without a side to the sender: what they hide is deleted. */
function appliesTo(flags: number, deleteExcluded: boolean): number {
  const sides = flags & ruleSides;
  if (sides === RuleFlag.SenderSide) return Applies.Hide;
  if (sides === RuleFlag.ReceiverSide) return Applies.Protect;
  const hidesOnly =
    sides === 0 &&
    deleteExcluded &&
    ((flags & RuleFlag.PerDirMerge) === 0 || (flags & RuleFlag.NoPrefixes) !== 0);
  return hidesOnly ? Applies.Hide : Applies.Both;
}
