import type { Readable } from 'node:stream';
import type { Source } from '../wire/source-sink.ts';

/** Input of a Node stream: no more of it is taken than is asked for. `broken` words what it fails with. */
export function streamSource(
  stream: Readable,
  broken: (error: NodeJS.ErrnoException) => Error,
): Source & { destroy(): void } {
  let failure: Error | undefined;
  let ended = false;
  let wake: (() => void) | undefined;
  const stir = (): void => {
    wake?.();
    wake = undefined;
  };
  const end = (): void => {
    ended = true;
    stir();
  };
  stream.on('readable', stir);
  stream.on('end', end);
  stream.on('close', end);
  stream.on('error', (error) => {
    failure ??= broken(error);
    stir();
  });
  return {
    async read(into) {
      for (;;) {
        const waiting = stream.readableLength;
        const chunk: Buffer | null = waiting > 0 ? stream.read(Math.min(into.length, waiting)) : null;
        if (chunk) {
          into.set(chunk);
          return chunk.length;
        }
        if (failure !== undefined) throw failure;
        if (ended) return 0;
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.read(0);
        });
      }
    },
    destroy() {
      stream.destroy();
      // A stream may be slow to close.
      end();
    },
  };
}
