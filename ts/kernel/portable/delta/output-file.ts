import { fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import type { Loss } from '../../kernel.ts';
import { asSysError } from '../sys-error.ts';

/** Room of the buffer that data gathers in. */
export const outputBufferBytes = 256 * 1024;
/** Shortest run of zeros inside other data that becomes a hole. */
const holeBytes = 1024;

export interface OutputOptions {
  readonly fd: number;
  readonly startAt?: number;
  readonly sparse: boolean;
  /** The file holds data already, which may be what matches are read from. */
  readonly old?: { readonly bytes: number; readonly isBasis: boolean };
  /** Learns of holes that cannot be made. */
  readonly losses?: Set<Loss>;
}

/**
 * Writes a file from front to back, in large pieces (rsync's `write_file`). The first failure is kept and
 * everything after it thrown away, for the wire has to be read to the file's end all the same.
 */
export class OutputFile {
  private readonly fd: number;
  private readonly sparse: boolean;
  /** Below this offset the file holds old data, which stands in the way of a hole. */
  private oldBytes: number;
  /** Old data is still read: it must not be cut off to make a hole. */
  private readonly oldIsBasis: boolean;
  private readonly losses: Set<Loss> | undefined;
  private buffer: Buffer | undefined;
  private buffered = 0;
  /** Where the buffered bytes go. */
  private flushAt: number;
  errno = 0;
  syscall = '';

  /** `buffer`, of `outputBufferBytes`, may serve one file after the other. */
  constructor({ fd, startAt = 0, sparse, old, losses }: OutputOptions, buffer?: Buffer) {
    this.fd = fd;
    this.sparse = sparse;
    this.oldBytes = old?.bytes ?? 0;
    this.oldIsBasis = old?.isBasis === true;
    this.losses = losses;
    this.flushAt = startAt;
    this.buffer = buffer;
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.flushAt + this.buffered;
  }

  write(data: Buffer, from: number, to: number): void {
    if (!this.sparse) {
      this.put(data, from, to);
      return;
    }
    let start = from;
    for (let at = from; at < to; ) {
      if (data[at] !== 0) {
        at++;
        continue;
      }
      const zeros = zeroRun(data, at, to);
      const atEdge = at === from || at + zeros === to;
      if (atEdge || zeros >= holeBytes) {
        this.put(data, start, at);
        this.hole(zeros);
        start = at + zeros;
      }
      at += zeros;
    }
    this.put(data, start, to);
  }

  /** The bytes here are right already. */
  skip(n: number): void {
    this.flush();
    this.flushAt += n;
  }

  /** Writes what is left; `cut` ends the file there (old data behind it, or a hole before it). */
  finish(cut: boolean): void {
    this.flush();
    if (cut) this.try('ftruncate', () => ftruncateSync(this.fd, this.flushAt));
  }

  sync(): void {
    this.try('fsync', () => fsyncSync(this.fd));
  }

  /**
   * A hole of `n` bytes. Node cannot punch one into old data: that is cut off from here on where nobody reads it any
   * more, and overwritten with zeros where it is the basis.
   */
  private hole(n: number): void {
    if (this.oldBytes > this.position && n >= holeBytes) {
      if (this.oldIsBasis) this.losses?.add('holes');
      else this.cutOldData();
    }
    const overwritten = Math.min(Math.max(this.oldBytes - this.position, 0), n);
    for (let left = overwritten; left > 0; ) {
      const piece = Math.min(left, outputBufferBytes);
      const zeros = Buffer.alloc(piece);
      this.put(zeros, 0, piece);
      left -= piece;
    }
    if (n > overwritten) this.skip(n - overwritten);
  }

  private cutOldData(): void {
    this.flush();
    this.try('ftruncate', () => ftruncateSync(this.fd, this.flushAt));
    this.oldBytes = this.flushAt;
  }

  private put(data: Buffer, from: number, to: number): void {
    this.buffer ??= Buffer.allocUnsafeSlow(outputBufferBytes);
    for (let at = from; at < to; ) {
      if (this.buffered === outputBufferBytes) this.flush();
      const n = Math.min(to - at, outputBufferBytes - this.buffered);
      data.copy(this.buffer, this.buffered, at, at + n);
      this.buffered += n;
      at += n;
    }
  }

  /** Writes what has gathered. */
  flush(): void {
    const buffer = this.buffer;
    if (buffer === undefined || this.buffered === 0) return;
    this.try('write', () => {
      for (let done = 0; done < this.buffered; ) {
        done += writeSync(this.fd, buffer, done, this.buffered - done, this.flushAt + done);
      }
    });
    this.flushAt += this.buffered;
    this.buffered = 0;
  }

  private try(syscall: string, call: () => void): void {
    if (this.errno !== 0) return;
    try {
      call();
    } catch (error) {
      this.errno = asSysError(error, syscall).errno;
      this.syscall = syscall;
    }
  }
}

function zeroRun(data: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && data[at] === 0) at++;
  return at - from;
}
