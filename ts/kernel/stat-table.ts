/**
 * Rows of file status, packed by the kernel (one row of 96 bytes a file, then the names and link
 * targets), so that a whole directory crosses from Rust to TypeScript as one buffer.
 *
 * Row layout, host byte order:
 *   f64 0 size | 1 mtime (whole seconds) | 2 atime (whole seconds) | 3 dev
 *   u32 8 ino low | 9 ino high | 10 mtime ns | 11 atime ns | 12 mode | 13 uid | 14 gid | 15 nlink
 *   u32 16 rdev major | 17 rdev minor | 18 errno | 19 name offset | 20 name length
 *   u32 21 link offset | 22 link length | 23 unused
 * Offsets count from the start of the buffer. A row with an errno has no other field but its name.
 */
import type { ByteString } from './kernel.ts';

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

/** Read access to packed status rows. */
export class StatTable {
  readonly count: number;
  private readonly bytes: Buffer;
  private readonly f64: Float64Array;
  private readonly u32: Uint32Array;

  /** `packed` starts on an 8-byte boundary of its ArrayBuffer and holds `count` rows, then names. */
  constructor(packed: Uint8Array, count: number) {
    this.count = count;
    this.bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    this.f64 = new Float64Array(packed.buffer, packed.byteOffset, count * F64);
    this.u32 = new Uint32Array(packed.buffer, packed.byteOffset, count * U32);
  }

  size(i = 0): number {
    return this.f64[i * F64];
  }
  mtime(i = 0): number {
    return this.f64[i * F64 + 1];
  }
  atime(i = 0): number {
    return this.f64[i * F64 + 2];
  }
  dev(i = 0): number {
    return this.f64[i * F64 + 3];
  }
  inoLow(i = 0): number {
    return this.u32[i * U32 + 8];
  }
  inoHigh(i = 0): number {
    return this.u32[i * U32 + 9];
  }
  mtimeNsec(i = 0): number {
    return this.u32[i * U32 + 10];
  }
  atimeNsec(i = 0): number {
    return this.u32[i * U32 + 11];
  }
  mode(i = 0): number {
    return this.u32[i * U32 + 12];
  }
  uid(i = 0): number {
    return this.u32[i * U32 + 13];
  }
  gid(i = 0): number {
    return this.u32[i * U32 + 14];
  }
  nlink(i = 0): number {
    return this.u32[i * U32 + 15];
  }
  rdevMajor(i = 0): number {
    return this.u32[i * U32 + 16];
  }
  rdevMinor(i = 0): number {
    return this.u32[i * U32 + 17];
  }
  errno(i = 0): number {
    return this.u32[i * U32 + 18];
  }
  name(i = 0): ByteString {
    const at = this.u32[i * U32 + 19];
    return this.bytes.toString('latin1', at, at + this.u32[i * U32 + 20]);
  }
  /** Where the name lies in `raw`. */
  nameOffset(i: number): number {
    return this.u32[i * U32 + 19];
  }
  nameLength(i: number): number {
    return this.u32[i * U32 + 20];
  }
  get raw(): Uint8Array {
    return this.bytes;
  }
  /** Target of a symbolic link, where it was asked for. */
  link(i = 0): ByteString {
    const at = this.u32[i * U32 + 21];
    return this.bytes.toString('latin1', at, at + this.u32[i * U32 + 22]);
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
