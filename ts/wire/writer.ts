import type { ByteString, LentOutput } from '../kernel/kernel.ts';
import { Msg, maxFrame, mplexBase, ndxDone } from './constants.ts';
import type { Sink } from './source-sink.ts';

const bufferBytes = 64 * 1024;
/** Larger pieces are passed on without copying. */
const copyLimit = 8 * 1024;
/** Above this many unsent bytes a writer should `drain` before it goes on. */
const highWater = 1024 * 1024;
const headerBytes = 4;
const mostSpare = 16;
/** Of messages that go together. */
const gatheredBytes = 4 * 1024;
const noBytes = Buffer.alloc(0);

/**
 * Encodes our stream. Everything is buffered and synchronous; bytes reach the sink on `flush`, or when
 * a buffer is full. A role that produces much asks `full` now and then and awaits `drain`.
 */
export class Writer {
  private readonly sink: Sink;
  private buffer = Buffer.allocUnsafeSlow(bufferBytes);
  /** Where the payload of the open frame starts in `buffer`. */
  private start = 0;
  private pos = 0;
  /** Full ones that are still to be sent, and those that were, where the sink has no more use for them. */
  private retired: Buffer<ArrayBuffer>[] = [];
  private readonly spare: Buffer<ArrayBuffer>[] = [];
  private queue: Uint8Array[] = [];
  /** Where in `queue` the next message goes that overtakes data. */
  private overtaken = 0;
  /** Such messages are gathered: the last one before `overtaken` is a part of this, and may grow. */
  private gathered: Buffer = noBytes;
  private gatheredFrom = 0;
  private gatheredTo = 0;
  private gathers = false;
  private queued = 0;
  private inFlight = 0;
  private pumping: Promise<void> = Promise.resolve();
  private sending = false;
  private failure: unknown;
  /** What becomes free once the write at work is done, and once what waits behind that is written too. */
  private heldNow: (() => void)[] = [];
  private heldNext: (() => void)[] = [];
  /** Settles when nobody is in the middle of a piece. */
  private piece: Promise<unknown> = Promise.resolve();
  private multiplexed = false;
  /** Bytes that the job has written to which the descriptor is lent. */
  private lent: (() => number) | undefined;
  private held = false;
  /** Hears of all data, without frames and messages. */
  private record: ((data: Uint8Array) => void) | undefined;
  /** Data goes to `record` alone. */
  private diverted = false;
  private prevPositive = -1;
  private prevNegative = 1;
  private compactNdx = true;
  /** Bytes given to the sink, headers included. */
  bytesWritten = 0;
  private besides = 0;
  private sealedData = 0;
  private readonly now: () => number;
  /** The time when a write began that still waits for the peer; else undefined. */
  waitingSince: number | undefined;
  /** Bytes that were seen to leave, and when. */
  private left = 0;
  private leftAt: number;
  /** What was queued last is no data. */
  private onlyAlive = false;

  /** `now` is the clock, in milliseconds, that all times of a run are from. */
  constructor(sink: Sink, now: () => number = () => Date.now()) {
    this.sink = sink;
    this.now = now;
    this.leftAt = now();
  }

  /** From here on everything is put into frames. */
  startMultiplex(): void {
    this.seal();
    this.endGathering();
    this.multiplexed = true;
    this.overtaken = this.queue.length;
    this.openFrame();
  }

  /** Back to a plain stream (the names of --files-from below protocol 31). */
  stopMultiplex(): void {
    this.seal();
    if (this.multiplexed) this.pos -= headerBytes;
    this.multiplexed = false;
    this.openFrame();
  }

  /** Protocols below 30 send an ndx as a plain int, and varints as ints. */
  setProtocol(protocol: number): void {
    this.compactNdx = protocol >= 30;
  }

  byte(value: number): void {
    this.room(1);
    this.buffer[this.pos++] = value;
  }
  short(value: number): void {
    this.room(2);
    this.buffer[this.pos++] = value;
    this.buffer[this.pos++] = value >> 8;
  }
  int(value: number): void {
    this.room(4);
    const b = this.buffer;
    b[this.pos++] = value;
    b[this.pos++] = value >> 8;
    b[this.pos++] = value >> 16;
    b[this.pos++] = value >> 24;
  }
  /** Old 64-bit integer: an int where it fits and is not negative, else -1 and eight bytes. */
  longint(value: number): void {
    if (value >= 0 && value <= 0x7fffffff) {
      this.int(value);
      return;
    }
    this.int(-1);
    this.room(8);
    this.pos = this.buffer.writeBigInt64LE(BigInt(value), this.pos);
  }
  /** See `Reader.varint`. */
  varint(value: number): void {
    this.packed(value >>> 0, 1, 4);
  }
  /** See `Reader.varlong`. */
  varlong(value: number, minBytes: number): void {
    if (value >= 0) {
      this.packed(value, minBytes, 8);
      return;
    }
    // Two's complement of a negative number always needs all eight bytes and one that counts them.
    this.room(9);
    this.buffer[this.pos] = ~((1 << (7 - 8 + minBytes)) - 1);
    this.buffer.writeBigInt64LE(BigInt(value), this.pos + 1);
    this.pos += 9;
  }
  varint30(value: number): void {
    if (this.compactNdx) this.varint(value);
    else this.int(value);
  }
  varlong30(value: number, minBytes: number): void {
    if (this.compactNdx) this.varlong(value, minBytes);
    else this.longint(value);
  }
  /** A file index; see the manual in this folder for its differential coding. */
  ndx(ndx: number): void {
    if (!this.compactNdx) {
      this.int(ndx);
      return;
    }
    this.room(6);
    const b = this.buffer;
    if (ndx === ndxDone) {
      b[this.pos++] = 0;
      return;
    }
    let diff: number;
    let value = ndx;
    if (ndx >= 0) {
      diff = ndx - this.prevPositive;
      this.prevPositive = ndx;
    } else {
      b[this.pos++] = 0xff;
      value = -ndx;
      diff = value - this.prevNegative;
      this.prevNegative = value;
    }
    if (diff > 0 && diff < 0xfe) {
      b[this.pos++] = diff;
    } else if (diff < 0 || diff > 0x7fff) {
      b[this.pos++] = 0xfe;
      b[this.pos++] = (value >> 24) | 0x80;
      b[this.pos++] = value;
      b[this.pos++] = value >> 8;
      b[this.pos++] = value >> 16;
    } else {
      b[this.pos++] = 0xfe;
      b[this.pos++] = diff >> 8;
      b[this.pos++] = diff;
    }
  }
  /** A string with a one- or two-byte length; at most 0x7fff bytes. */
  vstring(value: string): void {
    if (value.length > 0x7f) this.byte((value.length >> 8) | 0x80);
    this.byte(value.length);
    this.string(value);
  }
  /** The bytes of a byte string, without length. */
  string(value: string): void {
    if (value.length > bufferBytes / 2) {
      this.bytes(Buffer.from(value, 'latin1'));
      return;
    }
    this.room(value.length);
    this.pos += this.buffer.write(value, this.pos, 'latin1');
  }
  /** A copy of `data[from .. to)`, at most a path long. */
  copy(data: Uint8Array, from: number, to: number): void {
    this.room(to - from);
    const b = this.buffer;
    for (let at = from; at < to; at++) b[this.pos++] = data[at];
  }
  /** `data[from .. to)`; a large piece must not change until it is sent (see `onceSent`). */
  bytes(data: Uint8Array, from = 0, to = data.length): void {
    const length = to - from;
    if (length > copyLimit) {
      this.large(data, from, to);
      return;
    }
    this.room(length);
    this.buffer.set(from === 0 && to === data.length ? data : data.subarray(from, to), this.pos);
    this.pos += length;
  }

  /** Calls `free` once nobody looks any more at what was written so far; never where the sink may keep that. */
  onceSent(free: () => void): void {
    if (!this.sink.copies) return;
    if (this.queue.length > 0) this.heldNext.push(free);
    else if (this.sending) this.heldNow.push(free);
    else free();
  }

  /** A message frame, in order with the data around it. Only once the stream is multiplexed. */
  message(tag: Msg, payload: Uint8Array): void {
    this.seal();
    this.enqueue(messageFrame(tag, payload));
  }

  /**
   * A message frame ahead of all data that nobody has sent yet: so rsync's generator has its words before the items
   * that were told at the same time.
   */
  messageAhead(tag: Msg, payload: Uint8Array | ByteString): void {
    const length = headerBytes + payload.length;
    this.onlyAlive = false;
    if (this.gatheredTo + length > this.gathered.length) {
      this.endGathering();
      this.gathered = Buffer.allocUnsafeSlow(Math.max(gatheredBytes, length));
      this.gatheredFrom = 0;
      this.gatheredTo = 0;
    }
    if (!this.gathers) this.queue.splice(this.overtaken++, 0, this.gathered);
    this.gathers = true;
    putHeader(this.gathered, this.gatheredTo, mplexBase + tag, payload.length);
    const at = this.gatheredTo + headerBytes;
    if (typeof payload === 'string') this.gathered.write(payload, at, 'latin1');
    else this.gathered.set(payload, at);
    this.gatheredTo += length;
    this.queued += length;
    if (this.queued >= bufferBytes) this.pump();
  }

  /** Makes what was gathered a chunk that stays as it is. */
  private endGathering(): void {
    if (!this.gathers) return;
    this.gathers = false;
    this.queue[this.overtaken - 1] = this.gathered.subarray(this.gatheredFrom, this.gatheredTo);
    this.gatheredFrom = this.gatheredTo;
  }

  /**
   * Runs `work`, which writes one piece of the stream and waits in between: a segment of the file list, the
   * answers of a batch. One at a time, in the order of the calls. Messages may come between.
   */
  inOnePiece<T>(work: () => Promise<T>): Promise<T> {
    const done = this.piece.then(work);
    this.piece = done.catch(() => {});
    return done;
  }

  /** From here on `record` hears of what is written (undefined: nobody). */
  tap(record: (data: Uint8Array) => void): void {
    this.seal();
    this.record = record;
  }

  /** --only-write-batch: what is written next is only recorded, until it is switched off. */
  divert(on: boolean): void {
    if (this.diverted === on) return;
    this.seal();
    this.diverted = on;
  }

  /** Counts bytes that reach the peer by another way (loopback), as if they had been written. */
  account(bytes: number): void {
    this.bytesWritten += bytes;
  }

  /** As `account`, of bytes that would wait in the buffer: they count when what is there leaves, or it would be full. */
  accountBuffered(bytes: number): void {
    this.besides += bytes;
    if (this.besides < bufferBytes) return;
    this.bytesWritten += this.besides;
    this.besides = 0;
  }

  /** Bytes of data that were encoded: without frame headers and messages, sent or not. */
  get dataWritten(): number {
    return this.sealedData + this.pos - this.start;
  }

  get isMultiplexed(): boolean {
    return this.multiplexed;
  }

  /** The time when data was last seen to leave, which keep-alives are not. To be asked now and then. */
  get lastOutput(): number {
    const left = this.bytesWritten + (this.lent?.() ?? 0) - (this.sending ? this.sink.unsent() : 0);
    if (left > this.left && !this.onlyAlive) this.leftAt = this.now();
    this.left = left;
    return this.leftAt;
  }

  /**
   * Tells the peer that we are alive: by what waits to be flushed, or else an empty data frame, which every protocol
   * from 27 on takes. False where that cannot be: the stream has no frames yet, or what was written before is stuck.
   */
  keepAlive(): boolean {
    if (!this.multiplexed || this.lent !== undefined || this.sending) return false;
    if (this.queue.length === 0 && (this.held || this.pos === this.start)) {
      this.messageAhead(Msg.Data, new Uint8Array(0));
      this.onlyAlive = true;
    }
    if (this.held) this.pump();
    else this.sendAll();
    return true;
  }
  /** True when the peer is slow and the writer should `drain`. */
  get full(): boolean {
    return this.queued + this.inFlight > highWater;
  }

  /** Until `release`, `flush` waits, so that messages can overtake what is written; what is full or drained goes. */
  hold(): void {
    this.held = true;
  }
  release(): void {
    this.held = false;
    this.flush();
  }

  /** Hands everything to the sink, without waiting. */
  flush(): void {
    if (!this.held) this.sendAll();
  }

  private sendAll(): void {
    this.seal();
    if (this.queue.length === 0) return;
    this.pump();
    // What still waits for the write before it is as good as sent.
    this.endGathering();
    this.overtaken = this.queue.length;
  }

  /** Waits until the sink has taken everything. */
  async drain(): Promise<void> {
    this.sendAll();
    while (this.sending) await this.pumping;
    this.check();
  }

  /** Lends the descriptor behind the sink to a job, once everything is written; undefined: there is none. */
  async lend(
    write: (fd: number, framed: boolean) => Promise<LentOutput>,
    /** Bytes that such calls have written so far, also the one at work. */
    written: () => number,
  ): Promise<LentOutput | undefined> {
    await this.drain();
    const fd = this.sink.lend?.();
    if (fd === undefined) return undefined;
    const before = written();
    this.lent = () => written() - before;
    this.onlyAlive = false;
    this.waitingSince = this.now();
    const did = await write(fd, this.multiplexed).finally(() => {
      this.lent = undefined;
      this.waitingSince = undefined;
    });
    this.bytesWritten += did.bytesWritten;
    if (did.bytesWritten > 0) this.leftAt = this.now();
    this.flush();
    return did;
  }

  /** Sends what is left and half-closes. */
  async end(): Promise<void> {
    await this.drain();
    await this.sink.end();
  }

  /** Makes whoever writes or waits for that fail with `error`, and not with what comes of the broken sink. */
  fail(error: Error): void {
    this.failure ??= error;
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  private room(n: number): void {
    if (this.pos + n > this.buffer.length) this.newBuffer(n);
  }

  private newBuffer(n: number): void {
    this.check();
    this.seal();
    if (this.pos + n <= this.buffer.length) return;
    this.nextBuffer(n + headerBytes);
    this.openFrame();
  }

  private nextBuffer(bytes: number): void {
    if (this.sink.copies && this.buffer.length === bufferBytes) this.retired.push(this.buffer);
    const spare = bytes > bufferBytes ? undefined : this.spare.pop();
    this.buffer = spare ?? Buffer.allocUnsafeSlow(Math.max(bufferBytes, bytes));
    this.pos = 0;
  }

  private openFrame(): void {
    if (this.multiplexed) this.pos += headerBytes;
    this.start = this.pos;
  }

  /** Closes the open frame and queues it. */
  private seal(): void {
    const length = this.pos - this.start;
    if (length === 0) return;
    this.record?.(this.buffer.subarray(this.start, this.pos));
    if (this.diverted) {
      this.pos = this.start;
      return;
    }
    this.sealedData += length;
    let from = this.start;
    if (this.multiplexed) {
      from -= headerBytes;
      putHeader(this.buffer, from, mplexBase, length);
    }
    this.enqueue(this.buffer.subarray(from, this.pos));
    if (this.buffer.length - this.pos < 512) {
      this.nextBuffer(bufferBytes);
    }
    this.openFrame();
  }

  private large(data: Uint8Array, from: number, to: number): void {
    this.seal();
    this.record?.(data.subarray(from, to));
    if (this.diverted) return;
    this.sealedData += to - from;
    for (let at = from; at < to; ) {
      const length = Math.min(to - at, this.multiplexed ? maxFrame : to - at);
      if (this.multiplexed) {
        const header = Buffer.allocUnsafe(headerBytes);
        putHeader(header, 0, mplexBase, length);
        // Nothing may come between the two.
        this.queue.push(header);
        this.queued += headerBytes;
      }
      this.enqueue(data.subarray(at, at + length));
      at += length;
    }
  }

  /** The most significant byte that is not zero decides how many bytes follow the first. */
  private packed(value: number, minBytes: number, maxBytes: number): void {
    this.room(9);
    const b = this.buffer;
    const at = this.pos;
    let rest = value;
    let count = minBytes;
    for (let i = 1; i <= maxBytes; i++) {
      const byte = rest % 256;
      b[at + i] = byte;
      rest = (rest - byte) / 256;
      if (byte !== 0 && i > count) count = i;
    }

    const bit = 1 << (7 - count + minBytes);
    if (b[at + count] >= bit) {
      count++;
      b[at] = ~(bit - 1);
    } else if (count > minBytes) b[at] = b[at + count] | ~(bit * 2 - 1);
    else b[at] = b[at + count];
    this.pos = at + count;
  }

  private enqueue(chunk: Uint8Array): void {
    this.onlyAlive = false;
    this.queue.push(chunk);
    this.queued += chunk.length;
    if (this.queued >= bufferBytes) this.pump();
  }

  private pump(): void {
    // What comes up while a job writes follows its frames.
    if (this.lent !== undefined || this.sending) return;
    this.sending = true;
    this.pumping = this.send();
  }

  private async send(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        this.endGathering();
        const chunks = this.queue;
        this.queue = [];
        this.overtaken = 0;
        this.inFlight = this.queued;
        this.queued = 0;
        this.bytesWritten += this.inFlight + this.besides;
        this.besides = 0;
        this.waitingSince = this.now();
        const { retired } = this;
        this.retired = [];
        this.heldNow = this.heldNext;
        this.heldNext = [];
        if (this.failure === undefined) await this.sink.write(chunks);
        for (const free of this.heldNow) free();
        this.heldNow = [];
        for (const buffer of retired) if (this.spare.length < mostSpare) this.spare.push(buffer);
        this.inFlight = 0;
        if (!this.onlyAlive) this.leftAt = this.now();
      }
    } catch (error) {
      this.inFlight = 0;
      this.queue = [];
      this.overtaken = 0;
      this.gathers = false;
      this.queued = 0;
      this.failure ??= error ?? new Error('write failed');
    }
    this.waitingSince = undefined;
    // At once and not when the promise settles: a flush in between would find nobody to send its bytes.
    this.sending = false;
  }
}

/** A frame's header, byte by byte: Node's way to put a number checks it, and there are many frames. */
function putHeader(into: Uint8Array, at: number, tag: number, length: number): void {
  into[at] = length & 0xff;
  into[at + 1] = (length >>> 8) & 0xff;
  into[at + 2] = length >>> 16;
  into[at + 3] = tag;
}

function messageFrame(tag: Msg, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  putHeader(frame, 0, mplexBase + tag, payload.length);
  frame.set(payload, headerBytes);
  return frame;
}
