import { monotonicMs } from '../clock.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Sink, Source } from '../wire/source-sink.ts';
import type { Duplex } from './duplex.ts';
import { brokenPipe, wireError } from './io-error.ts';

/** Two ends of a loopback wire in one process: what one writes, the other reads. */
export function memoryPair(): [Duplex, Duplex] {
  const there = new Channel();
  const back = new Channel();
  return [endOf(back, there), endOf(there, back)];
}

/** Dropping an end is what a vanished process is: the other end still reads what was written, then the end. */
function endOf(source: Channel, sink: Channel): Duplex {
  return {
    source,
    sink,
    destroy() {
      source.abandon();
      sink.cut();
    },
  };
}

interface Waiting {
  readonly into: Uint8Array;
  resolve(bytes: number): void;
  reject(error: unknown): void;
}

/** Small writes are copied and settle at once, as into a pipe, until this many bytes wait. */
const capacity = 256 * 1024;
/** Larger writes are lent: not copied, and settled when the reader has taken the last byte. */
const lendBytes = 64 * 1024;

/** One direction: at most `capacity` copied bytes and one lent write are queued. */
class Channel implements Source, Sink {
  private queue: Uint8Array[] = [];
  private queued = 0;
  /** Next byte: chunk and offset. */
  private index = 0;
  private offset = 0;
  private lent: { resolve(): void; reject(error: unknown): void } | undefined;
  private waiting: Waiting | undefined;
  private ended = false;
  private writtenAt = Number.NEGATIVE_INFINITY;
  /** Written to since `writtenAt`: when that was is asked for now and then, and far more seldom than it happens. */
  private isWritten = false;
  /** Set when the reader is gone. */
  private abandoned = false;

  read(into: Uint8Array): Promise<number> {
    if (this.abandoned) return Promise.reject(closed());
    const bytes = this.take(into);
    if (bytes > 0 || this.ended) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      this.waiting = { into, resolve, reject };
    });
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.abandoned) return Promise.reject(wireError('write', brokenPipe()));
    if (this.ended || this.lent) return Promise.reject(new Error('write on a busy or ended channel'));
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    if (bytes === 0) return Promise.resolve();
    this.isWritten = true;
    const first = this.queue.length;
    for (const chunk of chunks) if (chunk.length > 0) this.queue.push(chunk);
    this.queued += bytes;
    this.serve();
    if (this.queued === 0) return Promise.resolve();
    if (bytes <= lendBytes && this.queued <= capacity) {
      for (let i = Math.max(first, this.index); i < this.queue.length; i++)
        this.queue[i] = Uint8Array.prototype.slice.call(this.queue[i]);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.lent = { resolve, reject };
    });
  }

  sinceArrival(): number {
    if (this.isWritten) this.writtenAt = monotonicMs();
    this.isWritten = false;
    return monotonicMs() - this.writtenAt;
  }

  /** What is copied has left. */
  unsent(): number {
    return this.lent === undefined ? 0 : this.queued;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.waiting?.resolve(0);
    this.waiting = undefined;
  }

  /** The writer is gone: what it has written can still be read. */
  cut(): void {
    this.lent?.reject(closed());
    this.lent = undefined;
    void this.end();
  }

  /** The reader is gone. */
  abandon(): void {
    if (this.abandoned) return;
    this.abandoned = true;
    this.queue = [];
    this.waiting?.reject(closed());
    this.lent?.reject(wireError('write', brokenPipe()));
    this.waiting = undefined;
    this.lent = undefined;
  }

  /** Gives new bytes to a reader that waits for them. */
  private serve(): void {
    const waiting = this.waiting;
    if (!waiting) return;
    this.waiting = undefined;
    waiting.resolve(this.take(waiting.into));
  }

  private take(into: Uint8Array): number {
    let bytes = 0;
    while (bytes < into.length && this.index < this.queue.length) {
      const chunk = this.queue[this.index];
      const here = Math.min(chunk.length - this.offset, into.length - bytes);
      into.set(chunk.subarray(this.offset, this.offset + here), bytes);
      this.offset += here;
      bytes += here;
      if (this.offset < chunk.length) break;
      this.index++;
      this.offset = 0;
    }
    this.queued -= bytes;
    if (this.queued === 0 && this.queue.length > 0) {
      this.queue = [];
      this.index = 0;
      this.lent?.resolve();
      this.lent = undefined;
    }
    return bytes;
  }
}

function closed(): RsyncError {
  return new RsyncError(ExitCode.StreamIo, 'connection unexpectedly closed');
}
