import type { ListRange } from './item-entry.ts';

/**
 * How far a sender has come in its lists, in bytes. Requests come in the order of the entries, and what
 * was not asked for by then will not be: all before an entry is done with, changed or not.
 */
export class PassedBytes {
  private sum = 0;
  /** Entries of each list that are counted. Lists come and go. */
  private readonly counted = new WeakMap<ListRange, number>();

  /** All of a list before `to` is passed. Answers the bytes that are, of all lists. */
  upTo(list: ListRange, to: number): number {
    const from = this.counted.get(list) ?? 0;
    if (to > from) {
      this.sum += list.bytesOf?.(from, to) ?? 0;
      this.counted.set(list, to);
    }
    return this.sum;
  }
}
