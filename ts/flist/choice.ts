/** Entries that a caller's function chooses, beside what rules leave out (docs/decisions/0057). */
import type { ByteString } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import { EntryFlag, type FileList } from './file-list.ts';

/** What is told of an entry to who chooses. */
export interface Candidate {
  /** Relative to the transfer, without a leading slash. */
  readonly path: ByteString;
  readonly mode: number;
  readonly size: number;
  /** Whole seconds, and the rest of them. */
  readonly mtime: number;
  readonly mtimeNsec: number;
  /** Of a symbolic link, where it was read; else ''. */
  readonly linkTarget: ByteString;
}

/** Who chooses. What either of them throws ends the run. */
export interface Choice {
  /** Whether an entry of the sources takes part. */
  takes(candidate: Candidate): boolean;
  /** Whether what the destination alone has is left as it is; undefined where nothing is (--delete-excluded). */
  readonly protects: ((candidate: Candidate) => boolean) | undefined;
}

/** An entry on the disk. */
export function candidateAt(
  path: ByteString,
  rows: StatTable,
  row: number,
  linkTarget: ByteString,
): Candidate {
  return {
    path: withoutSlash(path),
    mode: rows.mode(row),
    size: rows.size(row),
    mtime: rows.mtime(row),
    mtimeNsec: rows.mtimeNsec(row),
    linkTarget,
  };
}

/**
 * Marks what is not to take part of a sorted list that has come from another host: the list stays what it is, because its
 * entries go by their numbers. `isBelow`: it is the content of a directory that is marked.
 */
export function declineEntries(list: FileList, { takes }: Choice, isBelow: boolean): void {
  // Up to protocol 28 the content of a directory does not follow it at once: `d`, `d-a`, `d/x`.
  const left = new Set<ByteString>();
  for (let i = list.low; i <= list.high; i++) {
    if (!list.isActive(i)) continue;
    const path = list.path(i);
    const isLeft =
      isBelow || left.has(path.slice(0, path.lastIndexOf('/'))) || !isTaken(list, i, path, takes);
    if (!isLeft) continue;
    list.setFlag(i, EntryFlag.Declined);
    if (list.isDir(i)) left.add(path);
  }
}

function isTaken(list: FileList, i: number, path: ByteString, takes: Choice['takes']): boolean {
  // Neither the root nor parents of names are found by looking, and what is missing is nothing to choose.
  if (list.isDotDir(i) || list.flags(i) & EntryFlag.ImpliedDir || list.mode(i) === 0) return true;
  return takes({
    path: withoutSlash(path),
    mode: list.mode(i),
    size: list.size(i),
    mtime: list.mtime(i),
    mtimeNsec: list.mtimeNsec(i),
    linkTarget: list.isLink(i) ? list.linkTarget(i) : '',
  });
}

function withoutSlash(path: ByteString): ByteString {
  return path.startsWith('/') ? path.slice(1) : path;
}
