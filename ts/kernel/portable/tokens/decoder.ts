import { ExitCode, protocolError } from '../../../errors.ts';
import type { TokenDecoder } from '../../kernel.ts';
import { flagEnd, flagRecord, flagRelative, flagToken, flagTokenRun, maxToken } from './format.ts';

/** What `PortableDecoder.next` found. */
export const TokenEvent = { NeedInput: 0, Literal: 1, Match: 2, End: 3 } as const;
export type TokenEvent = (typeof TokenEvent)[keyof typeof TokenEvent];

/**
 * Reads the token streams of one direction, one file after the other (rsync's `recv_token`). `next` says
 * what comes next; it stands in the fields below it until the following call.
 */
export interface PortableDecoder extends TokenDecoder {
  begin(): void;
  /** Bytes of the wire; given only after `next` asked for them. They must stay as they are until then. */
  input(raw: Buffer, at: number, end: number): void;
  /** Where in the input the next unread byte is. */
  position(): number;
  next(): TokenEvent;
  /** `Literal`: the run is `data[at .. at + length)`. */
  data: Buffer;
  at: number;
  length: number;
  /** `Match`: number of the block. */
  token: number;
  /** The bytes of a block that was matched, for methods that keep a history of them. */
  saw(data: Buffer, at: number, n: number): void;
}

/** Takes records apart. */
export interface Decompressor {
  begin(): void;
  /** Part of a record; `last` when it ends here. */
  feed(data: Buffer, at: number, n: number, last: boolean): void;
  /** Uncompresses the next piece into `out`; 0 when all that was fed is used up. */
  next(): number;
  readonly out: Buffer;
  /** The literal run is over: a token follows. */
  endOfRun(): void;
  saw(data: Buffer, at: number, n: number): void;
  close(): void;
}

const nothing = Buffer.alloc(0);

abstract class InputDecoder {
  readonly spec: TokenDecoder['spec'];
  data: Buffer = nothing;
  at = 0;
  length = 0;
  token = 0;
  protected raw: Buffer = nothing;
  protected pos = 0;
  protected end = 0;

  constructor(spec: TokenDecoder['spec']) {
    this.spec = spec;
  }
  input(raw: Buffer, at: number, end: number): void {
    this.raw = raw;
    this.pos = at;
    this.end = end;
  }
  position(): number {
    return this.pos;
  }
}

/** Uncompressed tokens; literal runs are handed on where they lie in the input. */
export class PlainDecoder extends InputDecoder implements PortableDecoder {
  private readonly header = Buffer.alloc(4);
  private headerBytes = 0;
  private literalLeft = 0;

  begin(): void {
    this.headerBytes = 0;
    this.literalLeft = 0;
  }
  saw(): void {}
  close(): void {}

  next(): TokenEvent {
    if (this.literalLeft === 0) {
      const token = this.readInt();
      if (token === undefined) return TokenEvent.NeedInput;
      if (token === 0) return TokenEvent.End;
      if (token < 0) {
        this.token = -(token + 1);
        return TokenEvent.Match;
      }
      this.literalLeft = token;
    }
    const n = Math.min(this.literalLeft, this.end - this.pos);
    if (n === 0) return TokenEvent.NeedInput;
    this.data = this.raw;
    this.at = this.pos;
    this.length = n;
    this.pos += n;
    this.literalLeft -= n;
    return TokenEvent.Literal;
  }

  private readInt(): number | undefined {
    if (this.headerBytes === 0 && this.end - this.pos >= 4) {
      this.pos += 4;
      return this.raw.readInt32LE(this.pos - 4);
    }
    while (this.headerBytes < 4) {
      if (this.pos === this.end) return undefined;
      this.header[this.headerBytes++] = this.raw[this.pos++];
    }
    this.headerBytes = 0;
    return this.header.readInt32LE(0);
  }
}

/** Tokens with compressed literal data. */
export class RecordDecoder extends InputDecoder implements PortableDecoder {
  private readonly decompressor: Decompressor;
  /** The flag byte and what belongs to it, gathered over the ends of inputs. */
  private readonly header = Buffer.alloc(7);
  private headerBytes = 0;
  private recordLeft = 0;
  private inflating = false;
  /** Literal data came since the last token. */
  private inRun = false;
  private runLeft = 0;

  constructor(spec: TokenDecoder['spec'], decompressor: Decompressor) {
    super(spec);
    this.decompressor = decompressor;
  }

  begin(): void {
    this.decompressor.begin();
    this.headerBytes = 0;
    this.recordLeft = 0;
    this.inflating = false;
    this.inRun = false;
    this.runLeft = 0;
    this.token = 0;
  }
  saw(data: Buffer, at: number, n: number): void {
    this.decompressor.saw(data, at, n);
  }
  close(): void {
    this.decompressor.close();
  }

  next(): TokenEvent {
    for (;;) {
      if (this.runLeft > 0) {
        if (this.token >= maxToken) throw badToken();
        this.token++;
        this.runLeft--;
        return TokenEvent.Match;
      }
      if (this.inflating) {
        const n = this.decompressor.next();
        if (n > 0) {
          this.data = this.decompressor.out;
          this.at = 0;
          this.length = n;
          return TokenEvent.Literal;
        }
        this.inflating = false;
      }
      if (this.recordLeft > 0) {
        const n = Math.min(this.recordLeft, this.end - this.pos);
        if (n === 0) return TokenEvent.NeedInput;
        this.recordLeft -= n;
        this.decompressor.feed(this.raw, this.pos, n, this.recordLeft === 0);
        this.pos += n;
        this.inflating = true;
        continue;
      }
      if (!this.readHeader()) return TokenEvent.NeedInput;
      const flag = this.header[0];
      if ((flag & 0xc0) === flagRecord) {
        this.recordLeft = ((flag & 0x3f) << 8) | this.header[1];
        if (this.recordLeft === 0) {
          throw protocolError('empty record in compressed stream', ExitCode.StreamIo);
        }
        this.inRun = true;
        continue;
      }
      if (this.inRun) {
        this.decompressor.endOfRun();
        this.inRun = false;
      }
      if (flag === flagEnd) return TokenEvent.End;
      this.readToken(flag);
      return TokenEvent.Match;
    }
  }

  private readHeader(): boolean {
    for (;;) {
      if (this.headerBytes > 0 && this.headerBytes === headerLength(this.header[0])) {
        this.headerBytes = 0;
        return true;
      }
      if (this.pos === this.end) return false;
      this.header[this.headerBytes++] = this.raw[this.pos++];
    }
  }

  private readToken(flag: number): void {
    let runAt: number;
    let hasRun: boolean;
    if ((flag & flagRelative) !== 0) {
      this.token += flag & 0x3f;
      hasRun = (flag & 0x40) !== 0;
      runAt = 1;
    } else {
      this.token = this.header.readInt32LE(1);
      hasRun = flag === flagTokenRun;
      runAt = 5;
    }
    if (this.token < 0 || this.token > maxToken) throw badToken();
    if (!hasRun) return;
    this.runLeft = this.header.readUInt16LE(runAt);
    if (this.runLeft === 0 || this.token > maxToken - this.runLeft) throw badToken();
  }
}

/** Bytes of a flag and what belongs to it. */
function headerLength(flag: number): number {
  if ((flag & flagRelative) !== 0) return (flag & 0x40) !== 0 ? 3 : 1;
  if ((flag & flagRecord) !== 0) return 2;
  if (flag === flagEnd) return 1;
  if (flag === flagToken) return 5;
  if (flag === flagTokenRun) return 7;
  throw badToken();
}

function badToken(): Error {
  return protocolError('invalid token number in compressed stream');
}
