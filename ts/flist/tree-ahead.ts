import { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import { type Listing, type ListingOptions, unlistable } from '../kernel/listing.ts';
import type { NameRules } from '../kernel/name-rules.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import { FileList } from './file-list.ts';

/** Entries and directories that one call should bring, and those that may wait to be used. */
const perCall = 1024;
const mostWaiting = 8192;
/** Directories that may be unlistable before it matters how many are not. */
const mostUnlistable = 32;

/** What the kernel made of a directory, and what the walk gets for it. */
type Listed = Listing | typeof unlistable | SysError;
type Content = Listing | StatTable | SysError;

/**
 * Reads a whole tree ahead on another thread, in the order in which its directories are sent, as records of a
 * file list. For a walk that leaves nothing out; what comes out of order is read at once.
 */
export class TreeAhead {
  private readonly options: ListingOptions;
  private readonly ahead = new Map<ByteString, Listed>();
  private tree: Tree | undefined;
  /** The directories to go on with, the first one last: there may be very many, and each call takes a few of them. */
  private left: ByteString[] = [];
  private reading: Promise<void> | undefined;
  private waiting = 0;
  private listed = 0;
  private unlistable = 0;
  private failure: unknown;

  constructor(options: ListingOptions) {
    this.options = options;
  }

  /** False once too many directories were unlistable: each is then read twice, and not ahead. */
  get isOfUse(): boolean {
    return this.unlistable <= mostUnlistable + this.listed / 4;
  }

  /** What reads in the same way, but what rules leave out. */
  under(rules: NameRules): TreeAhead {
    if (this.options.rules === rules) return this;
    const other = new TreeAhead({ ...this.options, rules });
    other.listed = this.listed;
    other.unlistable = this.unlistable;
    return other;
  }

  /** Starts to read a directory and what is below it. */
  start(tree: Tree, path: ByteString): void {
    this.tree = tree;
    const listed = this.listNow(tree, path);
    // What cannot be read so early may be by then: it can lie behind a link that is still to be admitted.
    if (listed instanceof SysError) return;
    this.ahead.set(path, listed);
    this.waiting = workOf(listed);
  }

  /** What is in a directory: records where it is listable, else rows; or why that is unknown. */
  contentOf(tree: Tree, path: ByteString): Content | Promise<Content> {
    if (tree === this.tree && this.ahead.has(path)) return this.taken(tree, path);
    return this.waitFor(tree, path);
  }

  private async waitFor(tree: Tree, path: ByteString): Promise<Content> {
    if (tree !== this.tree) await this.begin(tree);
    if (!this.ahead.has(path) && (this.reading !== undefined || this.left.at(-1) === path)) await this.read();
    return this.taken(tree, path);
  }

  private taken(tree: Tree, path: ByteString): Content {
    let listed = this.ahead.get(path);
    if (listed === undefined) listed = this.listNow(tree, path);
    else {
      this.ahead.delete(path);
      this.waiting -= workOf(listed);
      if (this.waiting < mostWaiting - perCall) this.readOn();
    }
    if (listed !== unlistable) {
      this.listed++;
      return listed;
    }
    this.unlistable++;
    return orError(() => tree.scan(path, { links: this.options.links }));
  }

  /** Goes to another tree, with nothing known of it. */
  private async begin(tree: Tree): Promise<void> {
    // What is being read there is of no more use.
    this.tree = undefined;
    await this.reading;
    this.tree = tree;
    this.ahead.clear();
    this.waiting = 0;
    this.left = [];
  }

  /** Lists one directory, and goes on below it where nothing else is to be read. */
  private listNow(tree: Tree, path: ByteString): Listed {
    const listed = orError(() => tree.list!(path, this.options));
    if (listed !== unlistable && !(listed instanceof SysError) && this.left.length === 0) {
      this.left = subdirectories(path, listed).reverse();
      this.readOn();
    }
    return listed;
  }

  /** Waits for the call that is under way, or for the next one. */
  private async read(): Promise<void> {
    this.readOn();
    await this.reading;
    if (this.failure !== undefined) throw this.failure;
  }

  private readOn(): void {
    if (this.reading !== undefined || this.left.length === 0 || this.failure !== undefined) return;
    // Each counts as one at least.
    const next = this.left.splice(-perCall).reverse();
    this.reading = (this.tree as Tree).listTree!(next, this.options, perCall).then(
      ({ paths, contents, left }) => {
        this.reading = undefined;
        if (this.tree === undefined) return;
        for (let k = left.length; k-- > 0; ) this.left.push(left[k]);
        for (let k = 0; k < paths.length; k++) {
          this.ahead.set(paths[k], contents[k]);
          this.waiting += workOf(contents[k]);
        }
        if (this.waiting < mostWaiting - perCall) this.readOn();
      },
      (error: unknown) => {
        this.reading = undefined;
        this.failure = error;
      },
    );
  }
}

function workOf(listed: Listed): number {
  return listed === unlistable || listed instanceof SysError ? 1 : listed.count + 1;
}

function subdirectories(path: ByteString, listing: Listing): ByteString[] {
  const list = new FileList(0);
  list.addListing(listing, list.internDir(path === '' ? '' : `${path}/`, 0));
  const paths: ByteString[] = [];
  for (let i = list.count - listing.dirs; i < list.count; i++) paths.push(list.path(i));
  return paths;
}

function orError<T>(read: () => T): T | SysError {
  try {
    return read();
  } catch (error) {
    if (error instanceof SysError) return error;
    throw error;
  }
}
