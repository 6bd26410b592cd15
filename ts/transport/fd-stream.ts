import type { Socket } from 'node:net';
import type { Sink, Source } from '../wire/source-sink.ts';

/** A source whose descriptor can be dropped. */
export interface FdSource extends Source {
  destroy(): void;
}
/** A sink whose descriptor can be dropped. */
export interface FdSink extends Sink {
  destroy(): void;
}

/** The reading half of `fd`, which it takes over: a pipe, a socket or a file. */
export function fdSource(fd: number): FdSource {
  throw new Error(`not yet ${fd}`);
}
/** The writing half of `fd`, which it takes over: a pipe, a socket or a file. */
export function fdSink(fd: number): FdSink {
  throw new Error(`not yet ${fd}`);
}
/** Both halves of a connected socket that was made with `socketOptions`. */
export function socketHalves(socket: Socket): { source: FdSource; sink: FdSink } {
  throw new Error(`not yet ${socket}`);
}
