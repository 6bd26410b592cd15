/** The two halves of a connection to the peer. They are independent of each other. */

export interface Source {
  /** Reads at least one byte into `into` and tells how many; 0 is the end of the stream. */
  read(into: Uint8Array): Promise<number>;
}

export interface Sink {
  /** Writes all chunks, in order. They belong to the sink until the promise settles. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Half-close: the peer sees the end of the stream, and may still talk. */
  end(): Promise<void>;
}
