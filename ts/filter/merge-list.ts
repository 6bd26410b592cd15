import type { ByteString } from '../kernel/kernel.ts';
import { type FilterRule, RuleFlag } from './rule.ts';

/**
 * An ordered list of rules. Its first `local` rules belong to the list itself; what follows was
 * inherited from the parent directory and is shared with it, so rules are added before it.
 */
export class RuleList {
  private items: FilterRule[] = [];
  private local = 0;
  /** The array belongs to this list alone and may be changed. */
  private owned = true;

  get rules(): readonly FilterRule[] {
    return this.items;
  }
  add(rule: FilterRule): void {
    if (!this.owned) this.items = this.items.slice();
    this.owned = true;
    if (this.local === this.items.length) this.items.push(rule);
    else this.items.splice(this.local, 0, rule);
    this.local++;
  }
  /** Empties the list (the `!` rule) and returns the rules that were its own. */
  clear(): readonly FilterRule[] {
    const own = this.items.slice(0, this.local);
    this.reset([], 0);
    return own;
  }
  /** All rules become inherited ones, for a directory below. */
  inherit(): void {
    this.reset(this.items, 0);
  }
  /** Drops all rules, inherited ones too. */
  forget(): void {
    this.reset([], 0);
  }
  /** Gives back what `saved` told. */
  restore(saved: SavedRules): void {
    this.reset(saved.rules as FilterRule[], saved.local);
  }
  saved(): SavedRules {
    this.owned = false;
    return { rules: this.items, local: this.local };
  }
  private reset(items: FilterRule[], local: number): void {
    this.items = items;
    this.local = local;
    this.owned = false;
  }
}

export interface SavedRules {
  readonly rules: readonly FilterRule[];
  readonly local: number;
}

/** A per-directory merge file that is being looked for, and the rules it gave so far. */
export class MergeList extends RuleList {
  readonly flags: number;
  /** File name; until `finishSetup` is done, the path as given. */
  name: ByteString;
  /** The name still has to be split, and parent directories of the transfer to be searched. */
  finishSetup = true;
  /** False once the rule that named it was cleared. */
  active = true;

  constructor(flags: number, name: ByteString) {
    super();
    this.flags = flags;
    this.name = name;
  }
  get inherits(): boolean {
    return (this.flags & RuleFlag.NoInherit) === 0;
  }
}
