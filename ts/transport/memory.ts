import { ExitCode, RsyncError } from '../errors.ts';
import type { Sink, Source } from '../wire/source-sink.ts';
import type { Duplex } from './duplex.ts';

/** Two ends of a loopback wire in one process: what one writes, the other reads. */
export function memoryPair(): [Duplex, Duplex] {
  const there = new Channel();
  const back = new Channel();
  const destroy = (): void => {
    there.fail();
    back.fail();
  };
  return [
    { source: back, sink: there, destroy },
    { source: there, sink: back, destroy },
  ];
}

interface Waiting {
  readonly into: Uint8Array;
  resolve(bytes: number): void;
  reject(error: unknown): void;
}

/**
 * One direction. A write lends its chunks, which are not copied before the reader takes them into its
 * own buffer, and settles when the last of them is taken: so no more than one write is ever queued.
 */
class Channel implements Source, Sink {
  private chunks: readonly Uint8Array[] = [];
  /** Next byte: chunk and offset. */
  private index = 0;
  private offset = 0;
  private written: (() => void) | undefined;
  private refused: ((error: unknown) => void) | undefined;
  private waiting: Waiting | undefined;
  private ended = false;
  private failure: RsyncError | undefined;

  read(into: Uint8Array): Promise<number> {
    if (this.failure) return Promise.reject(this.failure);
    const bytes = this.take(into);
    if (bytes > 0 || this.ended) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      this.waiting = { into, resolve, reject };
    });
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.ended || this.written) return Promise.reject(new Error('write on a busy or ended channel'));
    this.chunks = chunks;
    this.index = 0;
    this.offset = 0;
    const waiting = this.waiting;
    if (waiting) {
      const bytes = this.take(waiting.into);
      if (bytes > 0) {
        this.waiting = undefined;
        waiting.resolve(bytes);
      }
    }
    if (this.drained()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.written = resolve;
      this.refused = reject;
    });
  }

  async end(): Promise<void> {
    if (this.failure) throw this.failure;
    this.ended = true;
    this.waiting?.resolve(0);
    this.waiting = undefined;
  }

  /** Breaks the channel as a vanished peer would. */
  fail(): void {
    if (this.failure) return;
    this.failure = new RsyncError(ExitCode.StreamIo, 'connection unexpectedly closed');
    this.chunks = [];
    this.waiting?.reject(this.failure);
    this.waiting = undefined;
    this.refused?.(this.failure);
    this.written = undefined;
    this.refused = undefined;
  }

  /** Skips empty chunks; true when nothing is left. */
  private drained(): boolean {
    while (this.index < this.chunks.length && this.offset === this.chunks[this.index].length) {
      this.index++;
      this.offset = 0;
    }
    return this.index === this.chunks.length;
  }

  private take(into: Uint8Array): number {
    let bytes = 0;
    while (bytes < into.length && !this.drained()) {
      const chunk = this.chunks[this.index];
      const here = Math.min(chunk.length - this.offset, into.length - bytes);
      into.set(chunk.subarray(this.offset, this.offset + here), bytes);
      this.offset += here;
      bytes += here;
    }
    if (this.written && this.drained()) {
      this.written();
      this.written = undefined;
      this.refused = undefined;
      this.chunks = [];
      this.index = 0;
    }
    return bytes;
  }
}
