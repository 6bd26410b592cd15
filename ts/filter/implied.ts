import type { ByteString } from '../kernel/kernel.ts';

/**
 * What a client that pulls asked the sender for: every name of the received list must be covered by one
 * of the arguments (add_implied_include), or the sender is not to be trusted.
 */
export class ImpliedIncludes {
  private readonly options: {
    readonly relative: boolean;
    readonly recursive: boolean;
    readonly dirs: boolean;
  };
  constructor(options: { readonly relative: boolean; readonly recursive: boolean; readonly dirs: boolean }) {
    this.options = options;
  }
  /** True when nothing was added: every name is allowed. */
  get isEmpty(): boolean {
    throw new Error('not yet');
  }
  /** Adds one source argument as sent to the remote side; `skipModule` drops a daemon's module name. */
  add(_arg: ByteString, _skipModule: boolean): void {
    throw new Error(`not yet ${this.options.relative}`);
  }
  /** False: `rejecting unrequested file-list name` (exit 4). `.` is always allowed. */
  allows(_name: ByteString, _isDir: boolean): boolean {
    throw new Error('not yet');
  }
  /** True for a directory that was allowed only as the parent of something requested (is_implied_parent_dir). */
  isImpliedParent(_name: ByteString): boolean {
    throw new Error('not yet');
  }
}
