import { close, fstatSync, read as readFile, readSync, write as writeFile } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Sink, Source } from '../wire/source-sink.ts';
import { brokenPipe, wireError } from './io-error.ts';

/** A source whose descriptor can be dropped. */
export interface FdSource extends Source {
  destroy(): void;
}
/** A sink whose descriptor can be dropped. */
export interface FdSink extends Sink {
  destroy(): void;
}

/** Bytes of the buffer that the event loop fills; what the peer has beyond them is read directly. */
const wakeBytes = 64 * 1024;
/** Direct reads in a row before the event loop gets its turn (timers, signals, our own writes). */
const maxDirectReads = 16;

/** The reading half of `fd`, which it takes over: a pipe, a socket or a file. */
export function fdSource(fd: number): FdSource {
  if (!isPipeOrSocket(fd)) return fileSource(fd);
  const receiver = new Receiver(fd);
  const options: SocketConstructorOpts & { onread: OnRead } = {
    fd,
    readable: true,
    writable: false,
    allowHalfOpen: true,
    onread: receiver.onread,
  };
  receiver.attach(new Socket(options));
  return receiver;
}

/** The writing half of `fd`, which it takes over: a pipe, a socket or a file. */
export function fdSink(fd: number): FdSink {
  if (!isPipeOrSocket(fd)) return fileSink(fd);
  const socket = new Socket({ fd, readable: false, writable: true, allowHalfOpen: true });
  return socketSink(socket, true);
}

/**
 * Both halves of one socket. `open` makes it with the options given to it, which put its input straight
 * into a buffer instead of the stream machinery.
 */
export function socketHalves(open: (options: { onread: OnRead; allowHalfOpen: true }) => Socket): {
  socket: Socket;
  source: FdSource;
  sink: FdSink;
} {
  const receiver = new Receiver(undefined);
  const socket = open({ onread: receiver.onread, allowHalfOpen: true });
  receiver.attach(socket);
  return { socket, source: receiver, sink: socketSink(socket, false) };
}

/** The halves of streams that Node itself made for a child: its stdout and its stdin. */
export function nodeStreamHalves(output: Socket, input: Socket): [FdSource, FdSink] {
  return [streamSource(output), socketSink(input, true)];
}

/** Node's `onread` option. */
export interface OnRead {
  readonly buffer: Uint8Array;
  callback(bytesRead: number, buffer: Uint8Array): boolean;
}

function isPipeOrSocket(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}

interface Waiting {
  readonly into: Uint8Array;
  resolve(bytes: number): void;
  reject(error: unknown): void;
}

/**
 * Input of a socket. The event loop fills a buffer of ours and stops reading until it is asked again;
 * when that buffer came back full there is more, and it is read from the descriptor (which does not
 * block) straight into the caller's buffer, without an event loop turn and without a copy.
 */
class Receiver implements FdSource {
  readonly onread: OnRead;
  private readonly fd: number | undefined;
  private readonly buffer = Buffer.allocUnsafeSlow(wakeBytes);
  private socket: Socket | undefined;
  private waiting: Waiting | undefined;
  /** Bytes of `buffer` that nobody has taken yet. */
  private from = 0;
  private to = 0;
  private more = false;
  private directReads = 0;
  private ended = false;
  private failure: unknown;

  constructor(fd: number | undefined) {
    this.fd = fd;
    this.onread = { buffer: this.buffer, callback: (bytesRead) => this.arrived(bytesRead) };
  }

  attach(socket: Socket): void {
    this.socket = socket;
    socket.on('end', () => this.finish(undefined));
    socket.on('error', (error) => this.finish(wireError('read', error)));
    socket.on('close', () => this.finish(undefined));
  }

  read(into: Uint8Array): Promise<number> {
    if (this.from < this.to) return Promise.resolve(this.take(into));
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.resolve(0);
    if (this.more) {
      if (this.directReads < maxDirectReads) {
        const bytes = this.readDirectly(into);
        if (bytes > 0) return Promise.resolve(bytes);
      }
      this.more = false;
    }
    this.directReads = 0;
    return new Promise((resolve, reject) => {
      this.waiting = { into, resolve, reject };
      this.socket?.read(0);
    });
  }

  destroy(): void {
    this.socket?.destroy();
    this.finish(undefined);
  }

  private arrived(bytesRead: number): boolean {
    this.from = 0;
    this.to = bytesRead;
    this.more = bytesRead === this.buffer.length && this.fd !== undefined;
    const waiting = this.waiting;
    if (waiting) {
      this.waiting = undefined;
      let bytes = this.take(waiting.into);
      if (this.more && bytes < waiting.into.length) {
        const direct = this.readDirectly(waiting.into.subarray(bytes));
        if (direct > 0) bytes += direct;
      }
      waiting.resolve(bytes);
    }
    return false;
  }

  private take(into: Uint8Array): number {
    const bytes = Math.min(into.length, this.to - this.from);
    into.set(this.buffer.subarray(this.from, this.from + bytes));
    this.from += bytes;
    return bytes;
  }

  /** 0 when there is nothing, or when the event loop had better find out. */
  private readDirectly(into: Uint8Array): number {
    this.directReads++;
    let bytes = 0;
    try {
      bytes = readSync(this.fd as number, into);
    } catch {
      // EAGAIN, or an error that the event loop will meet and report.
    }
    this.more = bytes === into.length;
    return bytes;
  }

  private finish(failure: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    const waiting = this.waiting;
    this.waiting = undefined;
    if (!waiting) return;
    if (failure === undefined) waiting.resolve(0);
    else waiting.reject(failure);
  }
}

/** Input of a stream that was made without `onread`. */
function streamSource(stream: Socket): FdSource {
  let failure: unknown;
  let ended = false;
  let wake: (() => void) | undefined;
  const stir = (): void => {
    wake?.();
    wake = undefined;
  };
  stream.on('readable', stir);
  stream.on('end', () => {
    ended = true;
    stir();
  });
  stream.on('error', (error) => {
    failure ??= wireError('read', error);
    stir();
  });
  stream.on('close', () => {
    ended = true;
    stir();
  });
  return {
    async read(into) {
      for (;;) {
        const waiting = stream.readableLength;
        const chunk: Buffer | null = waiting > 0 ? stream.read(Math.min(into.length, waiting)) : null;
        if (chunk) {
          into.set(chunk);
          return chunk.length;
        }
        if (failure !== undefined) throw failure;
        if (ended) return 0;
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.read(0);
        });
      }
    },
    destroy: () => stream.destroy(),
  };
}

/** Output of a socket; `alone` when nothing reads from it, so that its end is the descriptor's. */
function socketSink(socket: Socket, alone: boolean): FdSink {
  let failure: unknown;
  let reject: ((error: unknown) => void) | undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    reject?.(failure);
    reject = undefined;
  };
  socket.on('error', (error) => fail(wireError('write', error)));
  socket.on('close', () => fail(wireError('write', brokenPipe())));

  const settle = (start: (done: () => void) => void): Promise<void> =>
    new Promise((resolve, rejectThis) => {
      if (failure !== undefined) {
        rejectThis(failure);
        return;
      }
      reject = rejectThis;
      start(() => {
        // A failed write calls back too; its promise waits for the 'error' event, which has the reason.
        if (socket.errored) return;
        reject = undefined;
        resolve();
      });
    });

  return {
    write(chunks) {
      if (chunks.length === 0) return Promise.resolve();
      return settle((done) => {
        socket.cork();
        for (let i = 0; i < chunks.length - 1; i++) socket.write(chunks[i]);
        socket.write(chunks[chunks.length - 1], done);
        socket.uncork();
      });
    },
    async end() {
      if (socket.writableEnded || failure !== undefined) return;
      await settle((done) => socket.end(done));
      if (alone) socket.destroy();
    },
    destroy() {
      socket.destroy();
    },
  };
}

/** A plain file or a device as input, read by thread pool calls. */
function fileSource(fd: number): FdSource {
  return {
    read: (into) =>
      new Promise((resolve, reject) => {
        readFile(fd, into, 0, into.length, null, (error, bytes) => {
          if (error) reject(wireError('read', error));
          else resolve(bytes);
        });
      }),
    destroy: () => close(fd, () => {}),
  };
}

/** A plain file or a device as output. */
function fileSink(fd: number): FdSink {
  let open = true;
  const shut = (): void => {
    if (open) close(fd, () => {});
    open = false;
  };
  const writeAll = (chunk: Uint8Array, at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      writeFile(fd, chunk, at, chunk.length - at, null, (error, bytes) => {
        if (error) reject(wireError('write', error));
        else resolve(at + bytes < chunk.length ? writeAll(chunk, at + bytes) : undefined);
      });
    });
  return {
    async write(chunks) {
      for (const chunk of chunks) if (chunk.length > 0) await writeAll(chunk, 0);
    },
    async end() {
      shut();
    },
    destroy: shut,
  };
}
