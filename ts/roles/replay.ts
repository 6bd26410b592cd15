/**
 * What the generator wants of a batch that is read (rsync's pipe from its generator to its receiver, --read-batch): the
 * batch has what it has, and what nobody wants is skipped.
 */
export class Replay {
  /** Indexes in the order of the requests; -1 ends a list. */
  private readonly wanted: number[] = [];
  private at = 0;
  private next = -1;
  private listsDone = 0;
  private ended = false;
  private waiting: { resolve(): void; reject(error: unknown): void } | undefined;
  private failure: { readonly error: unknown } | undefined;
  private readonly incRecurse: boolean;
  /** Files that did not verify, for which the batch may have another attempt. */
  readonly again: number[] = [];
  /** Lists that the receiver is through with. */
  listsLeft = 0;

  constructor(incRecurse: boolean) {
    this.incRecurse = incRecurse;
  }

  want(ndx: number): void {
    this.wanted.push(ndx);
    this.wake();
  }

  listDone(): void {
    this.want(-1);
  }

  /** The run ends early: the generator wants nothing more. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  /**
   * Whether the generator wants `ndx`, of the list that is `number` th of all. `missing` hears of what it wanted before
   * that, and the batch does not have.
   */
  async wants(ndx: number, number: number, missing: (ndx: number) => void): Promise<boolean> {
    if (this.ended) return false;
    while (this.next < ndx) {
      if (this.incRecurse && number <= this.listsDone) return false;
      if (this.next >= 0) missing(this.next);
      this.next = await this.take();
      if (this.next >= 0) continue;
      if (!this.incRecurse) {
        this.ended = true;
        return false;
      }
      this.listsDone++;
    }
    if (this.next !== ndx) return false;
    this.next = -1;
    return true;
  }

  /** Whether an attempt more at `ndx` is wanted; `missing` as in `wants`. */
  wantsAgain(ndx: number, missing: (ndx: number) => void): boolean {
    while (this.again.length > 0 && this.again[0] < ndx) missing(this.again.shift() as number);
    if (this.again[0] !== ndx) return false;
    this.again.shift();
    return true;
  }

  private async take(): Promise<number> {
    while (this.at === this.wanted.length) {
      if (this.failure !== undefined) throw this.failure.error;
      await new Promise<void>((resolve, reject) => {
        this.waiting = { resolve, reject };
      });
    }
    const ndx = this.wanted[this.at++];
    if (this.at === this.wanted.length) {
      this.wanted.length = 0;
      this.at = 0;
    }
    return ndx;
  }

  private wake(): void {
    this.waiting?.resolve();
    this.waiting = undefined;
  }
}
