/**
 * Rules about names for a kernel that reads whole trees: which entries of a directory are left out. The first that
 * matches says. A rule has five words:
 *   0 `RuleKind` and `RuleBit` | 1 where its text begins in `texts`, or its code in `code` | 2 how long that is
 *   3 its first class in `classes` | 4 components of the name that are compared
 */
/** What a rule compares, and how (docs of `ts/filter/rule.ts`). The first three, and `base-wild`, look at the last component. */
export const RuleKind = {
  'base-literal': 0,
  'base-suffix': 1,
  'base-prefix': 2,
  literal: 3,
  'anchored-literal': 4,
  'base-wild': 5,
  'tail-wild': 6,
  wild: 7,
  'after-slash-wild': 8,
} as const;

export const RuleBit = {
  Include: 1 << 4,
  /** Only directories match. */
  Directory: 1 << 5,
  Negate: 1 << 6,
  /** Names get `prefix`, unless they begin with a slash. */
  Absolute: 1 << 7,
  /** Other names get a slash in front. */
  LeadingSlash: 1 << 8,
  /** Those of directories get one at their end. */
  TrailingSlash: 1 << 9,
} as const;

export interface NameRules {
  readonly words: Uint32Array;
  readonly texts: Uint8Array;
  /** Of patterns with wildcards: a byte, an operation (`ts/filter/wildmatch.ts`), or a class from 512 on. */
  readonly code: Uint16Array;
  /** 256 flags for each class. */
  readonly classes: Uint8Array;
  readonly prefix: Uint8Array;
  /** A directory that holds one of these names, which are joined by NUL, is `unlistable`: it has more rules. */
  readonly marks: Uint8Array;
  readonly markCount: number;
}
