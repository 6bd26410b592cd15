/**
 * Pieces of work that go on beside their caller, several at a time. Each has an end that is worked on the event
 * loop, and the ends come in the order of the beginnings. The first failure is thrown at whoever waits next.
 */
export class Pipeline {
  private readonly depth: number;
  /** Pieces whose ends have not come. */
  private underWay = 0;
  private last: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | undefined;
  private waiting: { ended(): void; failed(error: unknown): void } | undefined;

  /** At most `depth` pieces at a time. */
  constructor(depth: number) {
    this.depth = depth;
  }

  /** Nothing is under way. */
  get idle(): boolean {
    return this.underWay === 0;
  }

  /** An end failed. Those of the pieces behind it still come. */
  get failed(): boolean {
    return this.failure !== undefined;
  }

  /** Waits until another piece may begin. */
  async room(): Promise<void> {
    await this.until(() => this.underWay < this.depth);
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    await this.until(() => this.underWay === 0);
  }

  /** Waits until nothing is under way, whatever came of it. */
  ended(): Promise<void> {
    return this.last;
  }

  /** Takes up a piece that has begun; once it is done and the ends before it came, so does `end`. */
  begin<T>(work: Promise<T>, end: (done: T) => void | Promise<void>): void {
    this.underWay++;
    // It may fail while the ones before it are waited for.
    work.catch(() => {});
    this.last = this.last.then(async () => {
      try {
        await end(await work);
      } catch (error) {
        this.failure ??= { error };
      }
      this.underWay--;
      if (this.failure !== undefined) this.waiting?.failed(this.failure.error);
      else this.waiting?.ended();
    });
  }

  /**
   * Waits for `input`, which comes from elsewhere, or for a failure of what is under way. `idle` is called when
   * nothing is under way meanwhile, and may begin more.
   */
  waitFor<T>(input: Promise<T>, idle: () => void): Promise<T> {
    const came = new Promise<T>((resolve, reject) => {
      input.then(resolve, reject);
      this.waiting = {
        ended: () => {
          if (this.underWay === 0) idle();
        },
        failed: reject,
      };
      if (this.failure !== undefined) reject(this.failure.error);
      else if (this.underWay === 0) idle();
    });
    return came.finally(() => {
      this.waiting = undefined;
    });
  }

  private async until(come: () => boolean): Promise<void> {
    if (this.failure === undefined && !come())
      await new Promise<void>((resolve, reject) => {
        this.waiting = {
          ended: () => {
            if (come()) resolve();
          },
          failed: reject,
        };
      }).finally(() => {
        this.waiting = undefined;
      });
    if (this.failure !== undefined) throw this.failure.error;
  }
}
