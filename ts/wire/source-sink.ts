/** The two halves of a connection to the peer. They are independent of each other. */

export interface Source {
  /** Reads at least one byte into `into` and tells how many; 0 is the end of the stream. */
  read(into: Uint8Array): Promise<number>;
  /**
   * The descriptor behind the source, for a job that reads it itself; undefined where there is none, or where
   * input waits that was read already. Until the next `read` nobody else reads from it.
   */
  lend?(): number | undefined;
  /** Milliseconds since input came last, read or not; for sources that take it before it is asked for. */
  sinceArrival?(): number;
}

export interface Sink {
  /** Writes all chunks, in order. They belong to the sink until the promise settles. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Nobody looks at chunks any more once the promise of their `write` is fulfilled: they may be overwritten. */
  readonly copies?: boolean;
  /** Bytes of the `write` at work that have not left yet: while the number falls, the peer takes something. */
  unsent(): number;
  /** The descriptor behind the sink, for a job that writes to it itself; undefined where there is none. */
  lend?(): number | undefined;
  /** Half-close: the peer sees the end of the stream, and may still talk. */
  end(): Promise<void>;
}
