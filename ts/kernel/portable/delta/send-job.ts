import { closeSync } from 'node:fs';
import type { SendJob, SendRequest, SendResult } from '../../kernel.ts';
import { openFileDigest } from '../digest/digest.ts';
import type { Digest } from '../digest/types.ts';
import { ByteQueue } from '../tokens/byte-queue.ts';
import { asPortableEncoder } from '../tokens/codecs.ts';
import type { Turns } from '../turn.ts';
import { BlockTable, basisLength, checkBasis } from './block-table.ts';
import { FileWindow } from './file-window.ts';
import { HashSearch } from './hash-search.ts';
import { TokenStream } from './token-stream.ts';

const smallestWindow = 256 * 1024;
const queueBytes = 128 * 1024;
/** Bytes searched between two looks at what came of it. */
const searchBytes = 128 * 1024;

/** The sender's side of one file over a descriptor that the job closes (rsync's `match_sums`). */
export class PortableSendJob implements SendJob {
  readonly size: number;
  private readonly fd: number;
  private readonly turns: Turns;
  private readonly window: FileWindow;
  private readonly stream: TokenStream;
  private readonly digest: Digest;
  private readonly out = new ByteQueue(queueBytes);
  private readonly search: HashSearch | undefined;
  /** Append-verify: the bytes before this offset are hashed, not sent. */
  private readonly prefix: number;
  private hashed = 0;
  private searching: boolean;
  private complete = false;
  private closed = false;

  /** Throws `RsyncError` (protocol) where the basis is malformed. */
  constructor(fd: number, size: number, request: SendRequest, turns: Turns) {
    const { basis, digest } = request;
    this.fd = fd;
    this.size = size;
    this.turns = turns;
    const blockLength = basis?.blockLength ?? 0;
    this.window = new FileWindow(fd, size, Math.max(smallestWindow, 3 * blockLength));
    this.digest = openFileDigest(digest);
    const encoder = asPortableEncoder(request.encoder);
    this.stream = new TokenStream(this.window, encoder, this.digest, this.out);
    this.prefix = 0;
    if (basis !== undefined) {
      checkBasis(basis, digest);
      if (request.append !== undefined) {
        this.stream.sent = Math.min(basisLength(basis), size);
        if (request.append === 'verify') this.prefix = this.stream.sent;
      } else if (basis.count > 0 && size > 0) {
        const table = new BlockTable(basis, digest);
        this.search = new HashSearch(table, this.stream, size, digest, request.updatingInPlace === true);
      }
    }
    this.searching = this.search !== undefined;
    encoder.begin(request.level);
  }

  async next(into: Uint8Array): Promise<number> {
    while (this.out.length < into.length && !this.complete) {
      if (this.turns.spend(this.step())) await this.turns.next();
    }
    return this.out.take(into);
  }

  result(): SendResult {
    return this.stream.result();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }

  /** Does a little and returns about how many bytes it went over. */
  private step(): number {
    const { stream, size } = this;
    if (this.hashed < this.prefix) {
      const to = Math.min(this.hashed + smallestWindow, this.prefix);
      const at = this.window.need(this.hashed, to);
      this.digest.update(this.window.bytes, at, at + to - this.hashed);
      const n = to - this.hashed;
      this.hashed = to;
      return n;
    }
    if (this.searching) {
      this.searching = !(this.search as HashSearch).run(searchBytes);
      return searchBytes;
    }
    const before = stream.sent;
    if (stream.rest(size)) this.finish();
    return stream.sent - before;
  }

  /** The whole-file digest; after a failed read one that cannot be right. */
  private finish(): void {
    const sum = this.digest.final();
    if (this.window.errno !== 0) {
      const zeros = sum.every((byte) => byte === 0);
      sum.fill(0);
      if (zeros) sum[sum.length - 1] = 1;
    }
    this.out.copy(sum, 0, sum.length);
    this.complete = true;
  }
}
