import type { ByteString } from '../kernel/kernel.ts';
import { type FilterRule, plainRule, RuleFlag, ruleMatches, type Subject, takesPart } from './rule.ts';

const firstRules = 8;
const bytesPerRule = 24;
/** More go into another row, so that nothing large is copied while rules are added. */
const mostRules = 1024;

/**
 * Rules without wildcards that follow each other, as columns: there may be hundreds of thousands, of which each takes
 * its pattern and twelve bytes. What is compared for each name is a key; nearly always it says no.
 */
export class PlainRules {
  count = 0;
  private flags = new Uint32Array(firstRules);
  private ends = new Uint32Array(firstRules);
  private keys = new Uint32Array(firstRules);
  private patterns = Buffer.allocUnsafeSlow(firstRules * bytesPerRule);

  get isFull(): boolean {
    return this.count === mostRules;
  }

  /** `flags` with the actions that the rule takes part in. */
  add(flags: number, pattern: ByteString): void {
    const k = this.count;
    const from = this.startOf(k);
    const end = from + pattern.length;
    this.makeRoom(end);
    this.patterns.write(pattern, from, 'latin1');
    this.flags[k] = flags;
    this.ends[k] = end;
    this.keys[k] = keyOf(pattern);
    this.count = k + 1;
  }

  /** The rule at a place, made anew. */
  at(k: number): FilterRule {
    return plainRule(this.flags[k], this.patterns.toString('latin1', this.startOf(k), this.ends[k]));
  }

  /** The first rule for an action that matches; those with one of the flags `without` do not count. */
  firstMatch(subject: Subject, action: number, without: number): FilterRule | undefined {
    const { flags, keys, count } = this;
    subject.key ??= keyOf(subject.name);
    const { key } = subject;
    for (let k = 0; k < count; k++) {
      if (keys[k] !== key && (flags[k] & RuleFlag.Negate) === 0) continue;
      if ((flags[k] & without) !== 0 || !takesPart(flags[k], action)) continue;
      const rule = this.at(k);
      if (ruleMatches(rule, subject)) return rule;
    }
    return undefined;
  }

  private startOf(k: number): number {
    return k === 0 ? 0 : this.ends[k - 1];
  }

  /** For one rule more, whose pattern goes up to `end`. */
  private makeRoom(end: number): void {
    if (this.count === this.flags.length) {
      this.flags = grown(this.flags);
      this.ends = grown(this.ends);
      this.keys = grown(this.keys);
    }
    if (end <= this.patterns.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(end, Math.ceil(this.patterns.length * 1.5)));
    larger.set(this.patterns);
    this.patterns = larger;
  }
}

/** Of the last component, where a name and a plain pattern that matches it are the same. */
function keyOf(path: ByteString): number {
  let key = 0x811c9dc5;
  for (let at = path.lastIndexOf('/') + 1; at < path.length; at++)
    key = Math.imul(key ^ path.charCodeAt(at), 0x01000193);
  return key >>> 0;
}

function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
