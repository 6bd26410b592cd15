import type { ByteString } from '../kernel/kernel.ts';
import type { Sink, Source } from '../wire/source-sink.ts';

/** A connection to the peer: two halves that do not depend on each other. */
export interface Duplex {
  readonly source: Source;
  readonly sink: Sink;
  /** Drops both halves at once; pending reads and writes fail. Harmless when called twice. */
  destroy(): void;
}

/** How a child process ended. `spawnError` is set when it never started. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly spawnError?: NodeJS.ErrnoException;
}

/** A connection to a child process (remote shell or connect program). */
export interface ChildDuplex extends Duplex {
  /** The child's process; undefined where it never started. */
  readonly pid: number | undefined;
  /** What was to be executed. */
  readonly program: ByteString;
  /** Settles once the child is gone and its stderr has been passed on; never rejects. */
  readonly exit: Promise<ChildExit>;
  /** Ends the child (a watchdog, an interrupted run). */
  kill(signal?: NodeJS.Signals): void;
}
