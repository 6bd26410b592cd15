import type { ByteString } from '../kernel/kernel.ts';
import type { NameRules } from '../kernel/name-rules.ts';
import { maxPath } from '../wire/constants.ts';
import type { FilterAction, FilterRoot, FilterSide, FilterVerdict } from './context.ts';
import type { MergeList, RuleList, SavedRules } from './merge-list.ts';
import { packedFrom, packRules } from './packed-rules.ts';
import { finishMergeSetup } from './parent-scan.ts';
import { nameOfMerge, originOfList, parseRuleFile } from './parse.ts';
import { PlainRules } from './plain-rules.ts';
import { Applies, type FilterRule, isMore, RuleFlag, ruleMatches, type Subject, takesPart } from './rule.ts';
import type { FilterState } from './state.ts';
import { ParseFlag } from './token.ts';

/** A directory that is entered. */
interface Entering {
  readonly root: ByteString;
  readonly dir: ByteString;
  readonly depth: number;
  readonly isPushed?: boolean;
  readonly later?: boolean;
}

/** A directory entered, and what held before it was. */
interface Entered {
  readonly root: ByteString;
  readonly dir: ByteString;
  readonly depth: number;
  readonly merges: readonly MergeList[];
  readonly saved: readonly SavedRules[];
  /** By `pushDir`. */
  readonly isPushed: boolean;
}

/**
 * The rules of one side of a run, with the per-directory merge files that hold where the caller stands.
 *
 * Names are relative to the root of the transfer (`foo/bar`). `setRoot` tells which root; `enterDir`, `enterAt`,
 * `pushDir` and `leaveDir` follow the caller into directories (push_local_filters, change_local_filter_dir).
 */
export class FilterChain {
  /** Shared with the parser and the codec of this folder. */
  readonly state: FilterState;
  /** Set while a whole directory is deleted: perishable rules do not count then. */
  ignorePerishable = false;
  private entered: Entered[] = [];
  /** The merge files of the directory entered last are still to be read, or are not there. */
  private unread = false;
  private packed: { readonly from: readonly unknown[]; readonly rules: NameRules | undefined } | undefined;
  /** The list that has the rule which matched last. */
  private matchedIn: RuleList;

  constructor(state: FilterState) {
    this.state = state;
    this.matchedIn = state.list;
  }

  get side(): FilterSide {
    return this.state.context.side;
  }
  /** True when no rule exists: nothing needs to be checked. */
  get isEmpty(): boolean {
    return this.state.list.isEmpty && this.state.context.site.module?.rules === undefined;
  }
  /** True when a rule names a per-directory merge file: a receiver cannot check the sender's list then. */
  get hasPerDir(): boolean {
    return this.state.merges.length > 0;
  }

  /** First matching rule wins (check_filter). */
  check(path: ByteString, isDir: boolean, action: FilterAction): FilterVerdict {
    if (this.isRefused(path, isDir)) return 'excluded';
    this.readFiles();
    if (this.state.list.isEmpty) return 'none';
    const name = path.charCodeAt(0) === 0x2f ? path.slice(1) : path;
    const base = name.slice(name.lastIndexOf('/') + 1);
    const { absolutePrefix } = this.state;
    const subject = { path, name, base, isDir, isXattr: false, absolutePrefix, key: undefined };
    return this.verdict(subject, action);
  }

  /** A module's rules leave the name out, whatever the client wants. */
  private isRefused(path: ByteString, isDir: boolean): boolean {
    const { absolutePrefix, context } = this.state;
    const rules = context.site.module?.rules;
    if (rules === undefined || path === '.') return false;
    return rules.excludes(path.startsWith('/') ? path : absolutePrefix + path, isDir);
  }

  /** The same of a name, or of a directory on the way to it: what a client names is not there then. */
  hidesNamed(path: ByteString, isDir: boolean): boolean {
    return ways(path).some((dir) => this.isRefused(dir, true)) || this.isRefused(path, isDir);
  }

  /** The same of a directory that names are to be relative to, as it lies in the module. */
  hidesRoot(dir: ByteString): boolean {
    const rules = this.state.context.site.module?.rules;
    return (
      rules !== undefined && dir !== '' && [...ways(dir), dir].some((path) => rules.excludes(path, true))
    );
  }

  /** True once a rule was about names of extended attributes: such rules alone decide then which are kept. */
  get hasXattrRules(): boolean {
    return this.state.hasXattrRules;
  }

  /** As `check`, for the name of an extended attribute (rules with the x modifier). */
  checkXattr(name: ByteString, action: FilterAction): FilterVerdict {
    this.readFiles();
    return this.verdict(
      { path: name, name, base: name, isDir: false, isXattr: true, absolutePrefix: '', key: undefined },
      action,
    );
  }

  /** Names checked from here on are relative to `root`. */
  setRoot(root: FilterRoot): void {
    this.state.setRoot(root);
  }

  /**
   * Stands in `dir` (relative to `root`; `''` or `'.'` is the root itself): leaves directories that are
   * not its parents, then reads its merge files. Directories are visited depth first, parents before
   * children, as rsync does; between them any number of names may be checked. Standing there already,
   * nothing happens.
   */
  enterDir(root: FilterRoot, dir: ByteString): void {
    this.state.setRoot(root);
    if (this.passesBy) return;
    const name = nameOfDir(dir);
    for (;;) {
      const top = this.entered.at(-1);
      if (top === undefined) break;
      if (top.root === root.path) {
        if (top.dir === name) return;
        if (top.dir === '' || name.startsWith(top.dir === '/' ? '/' : `${top.dir}/`)) break;
      }
      this.leaveDir();
    }
    this.push({ root: root.path, dir: name, depth: (this.entered.at(-1)?.depth ?? -1) + 1 });
  }

  /**
   * As `enterDir`, for a sender of several sources: what was entered at this depth or below is left, and what is above
   * stays in force, be it of another source. With `later` its merge files are read when they are needed, or not at all
   * where it is known by then that there are none.
   */
  enterAt(root: FilterRoot, dir: ByteString, depth: number, later = false): void {
    this.state.setRoot(root);
    if (this.passesBy) return;
    while ((this.entered.at(-1)?.depth ?? -1) >= depth) this.leaveDir();
    this.push({ root: root.path, dir: nameOfDir(dir), depth, later });
  }

  /** Stands in `dir` until the next `leaveDir`, with what was in force before; `later`: as for `enterAt`. */
  pushDir(root: FilterRoot, dir: ByteString, later = false): void {
    this.state.setRoot(root);
    if (this.passesBy) return;
    const depth = (this.entered.at(-1)?.depth ?? -1) + 1;
    this.push({ root: root.path, dir: nameOfDir(dir), depth, isPushed: true, later });
  }

  /**
   * The rules that hide names where the chain stands, for a kernel that finds out whether there are merge files;
   * undefined where only `check` knows. As long as the rules are the same, so is what is given.
   */
  get forKernel(): NameRules | undefined {
    const { state } = this;
    if (!this.isForKernel) return undefined;
    const from = packedFrom(state);
    if (this.packed?.from.length !== from.length || this.packed.from.some((part, k) => part !== from[k]))
      this.packed = { from, rules: packRules(state) };
    return this.packed.rules;
  }

  /** A kernel can go by the rules: nothing is told of them, and merge files are names in the directory itself. */
  private get isForKernel(): boolean {
    const { context, merges } = this.state;
    const isTold = context.trace !== undefined || context.details !== undefined;
    if (isTold || context.site.module?.rules !== undefined || context.readFile !== undefined) return false;
    return merges.every(({ active, finishSetup, name }) => !active || (!finishSetup && isPlain(name)));
  }

  /** The directory entered last has no merge files. */
  hasNoFiles(): void {
    this.unread = false;
  }

  /** Reads the merge files of the directory entered last, where that was left for later. */
  readFiles(): void {
    if (!this.unread) return;
    this.unread = false;
    this.readMergeFiles();
  }

  /** Leaves the directory entered last. */
  leaveDir(): void {
    const top = this.entered.pop();
    this.unread = false;
    if (top === undefined) return;
    // As in rsync, what was entered by its depth without anything to keep is left without a word.
    if (top.isPushed || top.merges.length > 0) this.tellOfLeaving(top.merges.length);
    this.state.merges = top.merges;
    top.merges.forEach((merge, i) => {
      merge.restore(top.saved[i]);
    });
  }

  /** Leaves all directories. */
  leaveAll(): void {
    while (this.entered.length > 0) this.leaveDir();
  }

  /** All but the first `kept` merge files were named in the directory that is left, and are no more. */
  private tellOfLeaving(kept: number): void {
    const { state } = this;
    if (state.context.details === undefined) return;
    state.tell(() => 'popping local filters');
    for (const merge of [...state.merges].reverse()) {
      if (!merge.active) continue;
      state.tell(() => `popping ${nameOfMerge(state, merge)}`);
      for (const ending of state.merges.slice(kept).reverse())
        if (ending.told.holder === merge) state.tell(() => `deactivating ${nameOfMerge(state, ending)}`);
    }
  }

  /** Nothing is read in directories; --debug=FILTER2 tells of them all the same. */
  private get passesBy(): boolean {
    return this.state.merges.length === 0 && this.state.context.details === undefined;
  }

  private push({ root, dir, depth, isPushed = false, later = false }: Entering): void {
    // What holds here holds below.
    this.readFiles();
    const { state } = this;
    const { merges } = state;
    this.entered.push({ root, dir, depth, merges, saved: merges.map((merge) => merge.saved()), isPushed });
    state.setDir(dir);
    state.tell(() => `pushing local filters for ${state.dir}`);
    if (later && this.isForKernel) {
      for (const merge of merges) if (merge.active) startAt(merge);
      this.unread = true;
    } else this.readMergeFiles(true);
  }

  /** Reads those of the directory at hand; with `starting`, which takes its rules from the one above. */
  private readMergeFiles(starting = false): void {
    const { state } = this;
    const { dir } = this.entered.at(-1) as Entered;
    const known = starting ? 0 : state.merges.length;
    // A merge file may name further ones, which are then read here, too.
    for (let i = 0; i < state.merges.length; i++) {
      const merge = state.merges[i];
      if (!merge.active) continue;
      state.tell(() => `pushing ${nameOfMerge(state, merge)}`);
      if (i >= known) startAt(merge);
      if (merge.finishSetup) {
        finishMergeSetup(state, merge);
        state.setDir(dir);
      }
      this.readMergeFile(merge);
    }
  }

  private readMergeFile(merge: MergeList): void {
    const { state } = this;
    const path = state.dir + merge.name;
    if (path.length < maxPath) {
      parseRuleFile(state, merge, path, merge.flags, ParseFlag.PerDirFile);
      return;
    }
    const isHidden = (merge.flags & RuleFlag.FromFile) !== 0;
    const rule = isHidden ? `<rule from ${state.where()}>` : `"${path.slice(0, maxPath - 1)}"`;
    state.warn(`cannot add local filter rules in long-named directory: ${rule}`);
    state.context.failed();
  }

  private verdict(subject: Subject, action: FilterAction): FilterVerdict {
    if (subject.name === '') return 'none';
    const applies = action === 'hide' ? Applies.Hide : Applies.Protect;
    const rule = this.firstMatch(this.state.list, subject, applies);
    if (rule === undefined) return 'none';
    // A receiver that checks what it is sent says nothing of it.
    const tells = this.side === 'sender' || action === 'protect';
    if (tells && this.state.context.trace !== undefined) this.trace(rule, subject, action);
    return (rule.flags & RuleFlag.Include) !== 0 ? 'included' : 'excluded';
  }

  private firstMatch(list: RuleList, subject: Subject, applies: number): FilterRule | undefined {
    const without = this.ignorePerishable ? RuleFlag.Perishable : 0;
    for (const item of list.items) {
      let found: FilterRule | undefined;
      if (item instanceof PlainRules) found = item.firstMatch(subject, applies, without);
      else if ((item.flags & without) !== 0) continue;
      else if ((item.flags & isMore) !== 0) {
        const inner = (item.merge as MergeList | undefined) ?? this.state.cvs;
        found = inner && this.firstMatch(inner, subject, applies);
        if (found !== undefined) return found;
      } else if (takesPart(item.flags, applies) && ruleMatches(item, subject)) found = item;
      if (found === undefined) continue;
      this.matchedIn = list;
      return found;
    }
    return undefined;
  }

  private trace(rule: FilterRule, subject: Subject, action: FilterAction): void {
    const included = (rule.flags & RuleFlag.Include) !== 0;
    const verb = action === 'hide' ? (included ? 'show' : 'hid') : included ? 'risk' : 'protect';
    const kind = subject.isXattr ? 'xattr' : subject.isDir ? 'directory' : 'file';
    const pattern =
      (rule.flags & RuleFlag.FromFile) !== 0
        ? '<rule from a file read earlier>'
        : rule.pattern + ((rule.flags & RuleFlag.Directory) !== 0 ? '/' : '');
    const who = this.side === 'sender' ? 'sender' : 'generator';
    this.state.context.trace?.(
      `[${who}] ${verb}ing ${kind} ${subject.path} because of pattern ${pattern}${originOfList(this.state, this.matchedIn)}`,
    );
  }
}

/** The name of an entry. */
function isPlain(name: ByteString): boolean {
  return !['', '.', '..'].includes(name) && !name.includes('/');
}

/** A merge file's rules as they are in a directory before its own file is read. */
function startAt(merge: MergeList): void {
  if (merge.inherits) merge.inherit();
  else merge.forget();
}

/** The directories on the way to a name. */
function ways(path: ByteString): ByteString[] {
  const found: ByteString[] = [];
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1))
    found.push(path.slice(0, end));
  return found;
}

/** A directory's name without the dot of a root: `''`, or `/` with --relative. */
function nameOfDir(dir: ByteString): ByteString {
  if (dir === '.') return '';
  return dir === '/.' ? '/' : dir;
}
