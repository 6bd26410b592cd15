import type { ByteString } from '../kernel/kernel.ts';
import type { FileList } from './file-list.ts';

/** The names that a list has in one directory. */
export interface NamesInDir {
  has(name: ByteString): boolean;
}

const none: NamesInDir = { has: () => false };

/** Names the file list has in each directory: a table of entries, made on first use of a list. */
export class ListedNames {
  private readonly tables = new WeakMap<FileList, NameTable>();

  /** The names that `list` has in `dir` (a path; `''` the top). */
  in(list: FileList, dir: ByteString): NamesInDir {
    let table = this.tables.get(list);
    if (table === undefined) {
      table = new NameTable(list);
      this.tables.set(list, table);
    }
    return table.in(dir);
  }
}

/** Entries by directory and name, in about eight bytes an entry; the names stay where the list has them. */
class NameTable {
  private readonly list: FileList;
  private readonly groups = new Map<ByteString, number>();
  /** The group of each directory of the list: several may have one path. */
  private readonly groupOf: Uint32Array;
  /** Entries plus one; 0 is free. */
  private readonly slots: Uint32Array;

  constructor(list: FileList) {
    this.list = list;
    this.groupOf = new Uint32Array(list.dirs.length);
    for (let d = 0; d < list.dirs.length; d++) {
      const { path } = list.dirs[d];
      let group = this.groups.get(path);
      if (group === undefined) {
        group = this.groups.size;
        this.groups.set(path, group);
      }
      this.groupOf[d] = group;
    }
    let size = 8;
    while (size < list.count + (list.count >> 1)) size *= 2;
    this.slots = new Uint32Array(size);
    for (let i = 0; i < list.count; i++) if (list.isActive(i)) this.add(i);
  }

  in(dir: ByteString): NamesInDir {
    const group = this.groups.get(dir);
    return group === undefined ? none : { has: (name) => this.has(group, name) };
  }

  private add(i: number): void {
    const { list, slots } = this;
    const { names } = list;
    const from = list.nameOffsetOf(i);
    const to = from + list.nameLengthOf(i);
    let hash = seed(this.groupOf[list.dirNumber(i)]);
    for (let at = from; at < to; at++) hash = mix(hash, names[at]);
    let slot = start(hash, slots.length);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = i + 1;
  }

  private has(group: number, name: ByteString): boolean {
    const { slots } = this;
    let hash = seed(group);
    for (let k = 0; k < name.length; k++) hash = mix(hash, name.charCodeAt(k));
    for (let slot = start(hash, slots.length); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1))
      if (this.isAt(slots[slot] - 1, group, name)) return true;
    return false;
  }

  private isAt(i: number, group: number, name: ByteString): boolean {
    const { list } = this;
    if (list.nameLengthOf(i) !== name.length || this.groupOf[list.dirNumber(i)] !== group) return false;
    const { names } = list;
    const from = list.nameOffsetOf(i);
    for (let k = 0; k < name.length; k++) if (names[from + k] !== name.charCodeAt(k)) return false;
    return true;
  }
}

// FNV-1a, scattered once more for the table: the names may be anybody's, but only their own list suffers.
function seed(group: number): number {
  return mix(0x811c9dc5, group);
}
function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193);
}
function start(hash: number, size: number): number {
  return ((hash ^ (hash >>> 15)) >>> 0) & (size - 1);
}
