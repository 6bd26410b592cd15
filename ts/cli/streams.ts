/** Standard output and error: complete and in order before the process ends. */
import { fstatSync, writeSync } from 'node:fs';
import type { ByteString } from '../kernel/kernel.ts';

/** Writing side of a standard stream for text, one char a byte. */
export interface TextStream {
  write(text: ByteString): void;
  flush(): void;
  /** --outbuf: from here on what is written goes out at once, line by line, or in blocks; '' leaves it as it is. */
  buffer(mode: '' | 'none' | 'line' | 'block'): void;
}

const bufferSize = 16 * 1024;
const retryMilliseconds = 2;
/** Their major number on Linux. */
const memoryDevices = 1;

/**
 * Writes all of `bytes` to `fd`, waiting where it is full. Answers false when nobody reads it any more. What a full
 * disk or a terminal that hung up does not take is lost: what is said is never worth the run that says it.
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
      else if (code !== 'EINTR') return true;
    }
  }
  return true;
}

/** A descriptor set to non-blocking by whoever shares it cannot be waited for in any other way here. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMilliseconds);
}

/** Writes bytes that go out at once. */
export function unbufferedStream(fd: number): (bytes: Uint8Array) => void {
  let open = true;
  return (bytes) => {
    if (open) open = writeFully(fd, bytes);
  };
}

/**
 * Gathers writes until the event loop turns, 16 KiB are full, or `flush`: a line of output then does not
 * cost a system call. A terminal shows each write at once.
 */
export function bufferedStream(fd: number): TextStream {
  const send = unbufferedStream(fd);
  let mode: Parameters<TextStream['buffer']>[0] = isTerminal(fd) ? 'none' : '';
  let gathered = '';
  let scheduled = false;
  const flush = () => {
    if (gathered === '') return;
    const bytes = Buffer.from(gathered, 'latin1');
    gathered = '';
    send(bytes);
  };
  const flushLines = () => {
    const end = gathered.lastIndexOf('\n') + 1;
    if (end === 0) return;
    const bytes = Buffer.from(gathered.slice(0, end), 'latin1');
    gathered = gathered.slice(end);
    send(bytes);
  };
  return {
    write(text) {
      gathered += text;
      if (gathered.length >= bufferSize || mode === 'none') flush();
      else if (mode === 'line') flushLines();
      if (scheduled || mode !== '') return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        flush();
      });
    },
    flush,
    buffer(how) {
      if (how !== '') mode = how;
    },
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
