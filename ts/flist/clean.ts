import { EntryFlag, type FileList, type NameColumns, nameLength, nameOffset } from './file-list.ts';

/**
 * Finds entries of equal names in a sorted list (rsync's clean_flist). The receiving side keeps one of
 * them, a directory before anything else, and clears the others. The sending side keeps all, because the
 * peer may ask for any, and marks repeated directories `Duplicate`. `onDrop` is called before an entry is
 * cleared.
 */
export function cleanList(
  list: FileList,
  side: 'sender' | 'receiver',
  protocol: number,
  onDrop: (i: number) => void = () => {},
): void {
  const { count } = list;
  list.low = 0;
  list.high = count - 1;
  list.hasDuplicates = false;
  if (count < 2 || list.listing !== undefined) return;
  const columns = list.nameColumns();
  const typed = protocol >= 29;
  const groups = dirGroups(list);
  const facts = { list, columns, groups, typed };
  const items = typed && hasDirs(list) ? itemRanges(list, groups) : undefined;
  const drop = (i: number): void => {
    if (side === 'sender') return;
    onDrop(i);
    list.clear(i);
  };
  let kept = 0;
  for (let i = 1; i < count; i++) {
    const isDir = list.isDir(i);
    let same = -1;
    if (sameEntry(facts, kept, i)) same = kept;
    else if (isDir && items !== undefined && !list.isDotDir(i))
      same = findItem(list, columns, items, groups[list.dirNumber(i)], i);
    if (same < 0) {
      kept = i;
      continue;
    }
    list.hasDuplicates = true;
    if (!isDir) drop(i);
    else if (!list.isDir(same)) {
      drop(same);
      kept = i;
    } else if (side === 'sender') list.setFlag(i, EntryFlag.Duplicate);
    else {
      mergeFlags(list, same, i);
      drop(i);
    }
  }
  if (side === 'receiver') trimRange(list);
}

/** Moves `low` and `high` past cleared entries. */
export function trimRange(list: FileList): void {
  let low = 0;
  let high = list.count - 1;
  while (low <= high && !list.isActive(low)) low++;
  while (high >= low && !list.isActive(high)) high--;
  list.low = low;
  list.high = high;
}

function mergeFlags(list: FileList, into: number, from: number): void {
  const flags = list.flags(from);
  list.setFlag(into, flags & (EntryFlag.TopDir | EntryFlag.ContentDir));
  if ((flags & EntryFlag.ImpliedDir) === 0) list.clearFlag(into, EntryFlag.ImpliedDir);
}

/** Directory numbers that stand for the same name get the same value. */
function dirGroups(list: FileList): Uint32Array {
  const { dirs } = list;
  const groups = new Uint32Array(dirs.length);
  if (dirs.length === 1) return groups;
  const numbers = new Map<string, number>();
  for (let d = 0; d < dirs.length; d++) {
    const known = numbers.get(dirs[d].prefix) ?? numbers.size;
    numbers.set(dirs[d].prefix, known);
    groups[d] = known;
  }
  return groups;
}

/** What entries of a list are compared by. */
interface Facts {
  readonly list: FileList;
  readonly columns: NameColumns;
  readonly groups: Uint32Array;
  /** A directory and a file of one name are two entries. */
  readonly typed: boolean;
}

function sameEntry({ list, columns, groups, typed }: Facts, a: number, b: number): boolean {
  if (groups[list.dirNumber(a)] !== groups[list.dirNumber(b)]) return false;
  if (typed && list.isDir(a) !== list.isDir(b)) return false;
  return compare(columns, a, b) === 0;
}

function hasDirs(list: FileList): boolean {
  for (let i = list.count - 1; i >= 0; i--) if (list.isDir(i)) return true;
  return false;
}

/** Per directory group: where its entries that are no directories start and end. */
function itemRanges(list: FileList, groups: Uint32Array): Map<number, [number, number]> {
  const ranges = new Map<number, [number, number]>();
  for (let i = 0; i < list.count; ) {
    if (list.isDir(i)) {
      i++;
      continue;
    }
    const group = groups[list.dirNumber(i)];
    const from = i;
    while (i < list.count && !list.isDir(i) && groups[list.dirNumber(i)] === group) i++;
    ranges.set(group, [from, i]);
  }
  return ranges;
}

/** The entry of directory `i`'s name in its directory that is no directory; -1 if none. */
function findItem(
  list: FileList,
  columns: NameColumns,
  ranges: Map<number, [number, number]>,
  group: number,
  i: number,
): number {
  const range = ranges.get(group);
  if (range === undefined) return -1;
  let low = range[0];
  let high = range[1] - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(columns, middle, i);
    if (order < 0) low = middle + 1;
    else {
      if (order === 0) found = middle;
      high = middle - 1;
    }
  }
  // A duplicate may have been cleared; the first of its name is the one that was kept.
  return found >= 0 && list.isActive(found) ? found : -1;
}

function compare(columns: NameColumns, a: number, b: number): number {
  const { names } = columns;
  const atA = nameOffset(columns, a);
  const atB = nameOffset(columns, b);
  const lengthA = nameLength(columns, a);
  const lengthB = nameLength(columns, b);
  const shared = Math.min(lengthA, lengthB);
  for (let k = 0; k < shared; k++) {
    const order = names[atA + k] - names[atB + k];
    if (order !== 0) return order;
  }
  return lengthA - lengthB;
}
