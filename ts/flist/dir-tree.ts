const none = -1;

/**
 * How the directories of an incremental transfer hang together, by their numbers (rsync's dir nodes), and
 * which one is to be sent next: depth first, siblings in list order.
 */
export class DirTree {
  private readonly parents: number[] = [];
  private readonly firstChildren: number[] = [];
  private readonly nextSiblings: number[] = [];
  /** The directory whose content is sent next; -1 when there is none. */
  next = none;

  /** Adds siblings in list order; `parent` is -1 for those of the first list. */
  add(parent: number, siblings: readonly number[]): void {
    let previous = none;
    for (const d of siblings) {
      this.parents[d] = parent;
      this.firstChildren[d] = none;
      this.nextSiblings[d] = none;
      if (previous >= 0) this.nextSiblings[previous] = d;
      else if (parent >= 0) this.firstChildren[parent] = d;
      else this.next = d;
      previous = d;
    }
  }

  sibling(d: number): number {
    return this.nextSiblings[d] ?? none;
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
