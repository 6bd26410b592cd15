/** Standard output and error: complete and in order before the process ends. */
import { fstatSync, writeSync } from 'node:fs';

/** Writing side of a standard stream. */
export interface OutputStream {
  write(bytes: Uint8Array): void;
  flush(): void;
}

const bufferSize = 16 * 1024;
const retryMilliseconds = 2;
/** Their major number on Linux. */
const memoryDevices = 1;

/**
 * Writes all of `bytes` to `fd`, waiting where it is full. Answers false when nobody reads it any more;
 * other failures are thrown.
 */
export function writeFully(fd: number, bytes: Uint8Array, write: typeof writeSync = writeSync): boolean {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += write(fd, bytes, done, bytes.length - done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') pause();
      else if (code === 'EPIPE' || code === 'EBADF') return false;
      else if (code !== 'EINTR') throw error;
    }
  }
  return true;
}

/** A descriptor set to non-blocking by whoever shares it cannot be waited for in any other way here. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMilliseconds);
}

/** Each write goes out at once. */
export function unbufferedStream(fd: number): OutputStream {
  let open = true;
  return {
    write(bytes) {
      if (open) open = writeFully(fd, bytes);
    },
    flush() {},
  };
}

/**
 * Gathers writes until the event loop turns, 16 KiB are full, or `flush`: a line of output then does not
 * cost a system call. A terminal shows each write at once.
 */
export function bufferedStream(fd: number): OutputStream {
  if (isTerminal(fd)) return unbufferedStream(fd);
  const buffer = Buffer.allocUnsafe(bufferSize);
  let used = 0;
  let open = true;
  let scheduled = false;
  const send = (bytes: Uint8Array) => {
    if (open) open = writeFully(fd, bytes);
  };
  const flush = () => {
    if (used > 0) {
      const full = buffer.subarray(0, used);
      used = 0;
      send(full);
    }
  };
  return {
    write(bytes) {
      if (used + bytes.length > bufferSize) flush();
      if (bytes.length > bufferSize) {
        send(bytes);
        return;
      }
      buffer.set(bytes, used);
      used += bytes.length;
      if (scheduled) return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        flush();
      });
    },
    flush,
  };
}

/** Of the devices that take characters, /dev/null and its like are none. */
function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== memoryDevices;
  } catch {
    return false;
  }
}
