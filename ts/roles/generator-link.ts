import type { Replay } from './replay.ts';

/** Of a transfer. */
type Outcome = 'placed' | 'lost' | 'unsent';

/**
 * What the receiver tells the generator of the same session. (In rsync they are two processes, and this is
 * the pipe with MSG_REDO, MSG_SUCCESS, MSG_NO_SEND and the dones.) The generator handles the news between
 * two entries, and waits here when it has nothing else to do.
 */
export class GeneratorLink {
  /** Indexes whose content failed verification and is to be asked for again. */
  readonly redo: number[] = [];
  /** What was asked for, and what became of it. The index may be any that the peer gave. */
  readonly finished: { readonly ndx: number; readonly outcome: Outcome }[] = [];
  /** Transfers that were asked for, and those that an item or MSG_NO_SEND answered. */
  asked = 0;
  answered = 0;
  /** Set where a batch is read. */
  replay: Replay | undefined;
  /** Phases the receiver has ended. */
  doneCount = 0;
  private waiting: { resolve(): void; reject(error: unknown): void } | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Something changed while nobody waited: whoever waits next has not seen it. */
  private unseen = false;

  success(ndx: number): void {
    this.finished.push({ ndx, outcome: 'placed' });
    this.notify();
  }
  /** What came could not be put in place. */
  noSend(ndx: number): void {
    this.finished.push({ ndx, outcome: 'lost' });
    this.notify();
  }
  /** The other side has nothing to send. */
  unsent(ndx: number): void {
    this.answered++;
    this.finished.push({ ndx, outcome: 'unsent' });
    this.notify();
  }
  askAgain(ndx: number): void {
    this.redo.push(ndx);
    this.notify();
  }
  phaseDone(): void {
    this.doneCount++;
    this.notify();
  }
  /** Something changed that the generator may wait for: news above, or another file list segment. */
  notify(): void {
    if (this.waiting === undefined) this.unseen = true;
    this.waiting?.resolve();
    this.waiting = undefined;
  }
  /** The run ends early: nothing more will change. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.replay?.fail(error);
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
  /** Resolves when something has changed since the last call; rejects when nothing will any more. */
  changed(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure.error);
    if (this.unseen) {
      this.unseen = false;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }
}
