import type { Duplex } from './duplex.ts';

/** The server's wire: descriptors 0 and 1. Nothing else may touch process.stdin and process.stdout. */
export function stdioDuplex(): Duplex {
  throw new Error('not yet');
}
