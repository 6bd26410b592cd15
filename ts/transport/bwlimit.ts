import type { Sink } from '../wire/source-sink.ts';

/** `sink` behind a limit of `bytesPerSecond` (--bwlimit); 0 gives `sink` itself. */
export function limitSink(sink: Sink, bytesPerSecond: number): Sink {
  throw new Error(`not yet ${sink} ${bytesPerSecond}`);
}
