/** One direction of a conversation, as somebody hears it who takes no part. */
import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { messageProblem } from '../wire/limits.ts';
import { Reader } from '../wire/reader.ts';
import type { Source } from '../wire/source-sink.ts';

/** From the client to the server, or back. */
export type Way = 'there' | 'back';

/** What hears a line of what passes: where it begins in its direction, and what it is. */
export type Say = (way: Way, at: number, text: ByteString) => void;

/** What became of a direction. */
export interface Heard {
  /** Bytes that passed, and how many of them were understood. */
  readonly bytes: number;
  readonly decoded: number;
  /** Why it was not understood to its end. */
  readonly problem: ByteString | undefined;
}

/** What may wait for the other direction, in bytes: nobody says much before he knows how it is understood. */
const mostHeld = 16 * 1024 * 1024;
/** What a piece takes besides its bytes. */
const pieceCost = 128;

/** The decoder of a direction, and the bytes that it is fed with. */
export class Stream {
  readonly way: Way;
  readonly reader: Reader;
  private readonly say: Say;
  private readonly fed: Uint8Array[] = [];
  /** Of `fed`, what its pieces took when they came. */
  private held = 0;
  private over = false;
  private wake: (() => void) | undefined;
  /** Bytes that were fed. */
  private bytes = 0;
  private stopped: { readonly at: number; readonly problem: ByteString | undefined } | undefined;
  /** What is being decoded: where a stream breaks off, it is told. */
  within: ByteString = 'the beginning';

  constructor(way: Way, say: Say, message: (stream: Stream, tag: number, payload: Buffer) => void) {
    this.way = way;
    this.say = say;
    const source: Source = { read: (into) => this.read(into) };
    this.reader = new Reader(source, {
      message: (tag, payload) => message(this, tag, payload),
      announced(tag, length) {
        const problem = messageProblem(tag, length);
        if (problem !== undefined)
          throw protocolError(`${problem} message: tag ${tag}, ${length} bytes`, ExitCode.StreamIo);
      },
      beforeWait() {},
      closed: () => new RsyncError(ExitCode.StreamIo, `it breaks off within ${this.within}`),
    });
  }

  /** Tells of what begins at `at`, or is here. */
  tell(text: ByteString, at = this.reader.offset): void {
    this.say(this.way, at, text);
  }

  /** Runs a decoder on what comes, as `Reader.record` does; answers where the record began, too. */
  async record<T>(within: ByteString, decode: (reader: Reader) => T): Promise<{ at: number; value: T }> {
    this.within = within;
    let at = 0;
    const value = await this.reader.record(() => {
      at = this.reader.offset;
      return decode(this.reader);
    });
    return { at, value };
  }

  /** Passes over `count` bytes without holding them. */
  async skip(count: number, within: ByteString): Promise<void> {
    this.within = within;
    for (let left = count; left > 0; ) {
      const { bytes } = await this.reader.bulk();
      const taken = Math.min(left, bytes);
      this.reader.took(taken);
      left -= taken;
    }
  }

  /** Takes bytes that passed; none are the end. They may be overwritten once the decoder waits for more. */
  feed(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (bytes.length === 0) this.over = true;
    else if (this.stopped === undefined) this.hold(bytes);
    this.wake?.();
  }

  private hold(bytes: Uint8Array): void {
    if (this.held > mostHeld) {
      this.stop('too much of it waits for the other direction');
      return;
    }
    this.held += bytes.length + pieceCost;
    this.fed.push(bytes);
  }

  /** Decodes no more; what comes is counted. */
  stop(problem: ByteString | undefined): void {
    this.stopped ??= { at: this.reader.offset, problem };
    this.fed.length = 0;
  }

  get isStopped(): boolean {
    return this.stopped !== undefined;
  }

  heard(): Heard {
    const { at = this.reader.offset, problem } = this.stopped ?? {};
    return { bytes: this.bytes, decoded: Math.min(at, this.bytes), problem };
  }

  private async read(into: Uint8Array): Promise<number> {
    while (this.fed.length === 0) {
      if (this.over) return 0;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const [first] = this.fed;
    const n = Math.min(first.length, into.length);
    into.set(first.subarray(0, n));
    if (n === first.length) this.fed.shift();
    else this.fed[0] = first.subarray(n);
    if (this.fed.length === 0) this.held = 0;
    return n;
  }
}
