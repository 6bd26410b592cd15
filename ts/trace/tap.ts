/** Puts an ear on a wire. */
import type { Duplex } from '../transport/duplex.ts';
import type { Way } from './stream.ts';

const nothing = new Uint8Array(0);

/**
 * The same wire, of which `hear` is given all that passes (nothing: the end of that direction). What is written is heard before
 * it leaves, so that no answer is heard before its question. There is no descriptor to lend: all goes through here.
 */
export function tapped(
  duplex: Duplex,
  isServer: boolean,
  hear: (way: Way, bytes: Uint8Array) => Promise<void>,
): Duplex {
  const { source, sink } = duplex;
  const [incoming, outgoing]: Way[] = isServer ? ['there', 'back'] : ['back', 'there'];
  return {
    source: {
      async read(into) {
        const n = await source.read(into);
        await hear(incoming, into.subarray(0, n));
        return n;
      },
      sinceArrival: source.sinceArrival && (() => source.sinceArrival?.() ?? Number.POSITIVE_INFINITY),
    },
    sink: {
      async write(chunks) {
        for (const chunk of chunks) if (chunk.length > 0) await hear(outgoing, chunk);
        await sink.write(chunks);
      },
      unsent: () => sink.unsent(),
      async end() {
        await hear(outgoing, nothing);
        await sink.end();
      },
    },
    destroy: () => duplex.destroy(),
  };
}
