import { SysError } from '../../errors.ts';
import { type Dir, EntryFlag, type FileList } from '../../flist/file-list.ts';
import { ScanAhead } from '../../flist/scan-ahead.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { ENOENT } from '../../report/messages.ts';
import { LookUp } from './look-up.ts';
import { nextTurn } from './next-turn.ts';
import type { Generator } from './state.ts';

/** Entries of one directory that are looked up at once. */
const runLength = 1024;
/** With --checksum, when looking up is the least of it: fewer, so that several calls share the cores. */
const comparedAtOnce = 256;
/** Fewer are not worth another thread, and so few not a call ahead while more are on their way. */
const fewest = 24;
const fewestAhead = 256;
/** Directories that are looked through in one call. */
const listsPerCall = 512;
/** Calls that are under way ahead of the entry at hand. */
const callsAhead = 2;
const comparingAhead = 4;

/**
 * Looks up what the destination has: the entries at hand, and on another thread the ones that come next.
 * With --checksum the files whose size agrees are hashed on the way.
 */
export class StatAhead {
  private readonly gen: Generator;
  private readonly perCall: number;
  private readonly mostAhead: number;
  private readonly nowhere: boolean;
  /** The content of the directory at hand. */
  private read: { list: FileList; path: ByteString; table: StatTable } | undefined;
  /**
   * With deletions on the way, what is not in the list is wanted as well: the kernel tells it with the look-up,
   * or whole directories of the destination are read ahead instead.
   */
  private readonly wantsExtras: boolean;
  private readonly scans: ScanAhead | undefined;
  /** Calls for what comes after the entry at hand, in order. */
  private calls: LookUp[] = [];
  /** What the next call is about as far as its lists are here; they are too few for it yet. */
  private gathered: LookUp | undefined;
  /** Where the next call starts. */
  private nextList: FileList | undefined;
  private nextIndex = 0;

  /** Where the directories are whose content comes later, by their number. */
  private readonly directories = new Map<number, { table: StatTable; row: number }>();
  /** The first one in the list at hand that lies behind what was looked at. */
  private nextDir = 0;

  private list: FileList | undefined;
  private from = 0;
  private to = 0;
  private call: LookUp | undefined;
  private base = 0;

  constructor(gen: Generator) {
    const { options, paths } = gen.ctx;
    this.gen = gen;
    const { checksum } = gen.rules;
    this.perCall = checksum ? comparedAtOnce : runLength;
    this.mostAhead = checksum ? comparingAhead : callsAhead;
    this.nowhere = gen.destination.missing || options.listOnly;
    const scans = paths.scansAhead && !this.nowhere;
    this.wantsExtras = scans && paths.extrasLookedUp && gen.destination.tree.lookUp !== undefined;
    this.scans = scans ? new ScanAhead({}) : undefined;
  }

  /** True when `i` is in the run at hand; else `advance` first. */
  has(list: FileList, i: number): boolean {
    return this.list === list && i >= this.from && i < this.to;
  }

  /**
   * What lies in the directory that a segment is the content of, read ahead; undefined where that is not
   * needed or for the caller to find out. The segment's entries are then looked up in it.
   */
  contentOf(list: FileList): StatTable | SysError | undefined | Promise<StatTable | SysError | undefined> {
    const path = this.placeToScan(list);
    const { scans } = this;
    if (scans === undefined || path === undefined) return undefined;
    if (!this.wantsExtras || !this.gen.filters.isEmpty || !fills(list, path))
      return this.scan(scans, list, path);
    const look = (): StatTable | SysError | undefined | Promise<StatTable | SysError | undefined> => {
      const call = this.callForAll(list);
      const { settled } = call;
      return settled ? settled.then(() => call.extrasOf(list)) : call.extrasOf(list);
    };
    return this.hasFew(list) ? nextTurn().then(look) : look();
  }

  /** True where a look would be at little, and more lists may be on their way. */
  private hasFew(list: FileList): boolean {
    const { lists } = this.gen;
    if (lists.eof || this.calls.some((call) => call.has(list))) return false;
    let work = 0;
    for (let next: FileList | undefined = list; next !== undefined; next = lists.after(next)) {
      work += next.count + 1;
      if (work >= fewestAhead) return false;
    }
    return true;
  }

  private async scan(scans: ScanAhead, list: FileList, path: ByteString): Promise<StatTable | SysError> {
    const { tree } = this.gen.destination;
    const scanned = await scans.scan({ tree }, path, (take) => {
      const { lists } = this.gen;
      for (let next = lists.after(list); next !== undefined; next = lists.after(next)) {
        const place = this.placeToScan(next);
        if (place !== undefined && !take({ tree }, place)) return;
      }
    });
    const kept = !(scanned instanceof SysError) && this.gen.ctx.paths.scansKept;
    this.read = kept ? { list, path, table: scanned } : undefined;
    return scanned;
  }

  /** The call for a whole list and what else is in its directory. */
  private callForAll(list: FileList): LookUp {
    while (this.calls.length > 0 && !this.calls[0].has(list)) this.calls.shift();
    let [call] = this.calls;
    if (call === undefined) {
      call = this.gathered?.has(list) ? this.gathered : new LookUp(this.gen);
      this.gathered = undefined;
      this.gather(call, call.lists === 0 ? list : this.listAfter());
      call.start(call.count + call.lists < fewest);
      this.calls.push(call);
    }
    while (this.calls.length <= this.mostAhead) {
      const ahead = this.gathered ?? new LookUp(this.gen);
      this.gather(ahead, this.listAfter());
      if (ahead.lists === 0) break;
      const more = this.gen.lists.eof || this.listAfter() !== undefined;
      this.gathered = more || ahead.count + ahead.lists >= fewestAhead ? undefined : ahead;
      if (this.gathered !== undefined) break;
      ahead.start(false);
      this.calls.push(ahead);
    }
    return call;
  }

  /** Adds a list and, up to the size of a call, those after it that are here. */
  private gather(call: LookUp, first: FileList | undefined): void {
    for (let next = first; next !== undefined; next = this.gen.lists.after(next)) {
      if (call.count >= this.perCall || call.lists >= listsPerCall || !call.continues(next, 0)) return;
      const place = this.placeToScan(next);
      if (place === undefined || !fills(next, place)) return;
      call.addAll(next, place);
      this.nextList = next;
    }
  }

  private listAfter(): FileList | undefined {
    return this.nextList && this.gen.lists.after(this.nextList);
  }

  private placeToScan(list: FileList): ByteString | undefined {
    const { dirs } = this.gen.lists;
    const d = list.parentDirNdx;
    if (d < 0 || this.isNew(list) || !(dirs.list(d).flags(dirs.index(d)) & EntryFlag.ContentDir))
      return undefined;
    return dirs.path(d);
  }

  /** True where all entries of a list were looked up and none needs anything. */
  passesOver(list: FileList): boolean {
    if (list.count === 0) return true;
    const call = this.callFor(list, 0);
    if (call === undefined || call.settled !== undefined || call.endOf(list) !== list.count) return false;
    const base = call.rowOf(list, 0);
    if (call.nextOther(base) < base + list.count) return false;
    this.list = list;
    this.from = 0;
    this.to = list.count;
    this.call = call;
    this.base = base;
    this.keepDirectories();
    if (this.gen.ctx.paths.looksAhead) this.lookAhead();
    return true;
  }

  /** Goes to the run that starts at `i`. */
  advance(list: FileList, i: number): Promise<void> | undefined {
    const dir = list.dir(i);
    const { freshDir, dryMissingBelow } = this.gen;
    let to = i + 1;
    while (to < list.count && to - i < this.perCall && list.dir(to) === dir) to++;
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
      if (this.read?.list === list && isAt(dir, this.read.path)) {
        while (to < list.count && list.dir(to) === dir) to++;
        call.add(list, i, to);
        call.start(true, this.read.table);
      } else {
        call.add(list, i, to);
        call.start(to - i < fewest);
      }
      if (this.calls.length === 0) {
        this.nextList = list;
        this.nextIndex = to;
      }
    }
    if (this.gen.ctx.paths.looksAhead) this.lookAhead();
    this.call = call;
    this.base = call.rowOf(list, i) - i;
    this.to = Math.min(to, call.endOf(list));
    return call.settled;
  }

  /**
   * Keeps what was seen of the directories in the run at hand, for their content's turn: nothing is changed in
   * them before that.
   */
  keepDirectories(): void {
    const { list, call } = this;
    if (list === undefined || call === undefined || !this.gen.ctx.negotiated.incRecurse) return;
    const { table } = call;
    const { dirs } = this.gen.lists;
    const end = list.dirStart + list.dirCount;
    if (this.nextDir < list.dirStart || this.nextDir > end) this.nextDir = list.dirStart;
    for (; this.nextDir < end; this.nextDir++) {
      const i = dirs.index(this.nextDir);
      if (i >= this.to) break;
      const row = this.base + i;
      if (i >= this.from && table.errno(row) === 0 && table.isDir(row))
        this.directories.set(this.nextDir, { table, row });
    }
  }

  /** What was seen of a directory, if it was; it is forgotten by that. */
  takeDirectory(d: number): { table: StatTable; row: number } | undefined {
    const known = this.directories.get(d);
    this.directories.delete(d);
    return known;
  }

  /** The table of the run, where there is anything; the row of entry `i` is `rowOf(i)`. */
  get rows(): StatTable {
    return (this.call as LookUp).table;
  }
  rowOf(i: number): number {
    return this.base + i;
  }
  /** The first entry of the run from `i` on that needs something; its end where none does. */
  nextOther(i: number): number {
    return this.call === undefined ? i : Math.min(this.call.nextOther(this.base + i) - this.base, this.to);
  }
  /** Why entry `i` is not there; 0 when it is. */
  errno(i: number): number {
    return this.call === undefined ? ENOENT : this.call.table.errno(this.base + i);
  }
  /** The --checksum digest of what lies at entry `i`, or whether it is the source's; undefined where it cannot be. */
  sum(i: number): Uint8Array | boolean | undefined {
    return this.call?.sum(this.base + i);
  }

  /** The call that has the entry; those before it are done with. */
  private callFor(list: FileList, i: number): LookUp | undefined {
    while (this.calls.length > 0) {
      const [call] = this.calls;
      if (call.rowOf(list, i) >= 0) return call;
      if (this.wantsExtras || !call.isBefore(list, i)) return undefined;
      this.calls.shift();
    }
    return undefined;
  }

  private lookAhead(): void {
    while (this.calls.length < this.mostAhead) {
      const call = this.nextCall();
      if (call === undefined) return;
      call.start(false);
      this.calls.push(call);
    }
  }

  /** As many entries as make a call, from as many lists as they are in. */
  private nextCall(): LookUp | undefined {
    const call = new LookUp(this.gen);
    while (call.count < this.perCall) {
      const list = this.nextList;
      if (list === undefined) break;
      if (this.nextIndex >= list.count) {
        const next = this.gen.ctx.negotiated.incRecurse ? this.gen.lists.after(list) : undefined;
        if (next === undefined) break;
        this.nextList = next;
        this.nextIndex = this.isNew(next) ? next.count : 0;
        continue;
      }
      if (call.count >= fewest && !call.continues(list, this.nextIndex)) break;
      const to = Math.min(list.count, this.nextIndex + this.perCall - call.count);
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

/** True where all entries of the list lie in `path`. */
function fills(list: FileList, path: ByteString): boolean {
  return list.count === 0 || (list.dirs.length === 1 && isAt(list.dirs[0], path));
}

function isAt(dir: Dir, path: ByteString): boolean {
  return dir.path === (path === '.' ? '' : path);
}
