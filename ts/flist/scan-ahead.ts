import { SysError } from '../errors.ts';
import type { ByteString, ScanOptions, Tree } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';

/** Reads that are under way at a time. */
const callsAtOnce = 2;
/** Entries that one read should bring. */
const rowsPerCall = 1024;
const dirsPerCall = 32;
/** Entries, and directories, that may wait to be used: about a MiB. */
const rowsAhead = 8192;
const dirsAhead = 64;

/** What a directory is below. */
interface Root {
  readonly tree: Tree;
}

/** Takes a directory that comes next; false ends the row. */
export type TakeDirectory = (root: Root, path: ByteString) => boolean;
/** Names the directories that come next, in order, until `take` gives false. */
export type Upcoming = (take: TakeDirectory) => void;

export type Scanned = StatTable | SysError;

interface Ahead {
  readonly root: Root;
  /** Once it is read. */
  scanned: Scanned | undefined;
  readonly reading: Promise<void>;
}

/**
 * Reads the directories that a walk comes to next on other threads, while it works on the one at hand. What
 * is small is read several at a time.
 */
export class ScanAhead {
  private readonly options: ScanOptions;
  private readonly ahead = new Map<ByteString, Ahead>();
  private calls = 0;
  private waitingRows = 0;
  private seenDirs = 0;
  private seenRows = 0;
  private failure: unknown;

  constructor(options: ScanOptions) {
    this.options = options;
  }

  /**
   * What is in a directory, or why that is unknown; `upcoming` are the ones after it. One that was not read
   * ahead is read at once, while the next ones are.
   */
  scan(root: Root, path: ByteString, upcoming: Upcoming): Scanned | Promise<Scanned> {
    const known = this.ahead.get(path);
    if (known === undefined) {
      const urgent = this.calls === 0 ? undefined : this.readFrom(root, path, upcoming);
      if (urgent !== undefined) return urgent.reading.then(() => this.taken(urgent, path));
    }
    if (known?.root.tree !== root.tree) {
      this.readAhead(upcoming);
      return this.saw(this.scanNow(root, path));
    }
    this.ahead.delete(path);
    if (known.scanned === undefined) {
      this.readAhead(upcoming);
      return known.reading.then(() => this.taken(known, path));
    }
    const scanned = this.taken(known, path);
    this.readAhead(upcoming);
    return scanned;
  }

  private taken({ root, scanned }: Ahead, path: ByteString): Scanned {
    if (this.failure !== undefined) throw this.failure;
    // Larger ones filled its call.
    if (scanned === undefined) return this.saw(this.scanNow(root, path));
    if (!(scanned instanceof SysError)) this.waitingRows -= scanned.count;
    return this.saw(scanned);
  }

  private saw(scanned: Scanned): Scanned {
    this.seenDirs++;
    if (!(scanned instanceof SysError)) this.seenRows += scanned.count;
    return scanned;
  }

  private scanNow(root: Root, path: ByteString): Scanned {
    try {
      return root.tree.scan(path === '.' ? '' : path, this.options);
    } catch (error) {
      if (error instanceof SysError) return error;
      throw error;
    }
  }

  private readAhead(upcoming: Upcoming): void {
    if (this.failure !== undefined) return;
    while (this.calls < callsAtOnce && this.waitingRows < rowsAhead && this.ahead.size < dirsAhead) {
      const paths: ByteString[] = [];
      const root = this.gather(upcoming, undefined, paths);
      if (root === undefined) return;
      this.read(root, paths);
    }
  }

  /**
   * Reads a directory that is needed now, with those after it, while other reads are under way: these only
   * come to their end when the event loop turns, so waiting is right. Undefined where it is the only one.
   */
  private readFrom(root: Root, path: ByteString, upcoming: Upcoming): Ahead | undefined {
    const paths = [path];
    this.gather(upcoming, root, paths);
    if (paths.length === 1) return undefined;
    const [entry] = this.read(root, paths);
    this.ahead.delete(path);
    return entry;
  }

  /** Adds what comes next and is not read yet to `paths`; the root of all, `given` or the first one's. */
  private gather(upcoming: Upcoming, given: Root | undefined, paths: ByteString[]): Root | undefined {
    const most = this.dirsOfCall();
    let from = given;
    let met = 0;
    upcoming((root, path) => {
      if (paths.length >= most || ++met > dirsAhead) return false;
      if (this.ahead.has(path)) return true;
      if (from !== undefined && from.tree !== root.tree) return false;
      from = root;
      paths.push(path);
      return true;
    });
    return from;
  }

  /** From the sizes so far. */
  private dirsOfCall(): number {
    const rows = this.seenRows / Math.max(1, this.seenDirs);
    return Math.min(dirsPerCall, Math.max(1, Math.floor(rowsPerCall / (rows + 1))));
  }

  private read(root: Root, paths: readonly ByteString[]): Ahead[] {
    this.calls++;
    const entries: Ahead[] = [];
    const reading = root.tree.scanMany(paths, this.options, rowsPerCall).then(
      (scanned) => {
        this.calls--;
        for (let k = 0; k < entries.length; k++) {
          const table = scanned[k];
          entries[k].scanned = table;
          if (table === undefined) {
            if (this.ahead.get(paths[k]) === entries[k]) this.ahead.delete(paths[k]);
          } else if (!(table instanceof SysError)) this.waitingRows += table.count;
        }
      },
      (error: unknown) => {
        this.failure = error;
      },
    );
    for (const path of paths) {
      const entry: Ahead = { root, scanned: undefined, reading };
      entries.push(entry);
      this.ahead.set(path, entry);
    }
    return entries;
  }
}
