import type { ByteString } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFMT } from '../kernel/stat-table.ts';

/** One parsed part of a `--chmod` value; apply a list of them with `tweakMode`. */
export interface ChmodStep {
  readonly and: number;
  readonly or: number;
  /** Copied permissions (`g=u`): the triple read (0100 user, 0010 group, 0001 others), … */
  readonly copyFrom: number;
  /** … the triples it is written to, and a mask of what may be written. */
  readonly copyTo: number;
  readonly copyMask: number;
  readonly subtract: boolean;
  /** `X`: execute bits only for directories and what is executable already. */
  readonly keepX: boolean;
  readonly only: 'all' | 'dirs' | 'files';
}

const allBits = 0o7777;

/** Who: the lowest bit of each triple, so that `who * 7` covers it. */
const whoBits: Readonly<Record<string, number>> = { u: 0o100, g: 0o010, o: 0o001, a: 0o111 };
/** The special bits that `s` means for each. */
const whoSpecial: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, o: 0, a: 0o6000 };
const permBits: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1, X: 1 };

/**
 * Parses a `--chmod` value: parts as chmod(1) takes them, each with an optional `D` (directories only)
 * or `F` (anything else), separated by commas. `undefined` where it is malformed. `umask` limits parts
 * that name nobody.
 */
export function parseChmod(text: ByteString, umask: number): readonly ChmodStep[] | undefined {
  const steps: ChmodStep[] = [];
  for (const part of text.split(',')) {
    const step = parsePart(part, umask);
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps;
}

/** The mode (with its file type) after `steps` (tweak_mode). */
export function tweakMode(mode: number, steps: readonly ChmodStep[]): number {
  const type = mode & ~allBits;
  const isDir = (type & S_IFMT) === S_IFDIR;
  const wasExecutable = (mode & 0o111) !== 0;
  let bits = mode;
  for (const step of steps) {
    if (step.only === (isDir ? 'files' : 'dirs')) continue;
    const copied = step.copyFrom === 0 ? 0 : copiedBits(bits, step);
    const or = step.keepX && !wasExecutable && !isDir ? step.or & ~0o111 : step.or;
    bits = (bits & step.and) | or;
    bits = step.subtract ? bits & (allBits - copied) : bits | copied;
  }
  return (bits & allBits) | type;
}

function copiedBits(mode: number, step: ChmodStep): number {
  let triple = 0;
  if ((step.copyFrom & 0o100) !== 0) triple |= mode >> 6;
  if ((step.copyFrom & 0o010) !== 0) triple |= mode >> 3;
  if ((step.copyFrom & 0o001) !== 0) triple |= mode;
  return (step.copyTo * (triple & 7)) & step.copyMask;
}

function parsePart(part: ByteString, umask: number): ChmodStep | undefined {
  const [, before, operator, after] = /^([DFugoa]*)([-+=])([rwxXstugo]*)$/.exec(part) ?? [];
  if (operator === undefined) return parseOctal(part);
  const only = selection(before);
  let who = 0;
  let special = 0;
  for (const letter of before) {
    who |= whoBits[letter] ?? 0;
    special |= whoSpecial[letter] ?? 0;
  }
  const what = permissions(after, special);
  if (only === undefined || what === undefined) return undefined;
  const everybody = who === 0;
  if (everybody) who = 0o111;
  // A part that names nobody obeys the umask.
  const limit = everybody ? ~umask : allBits;
  const { topBits } = what;
  const bits = ((who * what.perms) & limit) + topBits;
  const copy = { copyFrom: what.copy, copyTo: who, copyMask: limit & allBits };
  const base = { ...copy, keepX: what.keepX, only, subtract: operator === '-' };
  if (operator === '+') return { ...base, and: allBits, or: bits };
  if (operator === '-') return { ...base, and: allBits - bits, or: 0 };
  const cleared = who * 7 + (topBits !== 0 ? special : 0);
  return { ...base, and: allBits - cleared - (what.copy !== 0 ? specialBitsOf(who) : 0), or: bits };
}

function parseOctal(part: ByteString): ChmodStep | undefined {
  const [, before, digits] = /^([DF]*)([0-7]+)$/.exec(part) ?? [];
  if (digits === undefined) return undefined;
  const only = selection(before);
  const or = Number.parseInt(digits, 8);
  if (only === undefined || or > allBits) return undefined;
  return { and: 0, or, copyFrom: 0, copyTo: 0, copyMask: allBits, subtract: false, keepX: false, only };
}

function selection(letters: ByteString): ChmodStep['only'] | undefined {
  const dirs = letters.includes('D');
  const files = letters.includes('F');
  if (dirs && files) return undefined;
  return dirs ? 'dirs' : files ? 'files' : 'all';
}

/** What follows the operator: permissions, or one triple to copy, never both. */
function permissions(
  letters: ByteString,
  special: number,
): { perms: number; topBits: number; keepX: boolean; copy: number } | undefined {
  const copied = /[ugo]/.exec(letters)?.[0];
  if (copied !== undefined && letters.length > 1) return undefined;
  let perms = 0;
  let topBits = 0;
  for (const letter of letters) {
    perms |= permBits[letter] ?? 0;
    if (letter === 't') topBits |= 0o1000;
    // Where nobody with a special bit is named, setuid is meant, and a `t` before it is forgotten.
    if (letter === 's') topBits = special !== 0 ? topBits | special : 0o4000;
  }
  return { perms, topBits, keepX: letters.includes('X'), copy: copied === undefined ? 0 : whoBits[copied] };
}

function specialBitsOf(who: number): number {
  return (
    ((who & 0o100) !== 0 ? 0o4000 : 0) | ((who & 0o010) !== 0 ? 0o2000 : 0) | ((who & 1) !== 0 ? 0o1000 : 0)
  );
}
