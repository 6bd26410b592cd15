import { type NameRules, RuleBit, RuleKind } from '../kernel/name-rules.ts';
import type { MergeList, RuleList } from './merge-list.ts';
import { PlainRules } from './plain-rules.ts';
import { Applies, type FilterRule, isMore, RuleFlag, takesPart } from './rule.ts';
import type { FilterState } from './state.ts';
import { compileWild } from './wildmatch.ts';

/** More are gone through name by name, where plain ones cost less. */
const mostRules = 1024;

/** The rules that hide names where the chain stands, for a kernel; undefined where it cannot have them. */
export function packRules(state: FilterState): NameRules | undefined {
  const rules: FilterRule[] = [];
  if (!gather(state, state.list, rules)) return undefined;
  const words: number[] = [];
  const texts: Buffer[] = [];
  const code: number[] = [];
  const classes: Uint8Array[] = [];
  let textBytes = 0;
  for (const { flags, text, compare, wild } of rules) {
    let bits = RuleKind[compare];
    for (const [flag, bit] of bitsOfFlags) if ((flags & flag) !== 0) bits |= bit;
    if (wild === undefined) {
      words.push(bits, textBytes, text.length, 0, 0);
      texts.push(Buffer.from(text, 'latin1'));
      textBytes += text.length;
      continue;
    }
    if (wild.leadingSlash) bits |= RuleBit.LeadingSlash;
    if (wild.trailingSlash) bits |= RuleBit.TrailingSlash;
    const compiled = compileWild(text);
    words.push(bits, code.length, compiled.code.length, classes.length, wild.components);
    code.push(...compiled.code);
    classes.push(...compiled.classes);
  }
  const active = state.merges.filter(({ active }) => active);
  return {
    words: Uint32Array.from(words),
    texts: Buffer.concat(texts),
    code: Uint16Array.from(code),
    classes: Buffer.concat(classes),
    prefix: Buffer.from(state.absolutePrefix, 'latin1'),
    marks: Buffer.from(active.map(({ name }) => name).join('\0'), 'latin1'),
    markCount: active.length,
  };
}

/** What a pack is made of; with the same of it, it is the same. */
export function packedFrom({ absolutePrefix, merges }: FilterState): readonly unknown[] {
  return [absolutePrefix, merges, ...merges.map(({ items }) => (items.length === 0 ? undefined : items))];
}

const bitsOfFlags = [
  [RuleFlag.Include, RuleBit.Include],
  [RuleFlag.Directory, RuleBit.Directory],
  [RuleFlag.Negate, RuleBit.Negate],
  [RuleFlag.AbsPath, RuleBit.Absolute],
] as const;

/** Adds the rules of a list in their order; false where there are too many. */
function gather(state: FilterState, list: RuleList, into: FilterRule[]): boolean {
  const add = (rule: FilterRule): boolean => {
    if (takesPart(rule.flags, Applies.Hide) && (rule.flags & RuleFlag.Xattr) === 0) into.push(rule);
    return into.length <= mostRules;
  };
  for (const item of list.items) {
    if (item instanceof PlainRules) {
      for (let k = 0; k < item.count; k++) if (!add(item.at(k))) return false;
    } else if ((item.flags & isMore) !== 0) {
      const inner = (item.merge as MergeList | undefined) ?? state.cvs;
      if (inner !== undefined && !gather(state, inner, into)) return false;
    } else if (!add(item)) return false;
  }
  return true;
}
