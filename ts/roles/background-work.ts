/**
 * Work that goes on beside its caller, one piece at a time. A failure is thrown at whoever waits next.
 */
export class BackgroundWork {
  private working: Promise<void> = Promise.resolve();
  private failure: unknown;
  /** Nothing is under way. */
  idle = true;

  /** Waits until nothing is under way. */
  async turn(): Promise<void> {
    await this.working;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Begins the next piece; after `turn`. */
  begin(work: Promise<void>): void {
    this.idle = false;
    this.working = work.then(
      () => {
        this.idle = true;
      },
      (error: unknown) => {
        this.idle = true;
        this.failure = error;
      },
    );
  }

  /** Waits until nothing is under way, whatever came of it. */
  ended(): Promise<void> {
    return this.working;
  }
}
