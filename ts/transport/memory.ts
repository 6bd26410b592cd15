import type { Duplex } from './duplex.ts';

/** Two ends of a loopback wire in one process: what one writes, the other reads. */
export function memoryPair(): [Duplex, Duplex] {
  throw new Error('not yet');
}
