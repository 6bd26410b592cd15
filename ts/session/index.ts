/** A run from its options to its exit code. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { RunEnd, SessionIo } from './end.ts';

export { loadKernel } from '../kernel/index.ts';
export { runClient } from './client.ts';
export type { RunEnd, SessionIo } from './end.ts';

/** `--server` as a remote shell starts it; its wire is loaded with it. */
export async function runServer(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  return (await import('./server.ts')).runServer(options, args, io);
}
