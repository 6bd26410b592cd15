import { type BigIntStats, lstatSync, readlinkSync, statSync } from 'node:fs';
import type { ByteString } from '../../kernel.ts';
import { S_IFLNK, S_IFMT, StatTable, statRowBytes } from '../../stat-table.ts';
import { asSysError } from '../sys-error.ts';
import { bytesOf } from './directory.ts';

const billion = 1_000_000_000n;

/** Collects rows and packs them as `StatTable` describes. */
export class StatRows {
  private readonly numbers: number[] = [];
  private readonly texts: ByteString[] = [];
  private count = 0;
  /** Rows without a failure. */
  found = 0;

  /** Stats `path` for the entry `name`; a failure is kept in the row. */
  add(path: Buffer, name: ByteString, options: { follow?: boolean; links?: boolean } = {}): void {
    try {
      const stat = options.follow === true ? followed(path) : lstatSync(path, { bigint: true });
      const isLink = (Number(stat.mode) & S_IFMT) === S_IFLNK;
      const link = options.links === true && isLink ? readlinkSync(path, { encoding: 'latin1' }) : '';
      this.addStat(stat, name, link);
    } catch (error) {
      this.addErrno(asSysError(error, 'lstat').errno, name);
    }
  }

  addStat(stat: BigIntStats, name: ByteString, link: ByteString): void {
    const mtime = seconds(stat.mtimeNs);
    const atime = seconds(stat.atimeNs);
    this.numbers.push(
      Number(stat.size),
      mtime,
      atime,
      Number(stat.dev),
      Number(stat.ino & 0xffff_ffffn),
      Number((stat.ino >> 32n) & 0xffff_ffffn),
      Number(stat.mtimeNs - BigInt(mtime) * billion),
      Number(stat.atimeNs - BigInt(atime) * billion),
      Number(stat.mode),
      Number(stat.uid),
      Number(stat.gid),
      Number(stat.nlink),
      major(stat.rdev),
      minor(stat.rdev),
      0,
    );
    this.texts.push(name, link);
    this.count++;
    this.found++;
  }

  addErrno(errno: number, name: ByteString): void {
    for (let i = 0; i < fields - 1; i++) this.numbers.push(0);
    this.numbers.push(errno);
    this.texts.push(name, '');
    this.count++;
  }

  pack(): StatTable {
    let textBytes = 0;
    for (const text of this.texts) textBytes += text.length;
    const packed = Buffer.from(new ArrayBuffer(this.count * statRowBytes + textBytes));
    const f64 = new Float64Array(packed.buffer, 0, this.count * (statRowBytes / 8));
    const u32 = new Uint32Array(packed.buffer, 0, this.count * (statRowBytes / 4));
    let textAt = this.count * statRowBytes;
    for (let row = 0; row < this.count; row++) {
      const from = row * fields;
      for (let i = 0; i < wideFields; i++) f64[row * (statRowBytes / 8) + i] = this.numbers[from + i];
      const at = row * (statRowBytes / 4) + 2 * wideFields;
      for (let i = wideFields; i < fields; i++) u32[at + i - wideFields] = this.numbers[from + i];
      let field = at + fields - wideFields;
      for (let i = 0; i < 2; i++) {
        const text = this.texts[2 * row + i];
        packed.write(text, textAt, 'latin1');
        u32[field++] = textAt;
        u32[field++] = text.length;
        textAt += text.length;
      }
    }
    return new StatTable(packed, this.count);
  }
}

/** Numbers of a row before its texts; the first of them are doubles. */
const fields = 15;
const wideFields = 4;

/** One row, or the `SysError` of the call. */
export function statRow(path: ByteString, stat: BigIntStats): StatTable {
  const rows = new StatRows();
  rows.addStat(stat, path, '');
  return rows.pack();
}

/** What a path leads to, or, where a link dangles, the link itself. */
function followed(path: Buffer): BigIntStats {
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? lstatSync(path, { bigint: true });
}

/** Whole seconds, rounded down before 1970 too. */
function seconds(ns: bigint): number {
  const whole = ns / billion;
  return Number(ns % billion < 0n ? whole - 1n : whole);
}

/** The parts of Linux's device numbers; elsewhere eight bits of minor number. */
function major(dev: bigint): number {
  if (process.platform !== 'linux') return Number((dev >> 24n) & 0xffn);
  return Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xffff_f000n));
}
function minor(dev: bigint): number {
  if (process.platform !== 'linux') return Number(dev & 0xff_ffffn);
  return Number((dev & 0xffn) | ((dev >> 12n) & 0xffff_ff00n));
}

/** The path of an entry of a directory that was resolved. */
export function entryOf(directory: Buffer, name: ByteString): Buffer {
  return Buffer.concat([directory, bytesOf(`/${name}`)]);
}
