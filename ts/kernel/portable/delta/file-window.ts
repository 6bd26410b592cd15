import { readSync } from 'node:fs';
import { constants } from 'node:os';
import { asSysError } from '../sys-error.ts';

/** What upstream calls it when a file is shorter than it was: no data where data should be. */
const endedEarly = constants.errno.ENODATA ?? constants.errno.EAGAIN;

/**
 * A sliding window on a file (rsync's `map_struct`). Bytes that cannot be read are zeros, and `errno`
 * says so: the file's digest then must not match.
 */
export class FileWindow {
  private readonly fd: number;
  private readonly size: number;
  private buffer: Buffer;
  private start = 0;
  private filled = 0;
  /** errno of the first read that failed; 0 when all went well. */
  errno = 0;

  /** `size` is where the file ends for this reader; `room` how much is held and read at once. */
  constructor(fd: number, size: number, room: number) {
    this.fd = fd;
    this.size = size;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(room, size)));
  }

  /** File offset of the first byte in `bytes`. */
  get base(): number {
    return this.start;
  }
  /** File offset behind the last byte in `bytes`. */
  get end(): number {
    return this.start + this.filled;
  }
  get bytes(): Buffer {
    return this.buffer;
  }

  /**
   * Makes the range `[from, to)` present, and reads ahead as far as the buffer goes. Earlier bytes may
   * leave the window. Returns where `from` is in `bytes`. The range must lie within the file's size.
   */
  need(from: number, to: number): number {
    if (from >= this.start && to <= this.start + this.filled) return from - this.start;
    const length = to - from;
    if (length > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(length, this.buffer.length * 2), this.size));
      this.buffer.copy(grown, 0, 0, this.filled);
      this.buffer = grown;
    }
    if (from >= this.start && from < this.start + this.filled) {
      this.buffer.copyWithin(0, from - this.start, this.filled);
      this.filled -= from - this.start;
    } else {
      this.filled = 0;
    }
    this.start = from;
    this.fill(Math.min(this.buffer.length, this.size - from));
    return 0;
  }

  private fill(until: number): void {
    while (this.filled < until) {
      let n = 0;
      try {
        n = readSync(this.fd, this.buffer, this.filled, until - this.filled, this.start + this.filled);
        if (n === 0) this.errno ||= endedEarly;
      } catch (error) {
        this.errno ||= asSysError(error, 'read').errno;
      }
      if (n === 0) {
        this.buffer.fill(0, this.filled, until);
        this.filled = until;
        return;
      }
      this.filled += n;
    }
  }
}
