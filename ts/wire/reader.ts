import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { LentInput } from '../kernel/kernel.ts';
import { Msg, maxPath, mplexBase, ndxDone } from './constants.ts';
import type { Source } from './source-sink.ts';

/** Thrown (never seen outside `Reader.record`) when a synchronous read runs out of buffered bytes. */
const needMore: unique symbol = Symbol('need more input');

const bufferBytes = 512 * 1024;
const noFrame = Number.MAX_SAFE_INTEGER;
/** Room for the ranges of one buffer even if every frame carried a single byte would be wasteful: stop earlier. */
const maxRanges = 1024;

export interface ReaderEvents {
  /** A message is about to come; throws where it is not to be taken. May be told more than once. */
  announced?(tag: number, length: number): void;
  /** A multiplexed message other than data. */
  message(tag: number, payload: Buffer): void;
  /** Called before the reader waits for the peer: the moment to flush what was written. */
  beforeWait(): void;
  /** What has to be done before more is taken from the peer, if anything. */
  beforeMore?(): Promise<void> | undefined;
  /** The stream ended where more was due: the error to throw. `bytesRead` counts what came. */
  closed?(bytesRead: number): Error;
}

/** Payload bytes that lie in the buffer, as (offset, length) pairs. */
export interface Bulk {
  readonly raw: Buffer;
  readonly ranges: Uint32Array;
  readonly count: number;
  readonly bytes: number;
}

/**
 * Decodes the peer's stream.
 *
 * `record(decode)` runs a synchronous decoder over the buffered bytes and, when they end inside the
 * record, rewinds, waits for more and runs it again: one await for a buffer full of records instead of
 * one for each field. A decoder therefore changes nothing but its own locals before it has read all it
 * needs. The primitives (`byte`, `int`, `varint`, …) may only be called inside `record`.
 *
 * Multiplex frames (u32 LE: tag + 7 in the top byte, length below; then the payload) are taken apart in
 * place: when a record crosses a frame's end, the few bytes before it are moved over the next header.
 */
export class Reader {
  private readonly source: Source;
  private readonly events: ReaderEvents;
  private raw = Buffer.allocUnsafeSlow(bufferBytes);
  private view = new DataView(this.raw.buffer);
  /** Next payload byte. */
  private pos = 0;
  /** End of the contiguous payload at `pos`. */
  private limit = 0;
  /** End of what was read from the source. */
  private end = 0;
  /** Payload bytes of the current frame that are still beyond `limit`; `noFrame` when not multiplexed. */
  private frameLeft = noFrame;
  private ranges = new Uint32Array(maxRanges * 2);
  private ended = false;
  private failure: Error | undefined;
  private prevPositive = -1;
  private prevNegative = 1;
  private compactNdx = true;
  /** Bytes taken from the source, headers included. */
  bytesRead = 0;
  /** Payload bytes that were made contiguous so far. */
  private gained = 0;
  private tapped: ((data: Uint8Array) => void) | undefined;
  private readonly now: () => number;
  private readAt: number;
  /** When somebody began to wait for the peer, which has sent nothing since; else undefined. */
  waitingSince: number | undefined;

  /** `now` is the clock, in milliseconds, that all times of a run are from. */
  constructor(source: Source, events: ReaderEvents, now: () => number = () => Date.now()) {
    this.source = source;
    this.events = events;
    this.now = now;
    this.readAt = now();
  }

  /** From here on the stream is a sequence of frames. */
  startMultiplex(): void {
    this.frameLeft = 0;
    this.gained -= this.limit - this.pos;
    this.limit = this.pos;
  }

  /** Bytes of data that were consumed: without frame headers, messages, and what waits in the buffer. */
  get dataRead(): number {
    return this.gained - (this.limit - this.pos);
  }

  /** Where in the stream, headers included, the next byte is that nobody has consumed. */
  get offset(): number {
    return this.bytesRead - (this.end - this.pos);
  }

  /** The time of the last input, also of what nobody has asked for yet. */
  get lastInput(): number {
    const since = this.source.sinceArrival?.();
    return since === undefined ? this.readAt : Math.max(this.readAt, this.now() - since);
  }

  get isMultiplexed(): boolean {
    return this.frameLeft !== noFrame;
  }

  /** Back to a plain stream; the peer has ended its last frame. */
  stopMultiplex(): void {
    if (this.frameLeft === noFrame) return;
    if (this.frameLeft !== 0 || this.pos !== this.limit)
      throw protocolError('a frame goes on where a plain stream should start', ExitCode.StreamIo);
    this.frameLeft = noFrame;
  }

  /** Protocols below 30 send an ndx as a plain int, and varints as ints. */
  setProtocol(protocol: number): void {
    this.compactNdx = protocol >= 30;
  }

  /** Runs `decode` on buffered bytes, waiting for more as often as it needs. */
  async record<T>(decode: () => T): Promise<T> {
    for (;;) {
      const decoded = this.attempt(decode);
      if (decoded !== needMore) return decoded;
      await this.fill();
    }
  }

  /**
   * The synchronous sibling of `record`: the record when it lies in the buffer whole, else `undefined`
   * and nothing is consumed.
   */
  tryRecord<T>(decode: () => T): T | undefined {
    const decoded = this.attempt(decode);
    return decoded === needMore ? undefined : decoded;
  }

  /** Decodes from what is buffered; `needMore` when that ends inside the record, and nothing is consumed. */
  private attempt<T>(decode: () => T): T | typeof needMore {
    do {
      const start = this.pos;
      const positive = this.prevPositive;
      const negative = this.prevNegative;
      try {
        return decode();
      } catch (error) {
        if (error !== needMore) throw error;
        this.pos = start;
        this.prevPositive = positive;
        this.prevNegative = negative;
      }
    } while (this.extend());
    return needMore;
  }

  /** Makes every wait for the peer, the present one included once its source gives up, fail with `error`. */
  fail(error: Error): void {
    this.failure ??= error;
  }

  /** From here on `record` hears of all data, without frames and messages. */
  tap(record: (data: Uint8Array) => void): void {
    this.tapped = record;
  }

  /** Counts bytes that came by another way (loopback), as if they had been read. */
  account(bytes: number): void {
    this.bytesRead += bytes;
  }

  /** True when a payload byte can be read without waiting. */
  buffered(): boolean {
    while (this.pos === this.limit) if (!this.extend()) return false;
    return true;
  }

  /** Waits for one payload byte; false at the end of the stream. */
  async waitForInput(): Promise<boolean> {
    while (!this.buffered()) {
      if (this.ended) return false;
      await this.fill(true);
    }
    return true;
  }

  /** Reads exactly `into.length` payload bytes, however many frames they span. */
  async readInto(into: Uint8Array): Promise<void> {
    let done = 0;
    while (done < into.length) {
      while (this.pos === this.limit) if (!this.extend()) await this.fill();
      const take = Math.min(this.limit - this.pos, into.length - done);
      into.set(this.raw.subarray(this.pos, this.pos + take), done);
      this.pos += take;
      done += take;
    }
  }

  /**
   * All payload bytes in the buffer, without copying; waits for the first. The buffer must not be read
   * from until `took` says how many were used. Messages between the frames are delivered.
   */
  async bulk(): Promise<Bulk> {
    while (!this.buffered()) await this.fill();
    if (this.frameLeft > 0) this.extend();
    let count = 0;
    let bytes = 0;
    const ranges = this.ranges;
    let at = this.pos;
    let limit = this.limit;
    let left = this.frameLeft;
    for (;;) {
      if (limit > at) {
        ranges[count * 2] = at;
        ranges[count * 2 + 1] = limit - at;
        count++;
        bytes += limit - at;
      }
      if (left > 0 || count === maxRanges || this.end - limit < 4) break;
      const header = this.view.getUint32(limit, true);
      if (header >>> 24 !== mplexBase + Msg.Data) break;
      left = header & 0xffffff;
      at = limit + 4;
      limit = Math.min(at + left, this.end);
      left -= limit - at;
    }
    return { raw: this.raw, ranges, count, bytes };
  }

  /** What is buffered in one piece; `took` tells how much of it was used. */
  piece(): Uint8Array {
    return this.raw.subarray(this.pos, this.limit);
  }

  /** Consumes `n` of the bytes that `bulk` gave. */
  took(n: number): void {
    for (;;) {
      const here = Math.min(n, this.limit - this.pos);
      this.pos += here;
      n -= here;
      if (n === 0) return;
      if (!this.extend()) throw new Error('took more than bulk gave');
    }
  }

  /** Throws all data away and delivers the messages between, to the stream's end: always rejects. */
  async drain(): Promise<never> {
    for (;;) {
      do this.pos = this.limit;
      while (this.extend());
      await this.fill();
    }
  }

  /**
   * Lends the descriptor behind the source to a job, when nothing of the stream is buffered here. `read` is
   * given the descriptor and the payload bytes left of the current frame (-1: no frames), and tells what it
   * did. Undefined: there is nothing to lend now.
   */
  async lend(read: (fd: number, frameLeft: number) => Promise<LentInput>): Promise<LentInput | undefined> {
    if (this.pos !== this.end || this.ended || this.failure !== undefined) return undefined;
    const fd = this.source.lend?.();
    if (fd === undefined) return undefined;
    this.events.beforeWait();
    this.waitingSince ??= this.now();
    const framed = this.frameLeft !== noFrame;
    const did = await read(fd, framed ? this.frameLeft : -1);
    if (did.bytesRead > 0) this.arrived();
    this.bytesRead += did.bytesRead;
    this.pos = 0;
    this.limit = 0;
    this.end = did.rest.length;
    this.raw.set(did.rest, 0);
    this.frameLeft = framed ? did.frameLeft : noFrame;
    if (this.failure !== undefined) throw this.failure;
    return did;
  }

  // --- primitives, for decoders inside `record` ---

  byte(): number {
    if (this.pos >= this.limit) throw needMore;
    return this.raw[this.pos++];
  }
  short(): number {
    const at = this.take(2);
    return this.view.getUint16(at, true);
  }
  int(): number {
    const at = this.take(4);
    return this.view.getInt32(at, true);
  }
  uint(): number {
    const at = this.take(4);
    return this.view.getUint32(at, true);
  }
  /** Old 64-bit integer: an int, or -1 and eight bytes. */
  longint(): number {
    const n = this.int();
    if (n !== -1) return n;
    const at = this.take(8);
    return Number(this.view.getBigInt64(at, true));
  }
  /** Variable-length 32-bit integer of protocol 30: the first byte's leading ones count the extra bytes. */
  varint(): number {
    const first = this.byte();
    const extra = extraBytes(first);
    if (extra === 0) return first;
    if (extra > 4) throw protocolError('Overflow in read_varint()', ExitCode.StreamIo);
    const at = this.take(extra);
    let value = 0;
    for (let i = 0; i < extra; i++) value |= this.raw[at + i] << (8 * i);
    if (extra < 4) value |= (first & (0xff >> extra)) << (8 * extra);
    return value | 0;
  }
  /** Variable-length 64-bit integer with at least `minBytes` bytes; beyond 2^53 the nearest number there is. */
  varlong(minBytes: number): number {
    const base = this.take(minBytes);
    const first = this.raw[base];
    const extra = extraBytes(first);
    if (minBytes + extra > 9) throw protocolError('Overflow in read_varlong()', ExitCode.StreamIo);
    const more = this.take(extra);
    const low = minBytes - 1;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < low; i++, scale *= 256) value += this.raw[base + 1 + i] * scale;
    if (low + extra >= 8) {
      const all = Buffer.alloc(8);
      this.raw.copy(all, 0, base + 1, base + 1 + low);
      this.raw.copy(all, low, more, more + extra);
      return Number(all.readBigInt64LE(0));
    }
    for (let i = 0; i < extra; i++, scale *= 256) value += this.raw[more + i] * scale;
    value += (first & (0xff >> extra)) * scale;
    return value;
  }
  varint30(): number {
    return this.compactNdx ? this.varint() : this.int();
  }
  varlong30(minBytes: number): number {
    return this.compactNdx ? this.varlong(minBytes) : this.longint();
  }
  /** A file index; see the manual in this folder for its differential coding. */
  ndx(): number {
    if (!this.compactNdx) return this.int();
    let first = this.byte();
    if (first === 0) return ndxDone;
    const negative = first === 0xff;
    if (negative) first = this.byte();
    const previous = negative ? this.prevNegative : this.prevPositive;
    let value: number;
    if (first === 0xfe) {
      const high = this.byte();
      if (high & 0x80) {
        const at = this.take(3);
        value =
          (((high & 0x7f) << 24) | (this.raw[at + 2] << 16) | (this.raw[at + 1] << 8) | this.raw[at]) >>> 0;
      } else value = previous + (high << 8) + this.byte();
    } else value = previous + first;
    if (value > 0x7fffffff) throw protocolError('Invalid file index received');
    if (negative) {
      this.prevNegative = value;
      return -value;
    }
    this.prevPositive = value;
    return value;
  }
  /** A string with a one- or two-byte length (protocol 30's vstring). */
  vstring(max = maxPath): string {
    let length = this.byte();
    if (length & 0x80) length = ((length & 0x7f) << 8) | this.byte();
    if (length > max) throw protocolError(`over-long vstring received (${length} > ${max})`);
    return this.string(length);
  }
  /** `n` bytes as a byte string. */
  string(n: number): string {
    const at = this.take(n);
    return this.raw.toString('latin1', at, at + n);
  }
  /** A copy of the next `n` bytes. */
  bytes(n: number): Buffer {
    const at = this.take(n);
    return Buffer.from(this.raw.subarray(at, at + n));
  }
  /** Copies the next `n` bytes into `target`. */
  copy(target: Uint8Array, at: number, n: number): void {
    const from = this.take(n);
    this.raw.copy(target, at, from, from + n);
  }
  /** Where the decoder is; `rewind` goes back there. Valid within one run of a decoder. */
  mark(): number {
    return this.pos;
  }
  rewind(to: number): void {
    this.pos = to;
  }
  skip(n: number): void {
    this.take(n);
  }

  private take(n: number): number {
    const at = this.pos;
    if (at + n > this.limit) throw needMore;
    this.pos = at + n;
    return at;
  }

  /** Makes more buffered payload contiguous at `pos`; false when the buffer holds no more. */
  private extend(): boolean {
    while (this.frameLeft === 0) {
      if (this.end - this.limit < 4) return false;
      const header = this.view.getUint32(this.limit, true);
      const tag = (header >>> 24) - mplexBase;
      const length = header & 0xffffff;
      if (tag < 0) throw protocolError(`unexpected tag ${header >>> 24} in the stream`, ExitCode.StreamIo);
      if (tag === Msg.Data) {
        this.closeGap(4);
        this.frameLeft = length;
      } else {
        this.events.announced?.(tag, length);
        if (this.end - this.limit < 4 + length) return false;
        const at = this.limit + 4;
        const payload = Buffer.from(this.raw.subarray(at, at + length));
        this.closeGap(4 + length);
        this.events.message(tag, payload);
      }
    }
    const gained = Math.min(this.frameLeft, this.end - this.limit);
    if (gained > 0) this.tapped?.(this.raw.subarray(this.limit, this.limit + gained));
    this.limit += gained;
    this.gained += gained;
    if (this.frameLeft !== noFrame) this.frameLeft -= gained;
    return gained > 0;
  }

  /** Drops `n` bytes at `limit` by moving the unread payload before it up. */
  private closeGap(n: number): void {
    const tail = this.limit - this.pos;
    if (tail > 0) this.raw.copyWithin(this.pos + n, this.pos, this.limit);
    this.pos += n;
    this.limit += n;
  }

  private async fill(endIsFine = false): Promise<void> {
    this.makeRoom();
    this.events.beforeWait();
    const due = this.events.beforeMore?.();
    if (due !== undefined) await due;
    this.waitingSince ??= this.now();
    let n = 0;
    try {
      if (this.failure === undefined) n = await this.source.read(this.raw.subarray(this.end));
    } catch (error) {
      throw this.failure ?? error;
    }
    if (this.failure !== undefined) throw this.failure;
    if (n === 0) {
      this.ended = true;
      if (endIsFine) return;
      throw (
        this.events.closed?.(this.bytesRead) ??
        new RsyncError(
          ExitCode.StreamIo,
          `connection unexpectedly closed (${this.bytesRead} bytes received so far)`,
        )
      );
    }
    this.bytesRead += n;
    this.arrived();
    this.end += n;
  }

  private arrived(): void {
    this.readAt = this.now();
    this.waitingSince = undefined;
  }

  private makeRoom(): void {
    if (this.pos === this.end) {
      this.pos = 0;
      this.limit = 0;
      this.end = 0;
      return;
    }
    if (this.end < this.raw.length / 2) return;
    const kept = this.end - this.pos;
    if (kept > this.raw.length / 2) {
      // One record or message larger than half of the buffer: messages reach 16 MiB, records never.
      const grown = Buffer.allocUnsafeSlow(this.raw.length * 2);
      this.raw.copy(grown, 0, this.pos, this.end);
      this.raw = grown;
      this.view = new DataView(grown.buffer);
    } else this.raw.copyWithin(0, this.pos, this.end);
    this.limit -= this.pos;
    this.end = kept;
    this.pos = 0;
  }
}

/** How many bytes follow a varint's first byte: its leading ones. */
function extraBytes(first: number): number {
  if (first < 0x80) return 0;
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  if (first < 0xf8) return 4;
  return first < 0xfc ? 5 : 6;
}
