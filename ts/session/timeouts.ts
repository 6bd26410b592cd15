import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import { badMessage, ioTimeout, type Who } from '../report/messages.ts';
import { Msg } from '../wire/constants.ts';

/** The longest timeout that a daemon may set; a larger number is taken for malice. */
const maxImposed = 24 * 60 * 60;
/** How often the clocks are looked at: so many times in the timeout, and at least every so many milliseconds. */
const looks = 6;
const maxInterval = 10_000;
const shortestWait = 20;
/** A look that comes so much too late shows that this process did not get round to listening. */
const lateMs = 500;
/**
 * So many keep-alives in a row may go without an answer. The peer may be working at something large (sums of a file,
 * the removal of a tree) and say nothing meanwhile, as rsync's does; but one that never speaks again is gone.
 */
const maxUnanswered = 20;

/** A connection as the watch sees it; all times are those of its `now`, in milliseconds. */
export interface Watched {
  /** The wire may be a caller's, and nothing that keeps the process running. */
  readonly holdsProcess: boolean;
  now(): number;
  /** When bytes came last. */
  lastInput(): number;
  /** When data left last; keep-alives are none. */
  lastOutput(): number;
  /** Since when somebody waits for the peer. Undefined while nobody does: it owes nothing to who is at work. */
  waitingSince(): number | undefined;
  /** Tells the peer that we are alive, where that is possible now; false where it is not. */
  keepAlive(): boolean;
  /** The role that waits. */
  who(): Who;
  onExpire(error: RsyncError): void;
}

/**
 * Watches a connection for silence (--timeout): when the peer is waited for, and for that long nothing has come and
 * nothing could leave, the run ends with exit 30. After half of the time without output of ours it is told that we
 * are alive. That a keep-alive could leave counts as a sign that the peer is there, as in rsync; but only for a while.
 *
 * The timer keeps the process running where `holdsProcess` says so.
 */
export class IoTimeout {
  private readonly watched: Watched;
  private readonly started: number;
  private timer: NodeJS.Timeout | undefined;
  private due = 0;
  private limit = 0;
  private lastKeepAlive = 0;
  private unanswered = 0;

  /** `seconds` 0 watches nothing until `lower` sets a limit. */
  constructor(seconds: number, watched: Watched) {
    this.watched = watched;
    this.started = watched.now();
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
   * The server's MSG_IO_TIMEOUT (an int): it may set a timeout where we have none, or shorten ours. What
   * would switch it off or stretch it is ignored. True when the limit changed, so that it can be told.
   * Throws exit 12 for a payload that is no int.
   */
  lower(payload: Uint8Array): boolean {
    if (payload.length !== 4)
      throw protocolError(
        badMessage('invalid', Msg.IoTimeout, payload.length, this.watched.who()),
        ExitCode.StreamIo,
      );
    const value = Buffer.from(payload).readInt32LE(0);
    if (value <= 0 || value > maxImposed) return false;
    if (this.limit > 0 && this.limit <= value) return false;
    this.watch(value);
    return true;
  }

  /** Rejects with the timeout's error when `work` at the end of a run, behind the last word of the peer, takes longer. */
  async bound<T>(work: Promise<T>): Promise<T> {
    if (this.limit === 0) return work;
    const seconds = this.limit;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.error(seconds)), seconds * 1000);
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
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
    if (seconds > 0) this.schedule(seconds * 1000);
  }

  /** Looks again soon, at the latest when so many milliseconds are over. */
  private schedule(left: number): void {
    const wait = Math.max(shortestWait, Math.min((this.limit * 1000) / looks, maxInterval, left));
    this.due = this.watched.now() + wait;
    this.timer = setTimeout(() => this.check(), wait);
    if (!this.watched.holdsProcess) this.timer.unref();
  }

  private check(): void {
    const now = this.watched.now();
    const silent = now - this.lastSign(now);
    // What came while we were late is still to be read.
    const late = now - this.due > lateMs;
    const left = late ? Number.POSITIVE_INFINITY : this.limit * 1000 - silent;
    if (left <= 0) {
      this.stop();
      this.watched.onExpire(this.error(Math.floor(silent / 1000)));
      return;
    }
    const lastWord = Math.max(this.started, this.watched.lastOutput(), this.lastKeepAlive);
    if (now - lastWord >= this.lull * 1000) this.keepAlive(now);
    this.schedule(left);
  }

  /** The last time at which the peer showed that it is there, or owed nothing. */
  private lastSign(now: number): number {
    const since = this.watched.waitingSince();
    if (since === undefined) return now;
    const { started, lastKeepAlive, unanswered } = this;
    const sign = Math.max(started, since, this.watched.lastInput(), this.watched.lastOutput());
    return unanswered > maxUnanswered ? sign : Math.max(sign, lastKeepAlive);
  }

  private keepAlive(now: number): void {
    const spoke = Math.max(this.watched.lastInput(), this.watched.lastOutput()) > this.lastKeepAlive;
    const waits = this.watched.waitingSince() !== undefined;
    if (!this.watched.keepAlive()) return;
    this.unanswered = spoke || !waits ? 1 : this.unanswered + 1;
    this.lastKeepAlive = now;
  }

  private error(seconds: number): RsyncError {
    return new RsyncError(ExitCode.Timeout, ioTimeout(this.watched.who(), seconds));
  }
}
