/** Extended attributes: which are read and kept, lists of them, and how two lists differ (rsync's xattrs.c). */
import { ENODATA } from '../errno.ts';
import { SysError } from '../errors.ts';
import { Extra, type Xattrs } from '../kernel/kernel.ts';
import { Lacks } from '../kernel/stat-table.ts';
import type { ByteString } from '../kernel/types.ts';

/** Longer values go into lists as sums, and are sent when they are asked for (MAX_FULL_DATUM). */
export const longestWhole = 32;
/** Bytes of such a sum: MD5. */
export const xattrSumBytes = 16;

const userSpace = 'user.';
const systemSpace = 'system.';
/** Where rsync keeps what has no place of its own; its own attributes go on with `%`. */
export const rsyncSpace = 'user.rsync.';
export const fakeStatName = `${rsyncSpace}%stat`;
export const fakeAccessAclName = `${rsyncSpace}%aacl`;
export const fakeDefaultAclName = `${rsyncSpace}%dacl`;
const ownNames: readonly ByteString[] = [fakeStatName, fakeAccessAclName, fakeDefaultAclName];

/** One attribute. A long value may be known by its sum alone. */
export interface Xattr {
  readonly name: ByteString;
  /** Bytes of the value. */
  length: number;
  value: Uint8Array | undefined;
  /** Of a value longer than `longestWhole`. */
  readonly sum: Uint8Array | undefined;
  /** The sender's number of it, from 1 on. */
  readonly num: number;
  /** The generator has asked for the value, or found that it is there. */
  settled: boolean;
}
/** Sorted by name. */
export type XattrList = readonly Xattr[];

/** What decides which attributes are read and set. */
export interface XattrRules {
  readonly sender: boolean;
  /** How often -X was given; twice also copies rsync's own attributes. */
  readonly level: number;
  readonly user: 'plain' | 'root' | 'fake';
  /** Set where there are filter rules for attributes: they alone decide then, in place of name spaces. */
  readonly excludes: ((name: ByteString) => boolean) | undefined;
  readonly sum: (value: Uint8Array) => Uint8Array;
}

/** A system call on attributes that failed. */
export interface XattrTrouble {
  readonly call: 'list' | 'get' | 'set' | 'remove';
  /** '' for a list. */
  readonly name: ByteString;
  readonly errno: number;
}

/** Why the attributes of a path could not be read. */
export class XattrFailure extends Error {
  readonly trouble: XattrTrouble;
  constructor(trouble: XattrTrouble) {
    super('extended attributes');
    this.trouble = trouble;
  }
}

/** True for `user.rsync.%…`. */
function isOwn(name: ByteString): boolean {
  return name.startsWith(`${rsyncSpace}%`);
}

/** True where an attribute is none of our business; `writing`: when others are set or removed. */
export function passesOver(rules: XattrRules, name: ByteString, writing: boolean): boolean {
  if (rules.excludes !== undefined) return rules.excludes(name);
  const userOnly = !rules.sender && (writing ? rules.user !== 'root' : rules.user === 'plain');
  return userOnly ? !name.startsWith(userSpace) : name.startsWith(systemSpace);
}

/** True for what --fake-super notes by itself: no list has it, and it is not taken away with what is not listed. */
export function staysNoted(rules: XattrRules, name: ByteString): boolean {
  return rules.user === 'fake' && ownNames.includes(name);
}

/** Reads what is kept of a path's attributes; `lacks` are the bits of `Lacks` that are known. Throws `XattrFailure`. */
export function readXattrs(calls: Xattrs, path: ByteString, rules: XattrRules, lacks = 0): XattrList {
  if ((lacks & Lacks.Xattrs) !== 0) return [];
  const list: Omit<Xattr, 'num'>[] = [];
  for (const name of namesOf(calls, path)) {
    if (passesOver(rules, name, false)) continue;
    if (isOwn(name) && leavesOwn(rules, name)) continue;
    const value = xattrValue(calls, path, name);
    const sum = value.length > longestWhole ? rules.sum(value) : undefined;
    list.push({ name, length: value.length, value: sum ? undefined : value, sum, settled: false });
  }
  list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return list.map((xattr, k) => ({ ...xattr, num: k + 1 }));
}

/** The names of a path's attributes; none where its file system has no such thing. */
export function namesOf(calls: Xattrs, path: ByteString): readonly ByteString[] {
  return tried('list', '', () => {
    try {
      return calls.list(path);
    } catch (error) {
      if (error instanceof SysError && isUnsupported(error)) return [];
      throw error;
    }
  });
}

/** What is looked for beside a status (bits of `Extra`); ACLs are attributes where --fake-super notes them. */
export function extrasLookedFor(kept: { acls: boolean; xattrs: boolean }, user: XattrRules['user']): number {
  const noted = user === 'fake';
  return (kept.acls && !noted ? Extra.Acls : 0) | (kept.xattrs || (kept.acls && noted) ? Extra.Xattrs : 0);
}

/** The file system, or what lies at the path, has no attributes or ACLs. */
export function isUnsupported({ code }: SysError): boolean {
  return code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'ENOSYS';
}

export function xattrValue(calls: Xattrs, path: ByteString, name: ByteString): Uint8Array {
  const value = tried('get', name, () => calls.get(path, name));
  if (value === undefined) throw new XattrFailure({ call: 'get', name, errno: ENODATA });
  return value;
}

function tried<T>(call: XattrTrouble['call'], name: ByteString, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw new XattrFailure({ call, name, errno: error.errno });
  }
}

function leavesOwn(rules: XattrRules, name: ByteString): boolean {
  return (rules.sender && rules.level < 2) || (rules.user === 'fake' && ownNames.includes(name));
}

/**
 * The name under which a receiver keeps what a sender calls `name`; undefined where it does not. Who may not write
 * other name spaces keeps them below `user.rsync.` with --fake-super, and not at all without.
 */
export function keptName(rules: XattrRules, name: ByteString): ByteString | undefined {
  if (rules.excludes?.(name)) return undefined;
  let kept = name;
  if (rules.user !== 'root' && !name.startsWith(userSpace)) {
    if (rules.user === 'plain' && rules.excludes === undefined) return undefined;
    kept = rsyncSpace + name;
  }
  return rules.level < 2 && isOwn(kept) ? undefined : kept;
}

/** The name that a sender tells: with --fake-super what was kept below `user.rsync.` has its own again. */
export function toldName(rules: XattrRules, name: ByteString): ByteString {
  const hidden = rules.user === 'fake' && name.startsWith(rsyncSpace) && !isOwn(name);
  return hidden && name.length > rsyncSpace.length ? name.slice(rsyncSpace.length) : name;
}

/** Are both there with the same value? Long ones are compared by their sums. */
function same(a: Xattr, b: Xattr): boolean {
  if (a.length !== b.length) return false;
  const [left, right] = a.length > longestWhole ? [a.sum, b.sum] : [a.value, b.value];
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}

/** Do two lists differ (xattr_diff)? */
export function xattrsDiffer(wanted: XattrList, present: XattrList): boolean {
  return (
    wanted.length !== present.length ||
    wanted.some((one, k) => one.name !== present[k].name || !same(one, present[k]))
  );
}

/** The long values that are not here, and were not asked for yet. */
export function missingValues(wanted: XattrList, present: XattrList): Xattr[] {
  return wanted.filter((one) => {
    if (one.length <= longestWhole || one.settled) return false;
    const there = present.find(({ name }) => name === one.name);
    return there === undefined || !same(one, there);
  });
}

/** The lists of a run: entries of file lists name them by their place (see `AclTable`). */
export class XattrTable {
  private readonly lists: XattrList[] = [];
  private readonly places = new Map<string, number>();

  get count(): number {
    return this.lists.length;
  }
  /** The list at a place; empty below 0. */
  at(place: number): XattrList {
    return this.lists[place] ?? [];
  }
  find(list: XattrList): number {
    const key = list.map(keyOf).join('\0');
    const known = this.places.get(key);
    if (known !== undefined) return known;
    this.places.set(key, this.lists.length);
    return this.add(list);
  }
  add(list: XattrList): number {
    return this.lists.push(list) - 1;
  }
}

function keyOf({ name, length, value, sum }: Xattr): string {
  const known = Buffer.from(sum ?? value ?? new Uint8Array(0)).toString('latin1');
  return `${name}\0${length}:${known.length}:${known}`;
}
