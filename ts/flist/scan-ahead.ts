import { SysError } from '../errors.ts';
import type { ByteString, ScanOptions } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import type { SourceRoot } from './source-roots.ts';

/** Reads that are under way at a time. */
const callsAtOnce = 2;
/** Entries that one read should bring. */
const rowsPerCall = 1024;
const dirsPerCall = 32;
/** Entries, and directories, that may wait to be used: about a MiB. */
const rowsAhead = 8192;
const dirsAhead = 64;

/** Names the directories that come next, in order, until `take` gives false. */
export type Upcoming = (take: (root: SourceRoot, path: ByteString) => boolean) => void;

type Scanned = StatTable | SysError;

interface Ahead {
  readonly root: SourceRoot;
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
  scan(root: SourceRoot, path: ByteString, upcoming: Upcoming): Scanned | Promise<Scanned> {
    const known = this.ahead.get(path);
    if (known === undefined || known.root !== root) {
      this.readAhead(upcoming);
      return this.saw(this.scanNow(root, path));
    }
    this.ahead.delete(path);
    if (known.scanned === undefined) {
      this.readAhead(upcoming);
      return known.reading.then(() => this.taken(known));
    }
    const scanned = this.taken(known);
    this.readAhead(upcoming);
    return scanned;
  }

  private taken({ scanned }: Ahead): Scanned {
    if (scanned === undefined) throw this.failure;
    if (!(scanned instanceof SysError)) this.waitingRows -= scanned.count;
    return this.saw(scanned);
  }

  private saw(scanned: Scanned): Scanned {
    this.seenDirs++;
    if (!(scanned instanceof SysError)) this.seenRows += scanned.count;
    return scanned;
  }

  private scanNow(root: SourceRoot, path: ByteString): Scanned {
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
      const most = this.dirsOfCall();
      const paths: ByteString[] = [];
      let from: SourceRoot | undefined;
      let met = 0;
      upcoming((root, path) => {
        if (++met > dirsAhead) return false;
        if (this.ahead.has(path)) return true;
        if (from !== undefined && from !== root) return false;
        from = root;
        paths.push(path);
        return paths.length < most;
      });
      if (from === undefined) return;
      this.read(from, paths);
    }
  }

  /** From the sizes so far. */
  private dirsOfCall(): number {
    const rows = this.seenRows / Math.max(1, this.seenDirs);
    return Math.min(dirsPerCall, Math.max(1, Math.floor(rowsPerCall / (rows + 1))));
  }

  private read(root: SourceRoot, paths: readonly ByteString[]): void {
    this.calls++;
    const entries: Ahead[] = [];
    const reading = root.tree.scanMany(paths, this.options).then(
      (scanned) => {
        this.calls--;
        for (let k = 0; k < entries.length; k++) {
          const table = scanned[k];
          entries[k].scanned = table;
          if (!(table instanceof SysError)) this.waitingRows += table.count;
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
  }
}
