const none = -1;

/** Directories of one parent, in list order, and which of them is at hand: -1 before the first. */
interface Level {
  readonly siblings: Int32Array;
  at: number;
}

/**
 * How the directories of an incremental transfer hang together, by their numbers (rsync's dir nodes), and which one
 * is to be sent next: depth first, siblings in list order. Nothing is held of those whose turn is over.
 */
export class DirTree {
  /** From the directories of the first list down to the one that is next and its siblings. */
  private readonly levels: Level[] = [];
  /** The directory whose content is sent next; -1 when there is none. */
  next = none;

  /** Adds, in list order, the directories of the first list, and later those below `next`. */
  add(siblings: readonly number[]): void {
    if (siblings.length > 0) this.levels.push({ siblings: Int32Array.from(siblings), at: none });
  }

  /** Goes on from `next`, whose content was sent last; false when all are sent. */
  advance(): boolean {
    let level = this.levels.at(-1);
    while (level !== undefined && level.at + 1 === level.siblings.length) {
      this.levels.pop();
      level = this.levels.at(-1);
    }
    this.next = level === undefined ? none : level.siblings[++level.at];
    return level !== undefined;
  }

  /** The sibling after `next`; -1 when there is none. */
  get sibling(): number {
    const level = this.levels.at(-1);
    return level?.siblings[level.at + 1] ?? none;
  }

  /** Of `next`: 1 for a directory of the first list. */
  get depth(): number {
    return this.levels.length;
  }

  /** The directories after `next`, as far as they are known. */
  *following(): Generator<number> {
    for (let depth = this.levels.length - 1; depth >= 0; depth--) {
      const { siblings, at } = this.levels[depth];
      for (let k = at + 1; k < siblings.length; k++) yield siblings[k];
    }
  }
}
