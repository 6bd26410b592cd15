/** Work that one turn of the event loop may hold, in bytes read, hashed or written. */
const turnBytes = 1024 * 1024;
/** What the system calls on one file count as, in bytes of work. */
export const fileWork = 4096;

/**
 * Keeps the event loop alive under long work: whoever works says how much it was, and waits when a turn
 * is full. All the jobs of a tree share one, so that many small ones give way as a large one does.
 */
export class Turns {
  private spent = 0;

  /** Counts work; true when `next` should be awaited. */
  spend(bytes: number): boolean {
    this.spent += bytes;
    return this.spent >= turnBytes;
  }
  /** Lets timers and I/O run before the work goes on. */
  next(): Promise<void> {
    this.spent = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
