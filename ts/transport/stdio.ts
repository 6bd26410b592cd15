import type { Host } from '../host.ts';
import type { Duplex } from './duplex.ts';
import { fdSink, fdSource } from './fd-stream.ts';

/**
 * The server's wire: standard input and output, whatever they are (pipes, a socket, a file). Nothing else may
 * touch them. Ending the sink shuts down a socket; a pipe's descriptor stays open until the process exits.
 */
export function stdioDuplex({ descriptors }: Pick<Host, 'descriptors'>): Duplex {
  const source = fdSource(descriptors.input);
  const sink = fdSink(descriptors.output);
  return {
    source,
    sink,
    destroy() {
      source.destroy();
      sink.destroy();
    },
  };
}
