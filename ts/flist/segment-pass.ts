import type { Tree } from '../kernel/kernel.ts';
import type { FileList } from './file-list.ts';

/**
 * File lists that pass from the sender to the receiver of one process as they are, instead of encoded. The
 * wire keeps their order and tells all but the entries: each list is passed before the end mark of the
 * (empty) list that stands for it there is written, and taken when that was read.
 */
export class SegmentPass {
  private readonly passed: FileList[] = [];
  /** The trees that entries are below, by the `root` of their directories. */
  roots: readonly Tree[] = [];

  /** `list` is sorted; its sender changes nothing in it that concerns the receiving side. */
  pass(list: FileList): void {
    this.passed.push(list);
  }

  take(): FileList {
    const list = this.passed.shift();
    if (list === undefined) throw new Error('a file list was not passed');
    return list;
  }
}
