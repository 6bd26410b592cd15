import type { FileList } from '../flist/file-list.ts';
import type { Tree } from '../kernel/kernel.ts';

/** Where a receiving session puts things. */
export interface Destination {
  readonly tree: Tree;
  /** A single file that gets this name instead of its own (rsync's local_name). */
  readonly localName: string | undefined;
  /** A dry run whose destination directory does not exist: nothing in it is looked at. */
  readonly missing: boolean;
}

/** The path of an entry below the destination. */
export function destinationPath(destination: Destination, list: FileList, i: number): string {
  return destination.localName ?? list.path(i);
}
