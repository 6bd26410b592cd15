/** Entries that are done with and may stay in the array: in a long run it is never empty. */
const keptBehind = 1024;

/** A queue that takes things out at the front without moving the rest each time. */
export class Fifo<T> {
  private readonly items: T[] = [];
  private head = 0;

  /** The next one; undefined where there is none. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Drops the first. */
  shift(): void {
    this.head++;
    if (this.head < this.items.length && this.head < keptBehind) return;
    this.items.splice(0, this.head);
    this.head = 0;
  }
}
