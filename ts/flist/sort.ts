import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { type FileList, type NameColumns, nameLength, nameOffset } from './file-list.ts';
import { sortByName } from './sort-names.ts';

/**
 * Puts a list into the order that both ends of the wire give it (rsync's f_name_cmp); entries of equal
 * names keep theirs. From protocol 29 on: in a directory everything that is not a directory comes first,
 * then each subdirectory, followed by all that is in it; the name of a directory counts as ending in a
 * slash, and `.` comes before everything. Protocol 28 compares whole paths byte by byte. Returns which
 * index each entry had before; `undefined` when none moved. `sortEntries`: the kernel's, where it has one.
 */
export function sortList(
  list: FileList,
  protocol: number,
  sortEntries?: Kernel['sortEntries'],
): Uint32Array | undefined {
  if (list.listing !== undefined) return undefined;
  if (list.count < 2) {
    list.reorder(undefined);
    return undefined;
  }
  uniteDirs(list);
  if (sortEntries !== undefined && protocol >= 29 && list.dirs.length === 1)
    return list.sortWith(sortEntries);
  const order = protocol >= 29 ? treeOrder(list) : pathOrder(list);
  list.reorder(order);
  return order;
}

/** The order of two names in one directory, as `sortList` has it. */
export function compareSiblings(
  a: ByteString,
  aIsDir: boolean,
  b: ByteString,
  bIsDir: boolean,
  protocol: number,
): number {
  if (protocol < 29) return compareStrings(a, b);
  const aDir = aIsDir && a !== '.';
  const bDir = bIsDir && b !== '.';
  if (aDir !== bDir) return aDir ? 1 : -1;
  if (aDir) return compareStrings(`${a}/`, `${b}/`);
  return compareStrings(aIsDir ? '' : a, bIsDir ? '' : b);
}

function compareStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The entries that lie in one directory, before and after sorting. */
interface Group {
  readonly prefix: ByteString;
  /** `.` itself (rarely more than one). */
  readonly dots: number[];
  readonly items: Uint32Array;
  readonly subdirs: Uint32Array;
}

/** Gives entries of one directory the same directory number. */
function uniteDirs(list: FileList): void {
  const { dirs } = list;
  if (dirs.length < 2) return;
  const seen = new Map<string, number>();
  const united = new Uint32Array(dirs.length);
  let duplicates = 0;
  for (let d = 0; d < dirs.length; d++) {
    // The same name below two sources is one directory of the transfer, but must be read from its own.
    const key = `${dirs[d].root}:${dirs[d].prefix}`;
    const known = seen.get(key);
    united[d] = known ?? d;
    if (known === undefined) seen.set(key, d);
    else duplicates++;
  }
  if (duplicates > 0) for (let i = 0; i < list.count; i++) list.setDirNumber(i, united[list.dirNumber(i)]);
}

function treeOrder(list: FileList): Uint32Array | undefined {
  if (list.dirs.length === 1) return siblingOrder(list);
  const columns = list.nameColumns();
  const groups = groupByDir(list);
  for (const group of groups.values()) {
    sortByName(group.items, columns, false);
    sortByName(group.subdirs, columns, true);
  }
  const order = new Uint32Array(list.count);
  let at = 0;
  const putItems = (group: Group): void => {
    for (const dot of group.dots) order[at++] = dot;
    order.set(group.items, at);
    at += group.items.length;
  };
  if (groups.size === 1) {
    for (const group of groups.values()) {
      putItems(group);
      order.set(group.subdirs, at);
    }
    return order;
  }

  const placed = new Set<Group>();
  const putTree = (group: Group): void => {
    placed.add(group);
    putItems(group);
    const { subdirs } = group;
    for (let k = 0; k < subdirs.length; k++) {
      order[at++] = subdirs[k];
      const name = list.basename(subdirs[k]);
      // Directories of equal names stand together, before what is in any of them.
      if (k + 1 < subdirs.length && sameName(subdirs[k], subdirs[k + 1], columns)) continue;
      const content = groups.get(`${group.prefix}${name}/`);
      if (content !== undefined) putTree(content);
    }
  };
  const root = groups.get('');
  if (root !== undefined) putTree(root);
  return placed.size === groups.size ? order : orderByKeys(list, groups);
}

/** The order of a list whose entries all lie in one directory; undefined where they have it. */
function siblingOrder(list: FileList): Uint32Array | undefined {
  const { count } = list;
  const columns = list.nameColumns();
  const order = new Uint32Array(count);
  let dots = 0;
  let items = 0;
  for (let i = 0; i < count; i++)
    if (!list.isDir(i)) items++;
    else if (list.isDotDir(i)) dots++;
  let dot = 0;
  let item = dots;
  let dir = dots + items;
  for (let i = 0; i < count; i++) order[!list.isDir(i) ? item++ : list.isDotDir(i) ? dot++ : dir++] = i;
  sortByName(order.subarray(dots, dots + items), columns, false);
  sortByName(order.subarray(dots + items), columns, true);
  for (let k = 0; k < count; k++) if (order[k] !== k) return order;
  return undefined;
}

/** The general case, where parents of entries are not in the list (--relative, --no-implied-dirs). */
function orderByKeys(list: FileList, groups: ReadonlyMap<string, Group>): Uint32Array {
  const nodes: { key: ByteString; group: Group | undefined; entry: number }[] = [];
  for (const group of groups.values()) {
    for (const entry of group.subdirs)
      nodes.push({ key: `${group.prefix}${list.basename(entry)}/`, group: undefined, entry });
    nodes.push({ key: group.prefix, group, entry: -1 });
  }
  nodes.sort((a, b) => {
    if (a.key !== b.key) return a.key < b.key ? -1 : 1;
    if ((a.group === undefined) !== (b.group === undefined)) return a.group === undefined ? -1 : 1;
    return a.entry - b.entry;
  });
  const order = new Uint32Array(list.count);
  let at = 0;
  for (const { group, entry } of nodes) {
    if (group === undefined) order[at++] = entry;
    else {
      for (const dot of group.dots) order[at++] = dot;
      order.set(group.items, at);
      at += group.items.length;
    }
  }
  return order;
}

/** Groups by the directory's name (sources may share names), each in order of arrival. */
function groupByDir(list: FileList): Map<string, Group> {
  const { dirs, count } = list;
  const numbers = new Map<string, number>();
  const groupOf = new Uint32Array(dirs.length);
  for (let d = 0; d < dirs.length; d++) {
    const known = numbers.get(dirs[d].prefix);
    groupOf[d] = known ?? numbers.size;
    if (known === undefined) numbers.set(dirs[d].prefix, numbers.size);
  }
  const itemCounts = new Uint32Array(numbers.size);
  const dirCounts = new Uint32Array(numbers.size);
  for (let i = 0; i < count; i++) {
    const g = groupOf[list.dirNumber(i)];
    if (!list.isDir(i)) itemCounts[g]++;
    else if (!list.isDotDir(i)) dirCounts[g]++;
  }
  const all: Group[] = [];
  const groups = new Map<string, Group>();
  for (const [prefix, g] of numbers) {
    const group = {
      prefix,
      dots: [],
      items: new Uint32Array(itemCounts[g]),
      subdirs: new Uint32Array(dirCounts[g]),
    };
    all.push(group);
    groups.set(prefix, group);
  }
  itemCounts.fill(0);
  dirCounts.fill(0);
  for (let i = 0; i < count; i++) {
    const g = groupOf[list.dirNumber(i)];
    if (!list.isDir(i)) all[g].items[itemCounts[g]++] = i;
    else if (list.isDotDir(i)) all[g].dots.push(i);
    else all[g].subdirs[dirCounts[g]++] = i;
  }
  return groups;
}

function sameName(a: number, b: number, columns: NameColumns): boolean {
  const { names } = columns;
  const n = nameLength(columns, a);
  if (n !== nameLength(columns, b)) return false;
  const atA = nameOffset(columns, a);
  const atB = nameOffset(columns, b);
  for (let k = 0; k < n; k++) if (names[atA + k] !== names[atB + k]) return false;
  return true;
}

function pathOrder(list: FileList): Uint32Array {
  const paths: ByteString[] = [];
  for (let i = 0; i < list.count; i++) paths.push(list.path(i));
  const order = new Uint32Array(list.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => (paths[a] < paths[b] ? -1 : paths[a] > paths[b] ? 1 : a - b));
}
