/**
 * Whole files that pass between two sessions of one process by name instead of as tokens. The wire keeps
 * their order: the sender queues a file when it writes the file's item and sum head, and the receiver takes
 * the next one when it has read them.
 */
import type { ByteString, Tree } from '../kernel/kernel.ts';
import { Fifo } from './fifo.ts';

export interface LoopbackFile {
  readonly ndx: number;
  /** The sender's tree, and the file's path below it. */
  readonly tree: Tree;
  readonly path: ByteString;
  /** Where the sender is `watched`: the receiver has copied `bytes` of the file so far. */
  grown(bytes: number): void;
  /** The receiver read the file, which had `size` bytes then. */
  read(size: number): void;
  /** The file could not be read to its end; what came of it was thrown away. */
  readFailed(errno: number): void;
  /** The file could not be opened; nothing was received. */
  openFailed(errno: number): void;
}

export class Loopback {
  private readonly queue = new Fifo<LoopbackFile>();
  /** The sender shows how far a file is. */
  watched = false;

  push(file: LoopbackFile): void {
    this.queue.push(file);
  }

  /** The file of this item, or undefined when its content comes as tokens. */
  take(ndx: number): LoopbackFile | undefined {
    const file = this.queue.first;
    if (file?.ndx !== ndx) return undefined;
    this.queue.shift();
    return file;
  }

  /** Bytes the token stream of a file would have taken: token headers, data, end token, digest. */
  static tokenBytes(size: number, chunk: number, digestBytes: number): number {
    return size + 4 * Math.ceil(size / chunk) + 4 + digestBytes;
  }
}
