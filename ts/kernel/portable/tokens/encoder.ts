import type { TokenEncoder } from '../../kernel.ts';
import type { ByteQueue } from './byte-queue.ts';
import {
  chunkBytes,
  endToken,
  flagEnd,
  flagRecord,
  flagRelative,
  flagRelativeRun,
  flagToken,
  flagTokenRun,
  maxRecordBytes,
  maxRun,
  noToken,
} from './format.ts';

/** Literal data `data[at .. at + literal)`; the bytes of the block behind it follow, `blockLength` of them. */
export interface LiteralRun {
  readonly data: Buffer;
  readonly at: number;
  readonly literal: number;
  readonly blockLength: number;
}

/** Writes the token streams of one direction, one file after the other (rsync's `send_token`). */
export interface PortableEncoder extends TokenEncoder {
  /** A file starts; `level` is its own compression level, where it has one. */
  begin(level: number | undefined): void;
  /** Writes a literal run, then `token`: the number of the block behind it, `endToken` or `noToken`. */
  send(out: ByteQueue, token: number, run: LiteralRun): void;
}

/** Makes records out of literal data. */
export interface Compressor {
  begin(level: number | undefined): void;
  /** `flush`: whatever was held back must reach `out` now. */
  compress(out: ByteQueue, data: Buffer, at: number, n: number, flush: boolean): void;
  /** The peer has these bytes: they enter the history of a method that keeps one of matched data. */
  saw(data: Buffer, at: number, n: number): void;
  close(): void;
}

/** Uncompressed tokens. */
export function plainEncoder(spec: TokenEncoder['spec']): PortableEncoder {
  return {
    spec,
    begin() {},
    close() {},
    send(out, token, { data, at, literal }) {
      for (let done = 0; done < literal; done += chunkBytes) {
        const n = Math.min(chunkBytes, literal - done);
        out.int(n);
        out.copy(data, at + done, at + done + n);
      }
      if (token !== noToken) out.int(-(token + 1));
    },
  };
}

/** Tokens whose literal data is compressed; block numbers that follow each other become runs. */
export class RecordEncoder implements PortableEncoder {
  readonly spec: TokenEncoder['spec'];
  private readonly compressor: Compressor;
  private lastToken = endToken;
  private runStart = 0;
  private lastRunEnd = 0;
  private unflushed = false;

  constructor(spec: TokenEncoder['spec'], compressor: Compressor) {
    this.spec = spec;
    this.compressor = compressor;
  }

  begin(level: number | undefined): void {
    this.compressor.begin(level);
    this.lastToken = endToken;
    this.lastRunEnd = 0;
    this.unflushed = false;
  }

  send(out: ByteQueue, token: number, { data, at, literal, blockLength }: LiteralRun): void {
    if (this.lastToken === endToken || this.lastToken === noToken) {
      this.runStart = token;
    } else if (literal > 0 || token !== this.lastToken + 1 || token > this.runStart + maxRun) {
      this.writeRun(out);
      this.runStart = token;
    }
    this.lastToken = token;
    if (literal > 0 || this.unflushed) {
      this.compressor.compress(out, data, at, literal, token !== noToken);
      this.unflushed = token === noToken;
    }
    if (token === endToken) out.byte(flagEnd);
    else if (token !== noToken) this.compressor.saw(data, at + literal, blockLength);
  }

  close(): void {
    this.compressor.close();
  }

  private writeRun(out: ByteQueue): void {
    const relative = this.runStart - this.lastRunEnd;
    const more = this.lastToken - this.runStart;
    if (relative >= 0 && relative <= 63) {
      out.byte((more === 0 ? flagRelative : flagRelativeRun) + relative);
    } else {
      out.byte(more === 0 ? flagToken : flagTokenRun);
      out.int(this.runStart);
    }
    if (more > 0) {
      out.byte(more & 0xff);
      out.byte(more >> 8);
    }
    this.lastRunEnd = this.lastToken;
  }
}

/** Cuts compressed data into records. */
export function writeRecords(out: ByteQueue, data: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const n = Math.min(maxRecordBytes, to - at);
    out.byte(flagRecord + (n >> 8));
    out.byte(n & 0xff);
    out.copy(data, at, at + n);
    at += n;
  }
}
