import type { ByteString } from '../kernel/kernel.ts';
import type { FilterAction, FilterContext, FilterRoot, FilterSide, FilterVerdict } from './context.ts';

/**
 * The rules of one side of a run, with the per-directory merge files that hold where the caller stands.
 *
 * Names are relative to the root of the transfer (`foo/bar`). `setRoot` tells which root; `enterDir` and
 * `leaveDir` follow the caller into directories (push_local_filters, change_local_filter_dir).
 */
export class FilterChain {
  readonly side: FilterSide;
  /** Set while a whole directory is deleted: perishable rules do not count then. */
  ignorePerishable = false;
  constructor(context: FilterContext) {
    this.side = context.side;
  }
  /** True when no rule exists: nothing needs to be checked. */
  get isEmpty(): boolean {
    throw new Error('not yet');
  }
  /** True when a rule names a per-directory merge file: a receiver cannot check the sender's list then. */
  get hasPerDir(): boolean {
    throw new Error('not yet');
  }
  /** First matching rule wins (check_filter). */
  check(_path: ByteString, _isDir: boolean, _action: FilterAction): FilterVerdict {
    throw new Error('not yet');
  }
  /** As `check`, for the name of an extended attribute (rules with the x modifier). */
  checkXattr(_name: ByteString, _action: FilterAction): FilterVerdict {
    throw new Error('not yet');
  }
  /** Names checked from here on are relative to `root`. */
  setRoot(_root: FilterRoot): void {
    throw new Error('not yet');
  }
  /**
   * Stands in `dir` (relative to `root`; `''` or `'.'` is the root itself): leaves directories that are
   * not its parents, then reads its merge files. Directories are visited depth first, parents before
   * children, as rsync does; between them any number of names may be checked.
   */
  enterDir(_root: FilterRoot, _dir: ByteString): void {
    throw new Error('not yet');
  }
  /** Leaves the directory entered last. */
  leaveDir(): void {
    throw new Error('not yet');
  }
  /** Leaves all directories. */
  leaveAll(): void {
    throw new Error('not yet');
  }
}
