import type { SendResult } from '../../kernel.ts';
import type { Digest } from '../digest/types.ts';
import type { ByteQueue } from '../tokens/byte-queue.ts';
import type { PortableEncoder } from '../tokens/encoder.ts';
import { chunkBytes, endToken, noToken } from '../tokens/format.ts';
import type { FileWindow } from './file-window.ts';

/** Writes a file as tokens and hashes what it writes (rsync's `matched`). */
export class TokenStream {
  readonly window: FileWindow;
  private readonly encoder: PortableEncoder;
  private readonly digest: Digest;
  private readonly out: ByteQueue;
  /** File offset up to which all was sent. */
  sent = 0;
  literal = 0;
  matched = 0;
  matches = 0;
  hashHits = 0;
  falseAlarms = 0;

  constructor(window: FileWindow, encoder: PortableEncoder, digest: Digest, out: ByteQueue) {
    this.window = window;
    this.encoder = encoder;
    this.digest = digest;
    this.out = out;
  }

  /** Literal data up to `offset`, with nothing behind it yet. */
  flush(offset: number): void {
    this.send(noToken, offset, 0);
  }
  /** Literal data up to `offset`, where block `block` of `length` bytes begins. */
  match(block: number, offset: number, length: number): void {
    this.send(block, offset, length);
    this.matched += length;
    this.matches++;
  }
  /** A piece of the rest of the file, whose last one brings the end token; true when that was it. */
  rest(size: number): boolean {
    const last = size - this.sent <= chunkBytes;
    if (last) this.send(endToken, size, 0);
    else this.flush(this.sent + chunkBytes);
    return last;
  }

  private send(token: number, offset: number, blockLength: number): void {
    const literal = offset - this.sent;
    const to = offset + blockLength;
    const at = this.window.need(this.sent, to);
    const bytes = this.window.bytes;
    this.encoder.send(this.out, token, { data: bytes, at, literal, blockLength });
    this.digest.update(bytes, at, at + literal + blockLength);
    this.literal += literal;
    this.sent = to;
  }

  result(): SendResult {
    return {
      literal: this.literal,
      matched: this.matched,
      hashHits: this.hashHits,
      falseAlarms: this.falseAlarms,
      matches: this.matches,
      readErrno: this.window.errno,
    };
  }
}
