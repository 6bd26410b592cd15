import { ExitCode, RsyncError } from '../../errors.ts';

/** Work that one turn of the event loop may hold, in bytes read, hashed or written. */
const turnBytes = 1024 * 1024;
/** What the system calls on one file count as, in bytes of work. */
export const fileWork = 4096;

/**
 * Keeps the event loop alive under long work: whoever works says how much it was, and waits when a turn
 * is full. All the jobs of a tree share one, so that many small ones give way as a large one does, and so
 * that all of them can be interrupted.
 */
export class Turns {
  private spent = 0;
  /** The run ends: whatever waits for its next turn fails. */
  interrupted = false;

  /** Counts work; true when `next` should be awaited. */
  spend(bytes: number): boolean {
    this.spent += bytes;
    return this.interrupted || this.spent >= turnBytes;
  }
  /** Lets timers and I/O run before the work goes on. Rejects (exit 20) once interrupted. */
  async next(): Promise<void> {
    await this.pause();
    if (this.interrupted) throw new RsyncError(ExitCode.Signal, '');
  }
  /** As `next`, for work that looks at `interrupted` itself. */
  async pause(): Promise<void> {
    this.spent = 0;
    if (!this.interrupted) await new Promise((resolve) => setImmediate(resolve));
  }
}
