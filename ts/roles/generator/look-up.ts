import type { SysError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import { type ByteString, isSame, type LookedUp, type Tree } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { ENOENT } from '../../report/messages.ts';
import type { Generator } from './state.ts';
import { SumBatch } from './sum-files.ts';

/** Entries `from .. to` of a list, in consecutive rows from `row` on. */
interface Stretch {
  /** How many come before it. */
  readonly number: number;
  readonly list: FileList;
  readonly from: number;
  readonly to: number;
  readonly row: number;
}

/** One look at the destination for entries that follow each other, in one or several lists. */
export class LookUp {
  private readonly gen: Generator;
  private readonly stretches: Stretch[] = [];
  /** Each list has one at most. */
  private readonly stretchOf = new Map<FileList, Stretch>();
  /** The records of all entries lie one behind the other. */
  private inOnePlace = true;
  /** Directories of which all content is looked at, each that of the stretch with its number. */
  private places: ByteString[] | undefined;
  private found: StatTable | undefined;
  private others: Uint32Array | undefined;
  private nextOtherAt = 0;
  private extras: LookedUp['extras'] = [];
  /** With --checksum: what the kernel said of each row, or the digests of those that were worth hashing. */
  private same: Uint8Array | undefined;
  private sums: Uint8Array | undefined;
  private sumAt: Int32Array | undefined;
  private sumBytes = 0;
  private pending: Promise<void> | undefined;
  private failure: unknown;
  count = 0;

  constructor(gen: Generator) {
    this.gen = gen;
  }

  /** Adds entries behind those that are there. */
  add(list: FileList, from: number, to: number): void {
    this.inOnePlace &&= this.continues(list, from);
    const stretch = { number: this.stretches.length, list, from, to, row: this.count };
    this.stretches.push(stretch);
    this.stretchOf.set(list, stretch);
    this.count += to - from;
  }

  /** Adds a whole list, and asks for what else lies in its directory. */
  addAll(list: FileList, place: ByteString): void {
    this.places ??= [];
    this.places.push(place === '.' ? '' : place);
    this.add(list, 0, list.count);
  }

  /** True where the records of these entries follow those that are there, so that one call can look at both. */
  continues(list: FileList, from: number): boolean {
    const last = this.stretches[this.stretches.length - 1];
    return last === undefined || last.list.leadsTo(last.to - 1, list, from);
  }

  get lists(): number {
    return this.stretches.length;
  }

  /** Starts; `now` looks without another thread, or in what was read of the directory. */
  start(now: boolean, read?: StatTable): void {
    const { checksum } = this.gen.rules;
    const compares = read === undefined && this.compares();
    if (now && !compares) {
      this.found = read === undefined ? this.look() : this.pick(read);
      if (!checksum) return;
    }
    const work = async (): Promise<void> => {
      this.found ??= await this.lookAside();
      if (checksum && !compares) await this.hash(this.found);
    };
    // A failure is thrown where the result is used; it may never be.
    this.pending = work().then(
      () => {
        this.pending = undefined;
      },
      (error: unknown) => {
        this.failure = error;
        this.pending = undefined;
      },
    );
  }

  /** Resolves when `table` and `sum` can be used; undefined when they can. */
  get settled(): Promise<void> | undefined {
    return this.pending;
  }

  get table(): StatTable {
    if (this.found === undefined || this.failure !== undefined) throw this.failure;
    return this.found;
  }

  /** The first row from `row` on whose entry needs something; rows are asked for in order. */
  nextOther(row: number): number {
    const { others } = this;
    if (others === undefined) return row;
    while (this.nextOtherAt < others.length && others[this.nextOtherAt] < row) this.nextOtherAt++;
    return this.nextOtherAt < others.length ? others[this.nextOtherAt] : this.count;
  }

  /** What else lies in the directory of a list that was added with `addAll`, or why that is unknown. */
  extrasOf(list: FileList): StatTable | SysError | undefined {
    if (this.failure !== undefined) throw this.failure;
    const stretch = this.stretchOf.get(list);
    return stretch && this.extras[stretch.number];
  }

  /** The --checksum digest of what lies at a row, or whether it is the source's; undefined where it cannot be. */
  sum(row: number): Uint8Array | boolean | undefined {
    if (this.same !== undefined) return this.same[row] === 0 ? undefined : this.same[row] === isSame;
    if (this.sums === undefined || this.sumAt === undefined) return undefined;
    const at = this.sumAt[row];
    return at < 0 ? undefined : this.sums.subarray(at, at + this.sumBytes);
  }

  /** The row of an entry; -1 where this is not about it. */
  rowOf(list: FileList, i: number): number {
    const stretch = this.stretchOf.get(list);
    if (stretch === undefined || i < stretch.from || i >= stretch.to) return -1;
    return stretch.row + i - stretch.from;
  }
  /** True where this is about entries of a list. */
  has(list: FileList): boolean {
    return this.stretchOf.has(list);
  }
  /** Where the entries of `list` end. */
  endOf(list: FileList): number {
    return this.stretchOf.get(list)?.to ?? 0;
  }
  /** True when all entries come before entry `i` of `list`. */
  isBefore(list: FileList, i: number): boolean {
    const last = this.stretches[this.stretches.length - 1];
    return last.list === list ? last.to <= i : last.list.ndxStart < list.ndxStart;
  }

  /** True where one call looks up and compares with the sender's own files. */
  private compares(): boolean {
    const { rules, sourceRoots, destination } = this.gen;
    return (
      rules.checksum &&
      this.inOnePlace &&
      sourceRoots?.length === 1 &&
      destination.tree.lookUpAsync !== undefined
    );
  }

  /** Without another thread. */
  private look(): StatTable {
    const { tree } = this.gen.destination;
    if (this.inOnePlace && tree.lookUp !== undefined) return this.take(tree.lookUp(this.runs()));
    const [{ list, from, to }] = this.stretches;
    const names: ByteString[] = [];
    for (let i = from; i < to; i++) names.push(list.basename(i));
    return tree.lstatMany(list.dirname(from), names, this.gen.ctx.extras?.lookFor);
  }

  private pick(read: StatTable): StatTable {
    const byName = new Map<ByteString, number>();
    for (let row = 0; row < read.count; row++) byName.set(read.name(row), row);
    const rows = new Int32Array(this.count);
    let at = 0;
    for (const { list, from, to } of this.stretches)
      for (let i = from; i < to; i++) rows[at++] = byName.get(list.basename(i)) ?? -ENOENT;
    return read.pick(rows);
  }

  private async lookAside(): Promise<StatTable> {
    const { tree } = this.gen.destination;
    if (this.inOnePlace && tree.lookUpAsync !== undefined)
      return this.take(await tree.lookUpAsync(this.runs()));
    let bytes = 0;
    for (const { list, from, to } of this.stretches)
      for (let i = from; i < to; i++) bytes += list.nameLengthOf(i);
    const names = new Uint8Array(bytes);
    const runs = new Uint32Array(this.count * 3);
    const dirs: ByteString[] = [];
    let last: unknown;
    let at = 0;
    let word = 0;
    for (const { list, from, to } of this.stretches)
      for (let i = from; i < to; i++) {
        const dir = list.dir(i);
        if (dir !== last) {
          dirs.push(dir.path);
          last = dir;
        }
        runs[word++] = dirs.length - 1;
        runs[word++] = at;
        at += runs[word++] = list.copyName(i, names, at);
      }
    return tree.lstatRuns({ dirs, names, runs }, this.gen.ctx.extras?.lookFor);
  }

  private take({ rows, others, same, extras }: LookedUp): StatTable {
    this.others = others;
    if (same.length > 0) this.same = same;
    this.extras = extras;
    return rows;
  }

  /** All entries, by their records. */
  private runs() {
    const { stretches, places } = this;
    const dirs: ByteString[] = places ?? [];
    const counts: number[] = [];
    for (const { list, from, to } of stretches) {
      if (places !== undefined) {
        counts.push(to - from);
        continue;
      }
      for (let i = from; i < to; ) {
        const start = i;
        const dir = list.dirNumber(i);
        if (list.listing !== undefined) i = to;
        else while (i < to && list.dirNumber(i) === dir) i++;
        dirs.push(list.dir(start).path);
        counts.push(i - start);
      }
    }
    const [{ list, from }] = stretches;
    const { rules, sourceRoots, wanted, ctx } = this.gen;
    const compare = this.compares()
      ? { source: (sourceRoots as readonly Tree[])[0], digest: ctx.negotiated.fileDigest }
      : undefined;
    return {
      dirs,
      counts: Uint32Array.from(counts),
      records: list.recordBytes(from, from + this.count),
      names: list.names,
      // Without a comparison of contents nothing can be passed over.
      wanted:
        wanted === undefined || (rules.checksum && compare === undefined)
          ? undefined
          : { ...wanted, targets: stretches.every(({ list }) => list.hasTargetsInPlace) },
      lookFor: ctx.extras?.lookFor ?? 0,
      extras: places !== undefined,
      compare,
    };
  }

  private async hash(table: StatTable): Promise<void> {
    const batch = new SumBatch();
    const rows: number[] = [];
    for (const { list, from, to, row: first } of this.stretches)
      for (let i = from; i < to; i++) {
        const row = first + i - from;
        if (!list.isRegular(i) || table.errno(row) !== 0 || !table.isRegular(row)) continue;
        if (table.size(row) !== list.size(i)) continue;
        rows.push(row);
        batch.add(list, i);
      }
    if (batch.count === 0) return;
    this.sums = await batch.sum(this.gen);
    this.sumBytes = this.sums.length / batch.count;
    this.sumAt = new Int32Array(this.count).fill(-1);
    for (let k = 0; k < rows.length; k++) this.sumAt[rows[k]] = k * this.sumBytes;
  }
}
