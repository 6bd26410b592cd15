/**
 * Rows of file status, packed by the kernel (one row of 96 bytes a file, then the names and link
 * targets), so that a whole directory crosses from Rust to TypeScript as one buffer.
 *
 * Row layout, host byte order:
 *   f64 0 size | 1 mtime (whole seconds) | 2 atime (whole seconds) | 3 dev
 *   u32 8 ino low | 9 ino high | 10 mtime ns | 11 atime ns | 12 mode | 13 uid | 14 gid | 15 nlink
 *   u32 16 rdev major | 17 rdev minor | 18 errno | 19 name offset | 20 name length
 *   u32 21 link offset | 22 link length | 23 what it lacks (`Lacks`)
 * Offsets count from the start of the buffer. A row with an errno has no other field but its name.
 */
import type { ByteString } from './types.ts';

export const statRowBytes = 96;
const U32 = statRowBytes / 4;
const F64 = statRowBytes / 8;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** Bits of what was looked for beside a status (`Extra`) and is certainly not there. */
export const Lacks = { AccessAcl: 1, DefaultAcl: 2, Xattrs: 4 } as const;

/** What a row says instead. */
export interface StatEdit {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Target of a symbolic link. */
  readonly link?: ByteString;
}

/** Read access to packed status rows. */
export class StatTable {
  readonly count: number;
  private readonly bytes: Buffer;
  private readonly f64: Float64Array;
  private readonly u32: Uint32Array;

  /** The row of `bytes` that is row 0. */
  private readonly first: number;

  /**
   * `packed` starts on an 8-byte boundary of its ArrayBuffer and holds the rows, then names. `part`: this is
   * the part of that table which starts at row `first`.
   */
  constructor(packed: Uint8Array, count: number, part?: { of: StatTable; first: number }) {
    this.count = count;
    if (part !== undefined) {
      this.bytes = part.of.bytes;
      this.f64 = part.of.f64;
      this.u32 = part.of.u32;
      this.first = part.first;
      return;
    }
    this.bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    this.f64 = new Float64Array(packed.buffer, packed.byteOffset, count * F64);
    this.u32 = new Uint32Array(packed.buffer, packed.byteOffset, count * U32);
    this.first = 0;
  }

  /** `count` rows from row `first` on; texts and rows are not copied. */
  part(first: number, count: number): StatTable {
    return new StatTable(this.bytes, count, { of: this, first: this.first + first });
  }

  size(i = 0): number {
    return this.f64[(this.first + i) * F64];
  }
  mtime(i = 0): number {
    return this.f64[(this.first + i) * F64 + 1];
  }
  atime(i = 0): number {
    return this.f64[(this.first + i) * F64 + 2];
  }
  dev(i = 0): number {
    return this.f64[(this.first + i) * F64 + 3];
  }
  inoLow(i = 0): number {
    return this.u32[(this.first + i) * U32 + 8];
  }
  inoHigh(i = 0): number {
    return this.u32[(this.first + i) * U32 + 9];
  }
  mtimeNsec(i = 0): number {
    return this.u32[(this.first + i) * U32 + 10];
  }
  atimeNsec(i = 0): number {
    return this.u32[(this.first + i) * U32 + 11];
  }
  mode(i = 0): number {
    return this.u32[(this.first + i) * U32 + 12];
  }
  uid(i = 0): number {
    return this.u32[(this.first + i) * U32 + 13];
  }
  gid(i = 0): number {
    return this.u32[(this.first + i) * U32 + 14];
  }
  nlink(i = 0): number {
    return this.u32[(this.first + i) * U32 + 15];
  }
  rdevMajor(i = 0): number {
    return this.u32[(this.first + i) * U32 + 16];
  }
  rdevMinor(i = 0): number {
    return this.u32[(this.first + i) * U32 + 17];
  }
  errno(i = 0): number {
    return this.u32[(this.first + i) * U32 + 18];
  }
  name(i = 0): ByteString {
    const at = this.u32[(this.first + i) * U32 + 19];
    return this.bytes.toString('latin1', at, at + this.u32[(this.first + i) * U32 + 20]);
  }
  /** Bits of `Lacks`; 0 where that was not asked for or is not known. */
  lacks(i = 0): number {
    return this.u32[(this.first + i) * U32 + 23];
  }
  /** Copies of `rows`, without texts; below 0 is the number of an error, negated, instead of a row. */
  pick(rows: Int32Array): StatTable {
    const { u32 } = this;
    const to = new Uint32Array(rows.length * U32);
    for (let k = 0; k < rows.length; k++) {
      const at = k * U32;
      if (rows[k] < 0) to[at + 18] = -rows[k];
      else {
        const from = (this.first + rows[k]) * U32;
        for (let word = 0; word < 19; word++) to[at + word] = u32[from + word];
        to[at + 23] = u32[from + 23];
      }
    }
    return new StatTable(new Uint8Array(to.buffer), rows.length);
  }
  /** A copy of one row, without texts, of another mode. */
  withMode(row: number, mode: number): StatTable {
    const copy = this.pick(Int32Array.of(row));
    copy.u32[12] = mode;
    return copy;
  }
  /** As `withMode`, of another size. */
  withSize(row: number, size: number): StatTable {
    const copy = this.pick(Int32Array.of(row));
    copy.f64[0] = size;
    return copy;
  }
  /** A copy in which rows are as `edits` say; names and other rows stay. */
  edited(edits: ReadonlyMap<number, StatEdit>): StatTable {
    let texts = this.bytes.length;
    for (const { link = '' } of edits.values()) texts += link.length;
    const copy = Buffer.alloc(texts);
    this.bytes.copy(copy);
    const all = new StatTable(copy, this.count, {
      of: new StatTable(copy, this.first + this.count),
      first: this.first,
    });
    let at = this.bytes.length;
    for (const [row, { mode, uid, gid, rdevMajor, rdevMinor, link }] of edits) {
      all.u32.set([mode, uid, gid], (this.first + row) * U32 + 12);
      all.u32.set([rdevMajor, rdevMinor], (this.first + row) * U32 + 16);
      if (link === undefined) continue;
      at += copy.write(link, at, 'latin1');
      all.u32.set([at - link.length, link.length], (this.first + row) * U32 + 21);
    }
    return all;
  }
  /** Where the name lies in `raw`. */
  nameOffset(i: number): number {
    return this.u32[(this.first + i) * U32 + 19];
  }
  nameLength(i: number): number {
    return this.u32[(this.first + i) * U32 + 20];
  }
  get raw(): Uint8Array {
    return this.bytes;
  }
  /** Target of a symbolic link, where it was asked for. */
  link(i = 0): ByteString {
    const at = this.u32[(this.first + i) * U32 + 21];
    return this.bytes.toString('latin1', at, at + this.u32[(this.first + i) * U32 + 22]);
  }
  isDir(i = 0): boolean {
    return (this.mode(i) & S_IFMT) === S_IFDIR;
  }
  isRegular(i = 0): boolean {
    return (this.mode(i) & S_IFMT) === S_IFREG;
  }
  isLink(i = 0): boolean {
    return (this.mode(i) & S_IFMT) === S_IFLNK;
  }
}
