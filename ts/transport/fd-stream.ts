import { close, fstatSync, read as readFile, write as writeFile } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { monotonicMs } from '../clock.ts';
import type { Sink, Source } from '../wire/source-sink.ts';
import { brokenPipe, wireError } from './io-error.ts';
import { streamSource } from './stream-source.ts';

/** A source whose descriptor can be dropped. */
export interface FdSource extends Source {
  destroy(): void;
}
/** A sink whose descriptor can be dropped. */
export interface FdSink extends Sink {
  destroy(): void;
}

/** Input is read into pieces of memory of this size, */
const slabBytes = 512 * 1024;
/** by reads of at least this size, */
const leastRead = 64 * 1024;
/** and no further ahead than this. */
const maxSlabs = 3;

/** The reading half of `fd`, which it takes over: a pipe, a socket or a file. */
export function fdSource(fd: number): FdSource {
  if (!isPipeOrSocket(fd)) return fileSource(fd);
  const receiver = new Receiver();
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
 * into a buffer instead of the stream machinery. Before each wait for input, `acknowledge` is called.
 */
export function socketHalves(
  open: (options: { onread: OnRead; allowHalfOpen: true }) => Socket,
  acknowledge?: (fd: number) => void,
): {
  socket: Socket;
  source: FdSource;
  sink: FdSink;
} {
  const receiver = new Receiver(acknowledge);
  const socket = open({ onread: receiver.onread, allowHalfOpen: true });
  receiver.attach(socket);
  return { socket, source: receiver, sink: socketSink(socket, false) };
}

/** The halves of streams that Node itself made for a child: its stdout and its stdin. */
export function nodeStreamHalves(output: Socket, input: Socket): [FdSource, FdSink] {
  return [streamSource(output, (error) => wireError('read', error)), socketSink(input, true)];
}

/** Node's `onread` option. */
export interface OnRead {
  buffer(): Uint8Array;
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

/** Input that came, or is still to come, into one piece of memory. */
interface Slab {
  readonly bytes: Buffer;
  /** Bytes that the reader has taken. */
  from: number;
  /** Bytes that came. */
  to: number;
}

/**
 * Input that the event loop reads on its own, ahead of who takes it: while a job works on what came, the
 * next megabyte comes in. When all slabs are full the peer has to wait.
 */
class Receiver implements FdSource {
  readonly onread: OnRead;
  private socket: Socket | undefined;
  private waiting: Waiting | undefined;
  /** Slabs with input, oldest first; the last one is being filled. */
  private readonly slabs: Slab[] = [newSlab()];
  private spare: Slab | undefined;
  private paused = true;
  /** Somebody wants the descriptor: nothing is read ahead until what came is taken. */
  private holding = false;
  private ended = false;
  private cameAt = Number.NEGATIVE_INFINITY;
  private failure: unknown;
  private readonly acknowledge: ((fd: number) => void) | undefined;

  constructor(acknowledge?: (fd: number) => void) {
    this.acknowledge = acknowledge;
    this.onread = { buffer: () => this.room(), callback: (bytesRead) => this.arrived(bytesRead) };
  }

  attach(socket: Socket): void {
    this.socket = socket;
    socket.on('end', () => this.finish(undefined));
    socket.on('error', (error) => this.finish(wireError('read', error)));
    socket.on('close', () => this.finish(undefined));
  }

  read(into: Uint8Array): Promise<number> {
    const bytes = this.take(into);
    if (bytes > 0) return Promise.resolve(bytes);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.resolve(0);
    this.holding = false;
    this.acknowledgeAll();
    return new Promise((resolve, reject) => {
      this.waiting = { into, resolve, reject };
      this.resume();
    });
  }

  private acknowledgeAll(): void {
    if (this.acknowledge === undefined || this.socket === undefined) return;
    const fd = descriptorOf(this.socket);
    if (fd !== undefined) this.acknowledge(fd);
  }

  /** Stops the event loop's reading; a `read` that finds nothing starts it again. */
  lend(): number | undefined {
    const { socket } = this;
    if (socket === undefined || this.ended || this.waiting !== undefined) return undefined;
    const fd = descriptorOf(socket);
    if (fd === undefined) return undefined;
    socket.pause();
    this.paused = true;
    this.holding = this.slabs.some((slab) => slab.from < slab.to);
    return this.holding ? undefined : fd;
  }

  sinceArrival(): number {
    return monotonicMs() - this.cameAt;
  }

  destroy(): void {
    this.socket?.destroy();
    this.finish(undefined);
  }

  /** Where the next bytes go. */
  private room(): Uint8Array {
    let last = this.slabs[this.slabs.length - 1];
    if (last.bytes.length - last.to < leastRead) {
      last = this.spare ?? newSlab();
      this.spare = undefined;
      this.slabs.push(last);
    }
    return last.bytes.subarray(last.to);
  }

  private arrived(bytesRead: number): boolean {
    this.slabs[this.slabs.length - 1].to += bytesRead;
    this.cameAt = monotonicMs();
    const { waiting } = this;
    if (waiting) {
      this.waiting = undefined;
      waiting.resolve(this.take(waiting.into));
    }
    this.paused = this.slabs.length >= maxSlabs;
    return !this.paused;
  }

  private take(into: Uint8Array): number {
    let taken = 0;
    while (taken < into.length) {
      const first = this.slabs[0];
      const bytes = Math.min(into.length - taken, first.to - first.from);
      if (bytes > 0) {
        into.set(first.bytes.subarray(first.from, first.from + bytes), taken);
        first.from += bytes;
        taken += bytes;
      }
      if (first.from < first.to || this.slabs.length === 1) break;
      this.slabs.shift();
      first.from = 0;
      first.to = 0;
      this.spare = first;
    }
    if (this.paused && !this.holding && this.slabs.length < maxSlabs) this.resume();
    return taken;
  }

  private resume(): void {
    if (!this.paused || this.ended) return;
    this.paused = false;
    this.socket?.read(0);
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

function newSlab(): Slab {
  return { bytes: Buffer.allocUnsafeSlow(slabBytes), from: 0, to: 0 };
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
    copies: true,
    write(chunks) {
      if (chunks.length === 0) return Promise.resolve();
      return settle((done) => {
        socket.cork();
        for (let i = 0; i < chunks.length - 1; i++) socket.write(chunks[i]);
        socket.write(chunks[chunks.length - 1], done);
        socket.uncork();
      });
    },
    unsent: () => handleOf(socket)?.writeQueueSize ?? 0,
    lend: () => (failure === undefined && socket.writable ? descriptorOf(socket) : undefined),
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

/** The descriptor of a socket or pipe; undefined where Node does not tell. */
export function descriptorOf(socket: Socket): number | undefined {
  const fd = handleOf(socket)?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

/** What Node has the descriptor and the bytes that wait for it in. */
function handleOf(socket: Socket): { readonly fd?: number; readonly writeQueueSize?: number } | undefined {
  return (socket as unknown as { _handle?: { fd?: number; writeQueueSize?: number } })._handle ?? undefined;
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
  let left = 0;
  const shut = (): void => {
    if (open) close(fd, () => {});
    open = false;
  };
  const writeAll = (chunk: Uint8Array, at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      writeFile(fd, chunk, at, chunk.length - at, null, (error, bytes) => {
        left -= bytes;
        if (error) reject(wireError('write', error));
        else resolve(at + bytes < chunk.length ? writeAll(chunk, at + bytes) : undefined);
      });
    });
  return {
    async write(chunks) {
      left = 0;
      for (const chunk of chunks) left += chunk.length;
      for (const chunk of chunks) if (chunk.length > 0) await writeAll(chunk, 0);
    },
    unsent: () => left,
    async end() {
      shut();
    },
    destroy: shut,
  };
}
