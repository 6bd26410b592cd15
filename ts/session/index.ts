/** A run from its options to its exit code. */
export { loadKernel } from '../kernel/index.ts';
export { runClient } from './client.ts';
export type { RunEnd, SessionIo } from './end.ts';
export { runServer } from './server.ts';
