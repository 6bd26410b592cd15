/**
 * Whole files that pass between two sessions of one process as open descriptors instead of tokens. The
 * wire keeps their order: the sender queues a file after it has written the file's item and sum head, and
 * the receiver takes the next one when it has read them.
 */
export interface LoopbackFile {
  readonly ndx: number;
  readonly fd: number;
  readonly size: number;
}

/** Descriptors that may wait for the receiver; with both sides' batches this stays below the usual limit of 1024. */
const maxWaiting = 256;

export class Loopback {
  private queue: LoopbackFile[] = [];
  private head = 0;
  private wake: (() => void) | undefined;

  push(file: LoopbackFile): void {
    this.queue.push(file);
  }

  /** Resolves when more files may be queued; undefined when they may now. */
  room(): Promise<void> | undefined {
    if (this.queue.length - this.head < maxWaiting) return undefined;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** The file of this item, or undefined when its content comes as tokens. */
  take(ndx: number): LoopbackFile | undefined {
    const file = this.queue[this.head];
    if (file === undefined || file.ndx !== ndx) return undefined;
    this.head++;
    if (this.wake !== undefined && this.queue.length - this.head < maxWaiting / 2) {
      this.wake();
      this.wake = undefined;
    }
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    }
    return file;
  }

  /** The descriptors nobody took, for closing when a run ends early. */
  rest(): LoopbackFile[] {
    const rest = this.queue.slice(this.head);
    this.queue = [];
    this.head = 0;
    return rest;
  }

  /** Bytes the token stream of a file would have taken: token headers, data, end token, digest. */
  static tokenBytes(size: number, chunk: number, digestBytes: number): number {
    return size + 4 * Math.ceil(size / chunk) + 4 + digestBytes;
  }
}
