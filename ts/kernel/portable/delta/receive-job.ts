import { closeSync } from 'node:fs';
import { protocolError } from '../../../errors.ts';
import {
  digestLength,
  type Loss,
  type ReceiveJob,
  type ReceiveProgress,
  type ReceiveRequest,
  type ReceiveResult,
} from '../../kernel.ts';
import { openFileDigest } from '../digest/digest.ts';
import type { Digest } from '../digest/types.ts';
import { asPortableDecoder } from '../tokens/codecs.ts';
import { type PortableDecoder, TokenEvent } from '../tokens/decoder.ts';
import type { Turns } from '../turn.ts';
import { FileWindow } from './file-window.ts';
import { OutputFile } from './output-file.ts';

/** Of the basis, read at once: matches may jump about, so not much more than a few blocks. */
const smallestWindow = 32 * 1024;
const largestWindow = 256 * 1024;
/** What a token by itself counts as, in bytes of work. */
const tokenWork = 64;

/** The descriptors of a job, which closes them. */
export interface ReceiveFiles {
  readonly output?: { readonly fd: number; readonly size: number; readonly regular: boolean };
  readonly basis?: { readonly fd: number; readonly size: number };
  /** Removes what was created for this job. */
  discard(): void;
}

/** The receiver's side of one file (rsync's `receive_data`). */
export class PortableReceiveJob implements ReceiveJob {
  private readonly request: ReceiveRequest;
  private readonly files: ReceiveFiles;
  private readonly turns: Turns;
  private readonly decoder: PortableDecoder;
  private readonly digest: Digest;
  private readonly output: OutputFile | undefined;
  private readonly basis: FileWindow | undefined;
  private readonly basisSize: number;
  /** Matches at the place where the output already holds them are skipped. */
  private readonly updatesBasis: boolean;
  private readonly senderDigest: Buffer;
  private senderDigestBytes = 0;
  private readingTokens = true;
  /** Bytes before this offset belong to the file and were not sent (append). */
  private readonly prefix: number;
  private hashed: number;
  /** The rest of a matched block: whole blocks may be larger than what one turn should do. */
  private matchAt = 0;
  private matchLeft = 0;
  private offset: number;
  private literal = 0;
  private matched = 0;
  private verified = false;
  private done = false;
  private closed = false;

  constructor(request: ReceiveRequest, files: ReceiveFiles, turns: Turns, losses: Set<Loss>) {
    this.request = request;
    this.files = files;
    this.turns = turns;
    this.decoder = asPortableDecoder(request.decoder);
    this.digest = openFileDigest(request.digest);
    this.senderDigest = Buffer.alloc(digestLength[request.digest.name]);
    this.prefix = request.appendAt ?? 0;
    this.offset = this.prefix;
    this.hashed = request.appendDigest === true ? 0 : this.prefix;
    const { output, basis } = files;
    this.basisSize = basis?.size ?? 0;
    if (basis !== undefined && basis.size > 0) {
      const room = Math.min(Math.max(smallestWindow, 2 * request.blockLength), largestWindow);
      this.basis = new FileWindow(basis.fd, basis.size, room);
    }
    this.updatesBasis =
      request.inPlace === true && request.basis !== undefined && request.basis === request.path;
    if (output !== undefined) {
      this.output = new OutputFile({
        fd: output.fd,
        startAt: this.prefix,
        sparse: request.sparse === true,
        old: request.inPlace === true ? { bytes: output.size, isBasis: this.updatesBasis } : undefined,
        losses,
      });
    }
    this.decoder.begin();
  }

  async push(raw: Uint8Array, ranges: Uint32Array, rangeCount: number): Promise<ReceiveProgress> {
    const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    let consumed = 0;
    for (let range = 0; range < rangeCount && !this.done; range++) {
      const start = ranges[2 * range];
      const end = start + ranges[2 * range + 1];
      let at = start;
      if (this.readingTokens) {
        this.decoder.input(bytes, start, end);
        await this.readTokens();
        at = this.decoder.position();
      }
      if (!this.readingTokens) at = this.readDigest(bytes, at, end);
      consumed += at - start;
    }
    return { consumed, done: this.done };
  }

  result(): ReceiveResult {
    return {
      verified: this.verified,
      literal: this.literal,
      matched: this.matched,
      size: this.offset,
      writeErrno: this.output?.errno ?? 0,
      syscall: this.output?.syscall ?? '',
      digest: this.senderDigest,
    };
  }

  close(): void {
    // Of a file that is not complete, a part may be kept.
    if (!this.closed) this.output?.flush();
    this.shut();
  }

  abort(): void {
    if (this.request.inPlace === true) this.close();
    this.shut();
    this.files.discard();
  }

  private shut(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.files.output !== undefined) closeSync(this.files.output.fd);
    if (this.files.basis !== undefined) closeSync(this.files.basis.fd);
  }

  private async readTokens(): Promise<void> {
    while (this.readingTokens) {
      const work = this.step();
      if (work === 0) return;
      if (this.turns.spend(work)) await this.turns.next();
    }
  }

  /** Does a little and returns about how many bytes it went over; 0 when it needs input. */
  private step(): number {
    const { decoder } = this;
    if (this.hashed < this.prefix) return this.hashPrefix();
    if (this.matchLeft > 0) return this.copyMatch();
    switch (decoder.next()) {
      case TokenEvent.NeedInput:
        return 0;
      case TokenEvent.Literal: {
        const { data, at, length } = decoder;
        this.digest.update(data, at, at + length);
        this.output?.write(data, at, at + length);
        this.literal += length;
        this.offset += length;
        return length;
      }
      case TokenEvent.Match:
        this.startMatch(decoder.token);
        return tokenWork;
      default:
        this.endOfTokens();
        return tokenWork;
    }
  }

  private startMatch(token: number): void {
    const { blockCount, blockLength, remainder } = this.request;
    if (token < 0 || token >= blockCount) {
      throw protocolError(`Invalid block index ${token} (count=${blockCount})`);
    }
    if (this.basis === undefined && this.output !== undefined) {
      throw protocolError(`got a block match with no basis file for ${this.request.path}`);
    }
    this.matchAt = token * blockLength;
    this.matchLeft = token === blockCount - 1 && remainder !== 0 ? remainder : blockLength;
  }

  /** Copies a piece of a matched block; without a basis (discarding) zeros stand for it. */
  private copyMatch(): number {
    const n = Math.min(this.matchLeft, largestWindow);
    const { data, at } = this.basisBytes(this.matchAt, n);
    this.decoder.saw(data, at, n);
    this.digest.update(data, at, at + n);
    if (this.updatesBasis && this.offset === this.matchAt) this.output?.skip(n);
    else this.output?.write(data, at, at + n);
    this.offset += n;
    this.matchAt += n;
    this.matchLeft -= n;
    this.matched += n;
    return n;
  }

  /** Bytes of the basis; zeros where it is shorter than the sums said, which the digest will tell. */
  private basisBytes(offset: number, n: number): { data: Buffer; at: number } {
    const there = Math.min(Math.max(this.basisSize - offset, 0), n);
    if (this.basis !== undefined && there === n) {
      const at = this.basis.need(offset, offset + n);
      return { data: this.basis.bytes, at };
    }
    const data = Buffer.alloc(n);
    if (this.basis !== undefined && there > 0) {
      const at = this.basis.need(offset, offset + there);
      this.basis.bytes.copy(data, 0, at, at + there);
    }
    return { data, at: 0 };
  }

  /** Append with a digest over the whole: what was there before enters it first. */
  private hashPrefix(): number {
    const n = Math.min(largestWindow, this.prefix - this.hashed);
    const { data, at } = this.basisBytes(this.hashed, n);
    this.digest.update(data, at, at + n);
    this.hashed += n;
    return n;
  }

  private endOfTokens(): void {
    this.readingTokens = false;
    const { output, request } = this;
    if (output === undefined) return;
    const mayCut = request.inPlace === true || request.sparse === true;
    output.finish(mayCut && this.files.output?.regular === true);
    if (request.fsync === true) output.sync();
  }

  private readDigest(bytes: Buffer, at: number, end: number): number {
    const n = Math.min(this.senderDigest.length - this.senderDigestBytes, end - at);
    bytes.copy(this.senderDigest, this.senderDigestBytes, at, at + n);
    this.senderDigestBytes += n;
    if (this.senderDigestBytes === this.senderDigest.length) {
      this.done = true;
      const sound = this.output === undefined || this.digest.final().equals(this.senderDigest);
      this.verified = sound && (this.output?.errno ?? 0) === 0;
    }
    return at + n;
  }
}
