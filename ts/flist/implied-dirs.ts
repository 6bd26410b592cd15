import type { FilterChain } from '../filter/chain.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { EntryFlag, type FileList } from './file-list.ts';
import type { SourceType } from './source-arg.ts';
import type { SourceRoot } from './source-roots.ts';
import type { Walk } from './walk.ts';

/** The rest of a --relative source, below a directory that was sent for it. */
export interface PendingName {
  readonly name: ByteString;
  readonly type: SourceType;
}

/** Sends the parents of --relative sources, each once where sources follow each other. */
export class ImpliedDirs {
  private readonly walk: Walk;
  private readonly filters: FilterChain;
  private lastPath: ByteString = '';
  private lastRoot: SourceRoot | undefined;
  private lastPending: PendingName[] | undefined;
  /** What is to be sent below the directories of the list that is being made, by their index in it. */
  pending = new Map<number, PendingName[]>();

  constructor(walk: Walk, filters: FilterChain) {
    this.walk = walk;
    this.filters = filters;
  }

  /** Without incremental recursion: all parents of `path` that the source before had not. */
  addAll(list: FileList, root: SourceRoot, path: ByteString, flags: number): void {
    const parent = path.slice(0, path.lastIndexOf('/'));
    const last = this.lastPath;
    let start = 0;
    let at = 0;
    let depth = 0;
    for (; at < parent.length && parent.charCodeAt(at) === last.charCodeAt(at); at++)
      if (parent.charCodeAt(at) === 0x2f) {
        start = at;
        depth++;
      }
    if (at === parent.length && (last.length === at || last.charCodeAt(at) === 0x2f)) return;
    for (let slash = parent.indexOf('/', start + 1); ; slash = parent.indexOf('/', slash + 1)) {
      const dir = slash < 0 ? parent : parent.slice(0, slash);
      const i = this.add(list, root, dir, flags);
      depth++;
      if (i >= 0 && list.isDir(i)) this.filters.enterAt(root.tree, dir, depth);
      if (slash < 0) break;
    }
    this.lastPath = parent;
  }

  /** With incremental recursion: a directory, and what of a path is to come below it. */
  addNext(list: FileList, root: SourceRoot, dir: ByteString, rest: PendingName, flags: number): void {
    if (this.lastRoot !== root || this.lastPath !== dir || this.lastPending === undefined) {
      const i = this.add(list, root, dir, flags);
      this.lastPath = dir;
      this.lastRoot = root;
      this.lastPending = undefined;
      if (i < 0 || !list.isDir(i)) return;
      this.lastPending = [];
      this.pending.set(i, this.lastPending);
    }
    this.lastPending.push(rest);
  }

  /** A new list begins: directories of the one before take nothing more. */
  takePending(): Map<number, PendingName[]> {
    const { pending } = this;
    this.pending = new Map();
    return pending;
  }

  private add(list: FileList, root: SourceRoot, dir: ByteString, flags: number): number {
    return this.walk.addName(list, root, dir, {
      flags: (flags | EntryFlag.ImpliedDir) & ~(EntryFlag.TopDir | EntryFlag.ContentDir),
      filtered: true,
      implied: true,
    });
  }
}
