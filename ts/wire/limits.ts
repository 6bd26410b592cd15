/**
 * What a peer may make us hold, in one place.
 *
 * What comes in pieces is used as it comes and needs no limit. What has to be there as a whole has one: of the
 * protocol's own, or --max-alloc for what grows with the files. Names, link targets and rules are bounded where
 * they are decoded, by `maxPath`; a file list by `FileList`.
 */
import { Msg } from './constants.ts';

/** Bytes that rsync takes for a block sum, by which it counts them against --max-alloc. */
const blockSumBytes = 24;
/** Bytes of a message's text; rsync has no room for more. */
export const longestText = 4096 + 1024 - 1;
/** Bytes of a filter rule with its prefix. */
export const longestRule = 4096 + 1024;
/** One of the five counters of deletions. */
export const mostDeleted = 1 << 28;

/** Extended attributes of one entry, bytes of a name, of a value, and of all of an entry. */
export const mostXattrs = 65536;
export const longestXattrName = 4096;
export const longestXattrValue = 128 * 1024 * 1024;
export const longestXattrList = 512 * 1024 * 1024;
/** Msg.Success between processes of one machine: an index, and the inode that is in place now. */
export const inPlaceBytes = 4 + 8 + 8;
/** Users and groups that an ACL names. */
export const mostAclNames = 65536;

/** True where so many block sums are more than --max-alloc lets one basis have; 0 is no limit. */
export function areTooManySums(count: number, strongLength: number, maxAlloc: number): boolean {
  if (maxAlloc === 0) return false;
  return count >= Math.floor(maxAlloc / blockSumBytes) || count * strongLength >= maxAlloc;
}

/** How rsync's row of the entries of a list grows: from so many, by what factor, and at last by how many. */
const firstEntries = 32;
const manyEntries = 2048;
const linearEntries = 1 << 24;
/** Bytes of an entry in that row. */
const pointerBytes = 8;

/** Entries that a list may have where rsync's row of them keeps to --max-alloc; 0 is no limit. */
export function mostEntries(maxAlloc: number): number {
  if (maxAlloc === 0) return Number.POSITIVE_INFINITY;
  const tooMany = Math.floor(maxAlloc / pointerBytes);
  let most = 0;
  for (let next = firstEntries; next < tooMany; next = grownRow(next)) most = next;
  return most;
}

function grownRow(entries: number): number {
  if (entries >= linearEntries) return entries + linearEntries;
  return entries * (entries < manyEntries ? 4 : 2);
}

/** What is wrong with a message of this tag and length, before any of it is taken. */
export function messageProblem(tag: number, length: number): 'invalid' | 'overflow' | undefined {
  switch (tag) {
    case Msg.Noop:
      return length === 0 ? undefined : 'invalid';
    case Msg.IoError:
    case Msg.IoTimeout:
    case Msg.NoSend:
    case Msg.Redo:
      return length === 4 ? undefined : 'invalid';
    case Msg.Success:
      return length === 4 || length === inPlaceBytes ? undefined : 'invalid';
    case Msg.ErrorExit:
      return length === 0 || length === 4 ? undefined : 'invalid';
    default:
      return length > longestText ? 'overflow' : undefined;
  }
}
