import { ExitCode, RsyncError } from '../errors.ts';

/** The longest timeout that a daemon may set; a larger number is taken for malice. */
const maxImposed = 24 * 60 * 60;
/** How often at least the clocks are looked at, in milliseconds. */
const maxInterval = 60_000;

/**
 * Watches a connection for silence (--timeout): when neither side has said anything for that long the
 * run ends with exit 30. After half of it without output of ours `keepAlive` is called, which should
 * send an empty data frame (`Writer.message(Msg.Data, empty)`, then flush), once multiplexed output has
 * started and nothing else waits to be sent; every protocol from 28 on takes it.
 *
 * The timer does not keep the process running.
 */
export class IoTimeout {
  private readonly lastInput: () => number;
  private readonly lastOutput: () => number;
  private readonly onExpire: (error: RsyncError) => void;
  private readonly keepAlive: (() => void) | undefined;
  private readonly started = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private limit = 0;

  /** `seconds` 0 watches nothing until `lower` sets a limit; times are those of `Date.now()`. */
  constructor(
    seconds: number,
    lastInput: () => number,
    lastOutput: () => number,
    onExpire: (error: RsyncError) => void,
    keepAlive?: () => void,
  ) {
    this.lastInput = lastInput;
    this.lastOutput = lastOutput;
    this.onExpire = onExpire;
    this.keepAlive = keepAlive;
    this.watch(Math.max(0, seconds));
  }

  /** The timeout in force, in seconds; 0 is none. */
  get seconds(): number {
    return this.limit;
  }

  /** Seconds of our silence after which the peer is told that we are alive (`allowed_lull`). */
  get lull(): number {
    return Math.ceil(this.limit / 2);
  }

  /**
   * The daemon's MSG_IO_TIMEOUT (an int): it may set a timeout where we have none, or shorten ours. What
   * would switch it off or stretch it is ignored. True when the limit changed, so that it can be told.
   * Throws exit 12 for a payload that is no int.
   */
  lower(payload: Uint8Array): boolean {
    if (payload.length !== 4)
      throw new RsyncError(ExitCode.StreamIo, `invalid multi-message 33:${payload.length}`);
    const value = Buffer.from(payload).readInt32LE(0);
    if (value <= 0 || value > maxImposed) return false;
    if (this.limit > 0 && this.limit <= value) return false;
    this.watch(value);
    return true;
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.limit = 0;
  }

  private watch(seconds: number): void {
    clearTimeout(this.timer);
    this.limit = seconds;
    if (seconds > 0) this.schedule();
  }

  /** Wakes up when the next thing is due: our keep-alive or the peer's expiry. */
  private schedule(): void {
    const now = Date.now();
    const expiry = this.lastSign() + this.limit * 1000;
    const lull = this.keepAlive ? this.lastOutput() + this.lull * 1000 : expiry;
    const due = Math.min(expiry, lull > now ? lull : now + 1000) - now;
    this.timer = setTimeout(() => this.check(), Math.min(Math.max(due, 20), maxInterval));
    this.timer.unref();
  }

  private lastSign(): number {
    return Math.max(this.started, this.lastInput(), this.lastOutput());
  }

  private check(): void {
    const now = Date.now();
    const silent = now - this.lastSign();
    if (silent >= this.limit * 1000) {
      const limit = Math.floor(silent / 1000);
      this.stop();
      this.onExpire(new RsyncError(ExitCode.Timeout, `io timeout after ${limit} seconds -- exiting`));
      return;
    }
    if (this.keepAlive && now - this.lastOutput() >= this.lull * 1000) this.keepAlive();
    this.schedule();
  }
}
