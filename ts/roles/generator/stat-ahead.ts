import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { ENOENT } from '../../report/messages.ts';
import { LookUp } from './look-up.ts';
import type { Generator } from './state.ts';

/** Entries of one directory that are looked up at once. */
const runLength = 512;
/** Fewer are not worth another thread. */
const fewest = 24;
/** Calls that are under way ahead of the entry at hand. */
const callsAhead = 2;

/**
 * Looks up what the destination has: the entries at hand, and on another thread the ones that come next.
 * With --checksum the files whose size agrees are hashed on the way.
 */
export class StatAhead {
  private readonly gen: Generator;
  /** What may become another while it waits to be used is not looked up ahead. */
  private readonly looksAhead: boolean;
  private readonly nowhere: boolean;
  /** Calls for what comes after the entry at hand, in order. */
  private calls: LookUp[] = [];
  /** Where the next call starts. */
  private nextList: FileList | undefined;
  private nextIndex = 0;

  private list: FileList | undefined;
  private from = 0;
  private to = 0;
  private call: LookUp | undefined;
  private base = 0;

  constructor(gen: Generator) {
    const { options } = gen.ctx;
    this.gen = gen;
    this.nowhere = gen.destination.missing || options.listOnly;
    this.looksAhead =
      !options.backup && options.partialDir === '' && (!options.relative || options.impliedDirs);
  }

  /** True when `i` is in the run at hand; else `advance` first. */
  has(list: FileList, i: number): boolean {
    return this.list === list && i >= this.from && i < this.to;
  }

  /** Goes to the run that starts at `i`. */
  advance(list: FileList, i: number): Promise<void> | undefined {
    const dir = list.dir(i);
    const { freshDir, dryMissingBelow } = this.gen;
    let to = i + 1;
    while (to < list.count && to - i < runLength && list.dir(to) === dir) to++;
    this.list = list;
    this.from = i;
    this.to = to;
    this.call = undefined;
    if (
      this.nowhere ||
      dir.path === freshDir ||
      (dryMissingBelow !== undefined && dir.prefix.startsWith(dryMissingBelow))
    )
      return undefined;
    let call = this.callFor(list, i);
    if (call === undefined) {
      call = new LookUp(this.gen);
      call.add(list, i, to);
      call.start(to - i < fewest);
      if (this.calls.length === 0) {
        this.nextList = list;
        this.nextIndex = to;
      }
    }
    if (this.looksAhead) this.lookAhead();
    this.call = call;
    this.base = call.rowOf(list, i) - i;
    this.to = Math.min(to, call.endOf(list));
    return call.settled;
  }

  /** The table of the run, where there is anything; the row of entry `i` is `rowOf(i)`. */
  get rows(): StatTable {
    return (this.call as LookUp).table;
  }
  rowOf(i: number): number {
    return this.base + i;
  }
  /** Why entry `i` is not there; 0 when it is. */
  errno(i: number): number {
    return this.call === undefined ? ENOENT : this.call.table.errno(this.base + i);
  }
  /** The --checksum digest of what lies at entry `i`; undefined where it was not worth hashing or failed. */
  sum(i: number): Uint8Array | undefined {
    return this.call?.sum(this.base + i);
  }

  /** The call that has the entry; those before it are done with. */
  private callFor(list: FileList, i: number): LookUp | undefined {
    while (this.calls.length > 0) {
      const [call] = this.calls;
      if (call.rowOf(list, i) >= 0) return call;
      if (!call.isBefore(list, i)) return undefined;
      this.calls.shift();
    }
    return undefined;
  }

  private lookAhead(): void {
    while (this.calls.length < callsAhead) {
      const call = this.nextCall();
      if (call === undefined) return;
      call.start(false);
      this.calls.push(call);
    }
  }

  /** As many entries as make a call, from as many lists as they are in. */
  private nextCall(): LookUp | undefined {
    const call = new LookUp(this.gen);
    while (call.count < runLength) {
      const list = this.nextList;
      if (list === undefined) break;
      if (this.nextIndex >= list.count) {
        const next = this.gen.ctx.negotiated.incRecurse ? this.gen.lists.after(list) : undefined;
        if (next === undefined) break;
        this.nextList = next;
        this.nextIndex = this.isNew(next) ? next.count : 0;
        continue;
      }
      const to = Math.min(list.count, this.nextIndex + runLength - call.count);
      call.add(list, this.nextIndex, to);
      this.nextIndex = to;
    }
    return call.count > 0 ? call : undefined;
  }

  /** True where the directory of a segment is not there, or was just made. */
  private isNew(list: FileList): boolean {
    const { dirs } = this.gen.lists;
    const d = list.parentDirNdx;
    if (d < 0) return false;
    const flags = dirs.list(d).flags(dirs.index(d));
    return (flags & (EntryFlag.DirCreated | EntryFlag.MissingDir | EntryFlag.AbsentDir)) !== 0;
  }
}
