import { withRoomFor } from './numbers.ts';

const none = -1;

/**
 * How the directories of an incremental transfer hang together, by their numbers (rsync's dir nodes), and
 * which one is to be sent next: depth first, siblings in list order.
 */
export class DirTree {
  private parents = new Int32Array(0);
  private firstChildren = new Int32Array(0);
  private nextSiblings = new Int32Array(0);
  /** The directory whose content is sent next; -1 when there is none. */
  next = none;

  /** Adds siblings in list order; `parent` is -1 for those of the first list. */
  add(parent: number, siblings: readonly number[]): void {
    let previous = none;
    for (const d of siblings) {
      this.makeRoom(d);
      this.parents[d] = parent;
      this.firstChildren[d] = none;
      this.nextSiblings[d] = none;
      if (previous >= 0) this.nextSiblings[previous] = d;
      else if (parent >= 0) this.firstChildren[parent] = d;
      else this.next = d;
      previous = d;
    }
  }

  private makeRoom(d: number): void {
    this.parents = withRoomFor(d, this.parents);
    this.firstChildren = withRoomFor(d, this.firstChildren);
    this.nextSiblings = withRoomFor(d, this.nextSiblings);
  }

  sibling(d: number): number {
    return this.nextSiblings[d] ?? none;
  }

  /** 1 for a directory of the first list. */
  depth(d: number): number {
    let depth = 0;
    for (let at = d; at >= 0; at = this.parents[at]) depth++;
    return depth;
  }

  /** The directory after `d` as far as they are known; -1 when there is none. */
  after(d: number): number {
    if (this.firstChildren[d] >= 0) return this.firstChildren[d];
    let at = d;
    while (this.nextSiblings[at] < 0) {
      at = this.parents[at];
      if (at < 0) return none;
    }
    return this.nextSiblings[at];
  }

  /** Goes on from `d`, whose content was sent last; false when all are sent. */
  advance(d: number): boolean {
    this.next = this.after(d);
    return this.next >= 0;
  }
}
