import type { Duplex } from './duplex.ts';
import { fdSink, fdSource } from './fd-stream.ts';

/**
 * The server's wire: descriptors 0 and 1, whatever they are (pipes, a socket, a file). Nothing else may
 * touch process.stdin and process.stdout. Ending the sink shuts down a socket; a pipe's descriptor 1
 * stays open until the process exits.
 */
export function stdioDuplex(): Duplex {
  const source = fdSource(0);
  const sink = fdSink(1);
  return {
    source,
    sink,
    destroy() {
      source.destroy();
      sink.destroy();
    },
  };
}
