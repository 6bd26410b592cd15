import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { Writer } from '../wire/writer.ts';
import type { FlistContext } from './context.ts';
import { FileLists } from './file-lists.ts';

/** The filter rules as the walk uses them; `FilterChain` of `ts/filter` is one. */
export interface WalkFilters {
  /** Nothing is ever excluded, and no merge file read. */
  readonly isEmpty: boolean;
  check(path: ByteString, isDir: boolean, action: 'hide' | 'protect'): 'excluded' | 'included' | 'none';
  /** Reads the merge files of a directory that is about to be scanned (leaving all that it is not below). */
  enterDir(tree: Tree, path: ByteString): void;
  leaveDir(): void;
}

export interface FlistSenderContext extends FlistContext {
  readonly writer: Writer;
  readonly filters: WalkFilters;
  /** Absolute path that the arguments are relative to. */
  readonly cwd: ByteString;
  /** Daemon: what messages show instead of the module's path. */
  readonly module?: { readonly name: ByteString; readonly path: ByteString };
  /** Daemon: paths may not lead out of the module. */
  readonly confined?: boolean;
}

/** Builds and sends our file list (rsync's send_file_list and send_extra_file_list). */
export class FlistSender {
  readonly lists: FileLists;

  constructor(context: FlistSenderContext) {
    this.lists = new FileLists(context.negotiated.incRecurse);
  }

  /**
   * Sends the list of the sources; with incremental recursion only their first level. With `filesFrom`,
   * `args[0]` is the directory that the names in it are relative to.
   */
  async sendInitial(
    _args: readonly ByteString[],
    _filesFrom?: AsyncIterable<ByteString>,
  ): Promise<FileLists> {
    throw new Error('pending');
  }

  /**
   * Sends segments until at least `want` entries are ahead of the one looked up last in `lists`, or all
   * are sent; -1 sends one.
   */
  async sendMore(_want: number): Promise<void> {
    throw new Error('pending');
  }

  /** Closes the trees of all sources. */
  close(): void {
    for (const tree of this.lists.roots) tree.close();
  }
}
