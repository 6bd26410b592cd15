import type { ByteString } from '../kernel/kernel.ts';
import { type FilterRule, plainRule, RuleFlag, ruleMatches, type Subject, wildRule } from './rule.ts';

/**
 * What a client that pulls asked the sender for: every name of the received list must be covered by one
 * of the arguments (add_implied_include), or the sender is not to be trusted.
 */
export class ImpliedIncludes {
  private readonly relative: boolean;
  private readonly descends: '' | '*' | '**';
  private readonly rules = new Map<ByteString, FilterRule>();

  constructor(options: { readonly relative: boolean; readonly recursive: boolean; readonly dirs: boolean }) {
    this.relative = options.relative;
    this.descends = options.recursive ? '**' : options.dirs ? '*' : '';
  }

  /** True when nothing was added: every name is allowed. */
  get isEmpty(): boolean {
    return this.rules.size === 0;
  }

  /** Adds one source argument as the user gave it; `skipModule` drops a daemon's module name. */
  add(arg: ByteString, skipModule: boolean): void {
    const path = this.requestedPath(skipModule ? afterFirstSlash(arg) : arg);
    const isWild = /[*?[]/.test(path);
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (!isWild) {
      // Only before a wildcard character or a bracket is a backslash an escape.
      const plain = parts.map((part) => part.replaceAll('\\]', ']'));
      this.addPath(plain, plain.map(escapeBackslashes), false);
      return;
    }
    const pattern = parts.map((part) => part.replace(/\\(?![*?[\]])/g, '\\\\'));
    this.addPath(pattern, pattern, true);
    // The remote shell leaves a bracket that matches nothing as it is: then it stands for itself.
    const literal = pattern.map(escapeBrackets);
    if (literal.some((part, i) => part !== pattern[i])) this.addPath(literal, literal, true);
  }

  /** False: `rejecting unrequested file-list name` (exit 4). `.` is always allowed. */
  allows(name: ByteString, isDir: boolean): boolean {
    if (isRoot(name) || this.isEmpty) return true;
    const subject = subjectOf(name, isDir);
    for (const rule of this.rules.values()) if (ruleMatches(rule, subject)) return true;
    return false;
  }

  /** True where a rule lets everything in a directory pass that has no special characters in its path. */
  allowsAllIn(dir: ByteString): boolean {
    if (this.isEmpty || this.rules.has('/**')) return true;
    if (/[*?[\]\\]/.test(dir)) return false;
    for (let end = dir.length; end > 0; end = dir.lastIndexOf('/', end - 1))
      if (this.rules.has(`/${dir.slice(0, end)}/**`)) return true;
    return false;
  }

  /**
   * True for a directory that was allowed only as the parent of something requested
   * (is_implied_parent_dir): whatever the sender says, its contents are not part of the transfer.
   */
  isImpliedParent(name: ByteString): boolean {
    if (this.isEmpty) return false;
    if (isRoot(name)) return !this.rules.has('/**') && !this.rules.has('/*');
    const subject = subjectOf(name, true);
    let parent = false;
    for (const rule of this.rules.values()) {
      if (!ruleMatches(rule, subject)) continue;
      if ((rule.flags & RuleFlag.Directory) === 0) return false;
      parent = true;
    }
    return parent;
  }

  /** The part of an argument that names in the list begin with. */
  private requestedPath(arg: ByteString): ByteString {
    if (!this.relative) return arg.slice(arg.lastIndexOf('/') + 1);
    const dot = arg.indexOf('/./');
    return dot < 0 ? arg : arg.slice(dot + 3);
  }

  /** `parts` name the argument itself; `wildParts` say the same where a wildcard is appended. */
  private addPath(parts: readonly ByteString[], wildParts: readonly ByteString[], isWild: boolean): void {
    if (parts.length > 0) this.addRule(`/${parts.join('/')}`, 0, isWild);
    if (this.relative)
      for (let n = parts.length - 1; n > 0; n--)
        this.addRule(`/${parts.slice(0, n).join('/')}`, RuleFlag.Directory, isWild);
    if (this.descends !== '') this.addRule(`/${[...wildParts, this.descends].join('/')}`, 0, true);
  }

  private addRule(pattern: ByteString, flags: number, isWild: boolean): void {
    const key = (flags & RuleFlag.Directory) !== 0 ? `${pattern}/` : pattern;
    if (this.rules.has(key)) return;
    this.rules.set(key, (isWild ? wildRule : plainRule)(flags | RuleFlag.Include, pattern));
  }
}

function subjectOf(path: ByteString, isDir: boolean): Subject {
  const name = path.startsWith('/') ? path.slice(1) : path;
  const base = name.slice(name.lastIndexOf('/') + 1);
  return { path, name, base, isDir, isXattr: false, absolutePrefix: '', key: undefined };
}

function isRoot(name: ByteString): boolean {
  return name === '.' || name === '/.';
}

function afterFirstSlash(arg: ByteString): ByteString {
  const slash = arg.indexOf('/');
  return slash < 0 ? '' : arg.slice(slash + 1);
}

function escapeBackslashes(part: ByteString): ByteString {
  return part.replaceAll('\\', '\\\\');
}

/** Escapes every bracket that is not escaped yet. */
function escapeBrackets(part: ByteString): ByteString {
  return part.replace(/\\[\s\S]|\[/g, (match) => (match === '[' ? '\\[' : match));
}
