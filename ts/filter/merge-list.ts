import type { ByteString } from '../kernel/kernel.ts';
import { PlainRules } from './plain-rules.ts';
import { type FilterRule, plainRule, RuleFlag } from './rule.ts';

/** So many plain rules in a row take less as they are. */
const fewPlain = 4;

/** A rule of a list, or several that follow each other. */
export type RuleItem = FilterRule | PlainRules;

/**
 * An ordered list of rules. Its first `local` items belong to the list itself; what follows was
 * inherited from the parent directory and is shared with it, so rules are added before it.
 */
export class RuleList {
  private held: RuleItem[] = [];
  private local = 0;
  /** The array belongs to this list alone and may be changed. */
  private owned = true;
  /** Plain rules at the end of the list's own, and what takes in the next ones. */
  private plain = 0;
  private open: PlainRules | undefined;

  get items(): readonly RuleItem[] {
    return this.held;
  }
  get isEmpty(): boolean {
    return this.held.length === 0;
  }
  /** All rules, one by one. */
  *rules(): Generator<FilterRule> {
    for (const item of this.held)
      if (item instanceof PlainRules) for (let k = 0; k < item.count; k++) yield item.at(k);
      else yield item;
  }
  add(rule: FilterRule): void {
    this.put(rule);
    this.endRow();
  }
  /** Adds a rule without wildcards; `flags` with actions. */
  addPlain(flags: number, pattern: ByteString): void {
    if (++this.plain <= fewPlain) {
      this.put(plainRule(flags, pattern));
      return;
    }
    if (this.open === undefined || this.open.isFull) {
      this.open = new PlainRules();
      this.put(this.open);
    }
    this.open.add(flags, pattern);
  }
  /** Empties the list (the `!` rule) and returns the items that were its own. */
  clear(): readonly RuleItem[] {
    const own = this.held.slice(0, this.local);
    this.reset([], 0);
    return own;
  }
  /** All rules become inherited ones, for a directory below. */
  inherit(): void {
    this.reset(this.held, 0);
  }
  /** Drops all rules, inherited ones too. */
  forget(): void {
    this.reset([], 0);
  }
  /** Gives back what `saved` told. */
  restore(saved: SavedRules): void {
    this.reset(saved.items as RuleItem[], saved.local);
  }
  saved(): SavedRules {
    this.owned = false;
    this.endRow();
    return { items: this.held, local: this.local };
  }
  private put(item: RuleItem): void {
    if (!this.owned) this.held = this.held.slice();
    this.owned = true;
    this.held.splice(this.local++, 0, item);
  }
  private reset(items: RuleItem[], local: number): void {
    this.held = items;
    this.local = local;
    this.owned = false;
    this.endRow();
  }
  private endRow(): void {
    this.plain = 0;
    this.open = undefined;
  }
}

export interface SavedRules {
  readonly items: readonly RuleItem[];
  readonly local: number;
}

export interface ToldMerge {
  readonly shown: ByteString;
  readonly pattern: ByteString;
  readonly holder: RuleList;
}

/** A per-directory merge file that is being looked for, and the rules it gave so far. */
export class MergeList extends RuleList {
  readonly flags: number;
  /** File name; until `finishSetup` is done, the path as given. */
  name: ByteString;
  /** The name still has to be split, and parent directories of the transfer to be searched. */
  finishSetup = true;
  /** For --debug lines: the name, or the place alone of what a file says; and where the rule itself stands. */
  readonly told: ToldMerge;
  /** False once the rule that named it was cleared. */
  active = true;

  constructor(flags: number, name: ByteString, told: ToldMerge) {
    super();
    this.told = told;
    this.flags = flags;
    this.name = name;
  }
  get inherits(): boolean {
    return (this.flags & RuleFlag.NoInherit) === 0;
  }
}
