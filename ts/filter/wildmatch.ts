import type { ByteString } from '../kernel/kernel.ts';

// Pattern instructions. Below 256: that byte. From `opClass` on: one of the bytes in a class.
const opAny = 256;
const opStar = 257;
const opStarStar = 258;
/** A backslash at the end of the pattern: matches nothing. */
const opNever = 259;
/** A class that is not closed: the whole match fails. */
const opBroken = 260;
const opClass = 512;

// Outcomes of a partial match. The negative ones tell an enclosing star that going on is useless.
const matched = 1;
const mismatch = 0;
const abortAll = -1;
const abortToStarStar = -2;

const slash = 0x2f;

/** A pattern translated once, to be matched many times. */
export interface WildPattern {
  readonly code: readonly number[];
  /** 256 flags for each class: the bytes it accepts. */
  readonly classes: readonly Uint8Array[];
  readonly fold: boolean;
}

/** Translates a pattern. With `fold` the case of ASCII letters is ignored. */
export function compileWild(pattern: ByteString, fold = false): WildPattern {
  const code: number[] = [];
  const classes: Uint8Array[] = [];
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i];
    if (c === '\\') {
      code.push(i + 1 < pattern.length ? lower(pattern.charCodeAt(i + 1), fold) : opNever);
      i += 2;
    } else if (c === '?') {
      code.push(opAny);
      i++;
    } else if (c === '*') {
      const from = i;
      while (pattern[i] === '*') i++;
      code.push(i - from > 1 ? opStarStar : opStar);
    } else if (c === '[') {
      const accepted = new Uint8Array(256);
      i = parseClass(pattern, i + 1, accepted, fold);
      if (i < 0) {
        code.push(opBroken);
        break;
      }
      code.push(opClass + classes.length);
      classes.push(accepted);
    } else {
      code.push(lower(pattern.charCodeAt(i), fold));
      i++;
    }
  }
  return { code, classes, fold };
}

/** Does the pattern match all of `text` from `at` on? */
export function wildMatches(pattern: WildPattern, text: ByteString, at = 0): boolean {
  return run(pattern, 0, text, at) === matched;
}

/** Does the pattern match all of `text`, or all that follows one of its slashes? */
export function wildMatchesAfterSlash(pattern: WildPattern, text: ByteString): boolean {
  let outcome = run(pattern, 0, text, 0);
  for (let at = -1; outcome === mismatch || outcome === abortToStarStar; ) {
    at = text.indexOf('/', at + 1);
    if (at < 0) return false;
    outcome = run(pattern, 0, text, at + 1);
  }
  return outcome === matched;
}

/** True when `pattern` matches the whole of `text` by rsync's wildcards: `*` and `?` stop at `/`, `**` does not. */
export function wildmatch(pattern: ByteString, text: ByteString): boolean {
  return wildMatches(compileWild(pattern), text);
}

/** As `wildmatch`, ignoring the case of ASCII letters. */
export function iwildmatch(pattern: ByteString, text: ByteString): boolean {
  return wildMatches(compileWild(pattern, true), text);
}

function run(pattern: WildPattern, pc: number, text: ByteString, at: number): number {
  const { code, classes, fold } = pattern;
  const end = text.length;
  for (; pc < code.length; pc++, at++) {
    const op = code[pc];
    if (op === opStar || op === opStarStar) return runStar(pattern, pc + 1, text, at, op === opStarStar);
    if (at >= end) return abortAll;
    const c = lower(text.charCodeAt(at), fold);
    if (op < opAny) {
      if (c !== op) return mismatch;
    } else if (op === opAny) {
      if (c === slash) return mismatch;
    } else if (op === opBroken) return abortAll;
    else if (op === opNever || classes[op - opClass][c] === 0) return mismatch;
  }
  return at === end ? matched : mismatch;
}

/** The rest of a match after a star: tries every length the star may have, shortest first. */
function runStar(
  pattern: WildPattern,
  pc: number,
  text: ByteString,
  at: number,
  crossesSlash: boolean,
): number {
  const { code, fold } = pattern;
  const end = text.length;
  if (pc === code.length) return crossesSlash || text.indexOf('/', at) < 0 ? matched : mismatch;
  const next = code[pc];
  const literal = next < opAny && !fold;
  for (; at < end; at++) {
    const c = text.charCodeAt(at);
    const outcome = literal && c !== next ? mismatch : run(pattern, pc, text, at);
    if (outcome !== mismatch) {
      if (!crossesSlash || outcome !== abortToStarStar) return outcome;
    } else if (!crossesSlash && c === slash) return abortToStarStar;
  }
  return abortAll;
}

/**
 * Reads a class from behind its `[`, marks the bytes it accepts and returns where the pattern goes on;
 * -1 where the class is malformed. A `]` right at its start stands for itself.
 */
function parseClass(pattern: ByteString, at: number, accepted: Uint8Array, fold: boolean): number {
  const inverted = pattern[at] === '!' || pattern[at] === '^';
  if (inverted) at++;
  /** The byte that a following `-` makes a range from; 0 where there is none. */
  let rangeFrom = 0;
  do {
    if (at >= pattern.length) return -1;
    const c = pattern[at];
    if (c === '\\') {
      if (++at >= pattern.length) return -1;
      rangeFrom = lower(pattern.charCodeAt(at), fold);
      accepted[rangeFrom] = 1;
    } else if (c === '-' && rangeFrom > 0 && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      if (pattern[++at] === '\\' && ++at >= pattern.length) return -1;
      const rangeTo = lower(pattern.charCodeAt(at), fold);
      for (let b = rangeFrom; b <= rangeTo; b++) accepted[b] = 1;
      rangeFrom = 0;
    } else if (c === '[' && pattern[at + 1] === ':') {
      const close = pattern.indexOf(']', at + 2);
      if (close < 0) return -1;
      if (close - 1 < at + 2 || pattern[close - 1] !== ':') {
        rangeFrom = 0x5b;
        accepted[rangeFrom] = 1;
      } else {
        const test = namedClasses.get(pattern.slice(at + 2, close - 1));
        if (test === undefined) return -1;
        for (let b = 1; b < 128; b++) if (test(b)) accepted[b] = 1;
        at = close;
        rangeFrom = 0;
      }
    } else {
      rangeFrom = lower(pattern.charCodeAt(at), fold);
      accepted[rangeFrom] = 1;
    }
    at++;
  } while (pattern[at] !== ']');
  if (inverted) for (let b = 0; b < 256; b++) accepted[b] ^= 1;
  accepted[slash] = 0;
  return at + 1;
}

function lower(c: number, fold: boolean): number {
  return fold && c >= 0x41 && c <= 0x5a ? c + 0x20 : c;
}

const between = (from: number, to: number) => (c: number) => c >= from && c <= to;
const isDigit = between(0x30, 0x39);
const isLower = between(0x61, 0x7a);
const isUpper = between(0x41, 0x5a);
const isGraph = between(0x21, 0x7e);
const isAlpha = (c: number) => isLower(c) || isUpper(c);
const isAlnum = (c: number) => isAlpha(c) || isDigit(c);

/** The POSIX classes, in the C locale. */
const namedClasses: ReadonlyMap<string, (c: number) => boolean> = new Map([
  ['alnum', isAlnum],
  ['alpha', isAlpha],
  ['blank', (c: number) => c === 0x20 || c === 0x09],
  ['cntrl', (c: number) => c < 0x20 || c === 0x7f],
  ['digit', isDigit],
  ['graph', isGraph],
  ['lower', isLower],
  ['print', between(0x20, 0x7e)],
  ['punct', (c: number) => isGraph(c) && !isAlnum(c)],
  ['space', (c: number) => c === 0x20 || (c >= 0x09 && c <= 0x0d)],
  ['upper', isUpper],
  ['xdigit', (c: number) => isDigit(c) || between(0x61, 0x66)(c) || between(0x41, 0x46)(c)],
]);
