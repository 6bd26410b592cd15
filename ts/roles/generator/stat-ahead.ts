import type { FileList } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { ENOENT } from '../../report/messages.ts';
import type { Generator } from './state.ts';

/** Entries of one directory that are looked up by one kernel call. */
const runLength = 512;

/**
 * Looks up what the destination has, a run of entries of one directory at a time. With --checksum the files
 * whose size agrees are hashed on the way, all of a run at once.
 */
export class StatAhead {
  private readonly gen: Generator;
  private list: FileList | undefined;
  private from = 0;
  private to = 0;
  private table: StatTable | undefined;
  private sums: Uint8Array | undefined;
  private sumAt = new Int32Array(runLength);
  private sumBytes = 0;

  constructor(gen: Generator) {
    this.gen = gen;
  }

  /** True when `i` is in the run at hand; else `advance` first. */
  has(list: FileList, i: number): boolean {
    return this.list === list && i >= this.from && i < this.to;
  }

  /** Looks up the run that starts at `i`. */
  advance(list: FileList, i: number): Promise<void> | undefined {
    const dir = list.dir(i);
    const fresh = dir.path === this.gen.freshDir;
    const names: ByteString[] = [];
    let k = i;
    for (; k < list.count && k - i < runLength && list.dir(k) === dir; k++)
      if (!fresh) names.push(list.basename(k));
    this.list = list;
    this.from = i;
    this.to = k;
    this.sums = undefined;
    this.table = fresh ? undefined : this.gen.destination.tree.lstatMany(dir.path, names);
    if (fresh) return undefined;
    return this.gen.rules.checksum ? this.hash(list, dir.prefix, names) : undefined;
  }

  /** The table of the run, where there is anything; the row of entry `i` is `i - first`. */
  get rows(): StatTable {
    return this.table as StatTable;
  }
  /** Why row `row` is not there; 0 when it is. */
  errno(row: number): number {
    return this.table === undefined ? ENOENT : this.table.errno(row);
  }
  get first(): number {
    return this.from;
  }

  /** The --checksum digest of what lies at entry `i`; undefined where it was not worth hashing or failed. */
  sum(i: number): Uint8Array | undefined {
    if (this.sums === undefined) return undefined;
    const at = this.sumAt[i - this.from];
    return at < 0 ? undefined : this.sums.subarray(at, at + this.sumBytes);
  }

  private async hash(list: FileList, prefix: ByteString, names: readonly ByteString[]): Promise<void> {
    const table = this.table as StatTable;
    const paths: ByteString[] = [];
    const rows: number[] = [];
    this.sumAt.fill(-1);
    for (let row = 0; row < names.length; row++) {
      const i = this.from + row;
      if (!list.isRegular(i) || table.errno(row) !== 0 || !table.isRegular(row)) continue;
      if (table.size(row) !== list.size(i)) continue;
      rows.push(row);
      paths.push(prefix + names[row]);
    }
    if (paths.length === 0) return;
    const { status, sums } = await this.gen.destination.tree.fileSums(
      paths,
      this.gen.ctx.negotiated.fileDigest,
    );
    this.sums = sums;
    this.sumBytes = sums.length / paths.length;
    for (let k = 0; k < rows.length; k++) if (status[k] === 0) this.sumAt[rows[k]] = k * this.sumBytes;
  }
}
