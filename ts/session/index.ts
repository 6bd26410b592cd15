/** A run from its options to its exit code. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { RunEnd, SessionIo } from './end.ts';

export { loadKernel } from '../kernel/index.ts';
export type { RunEnd, SessionIo } from './end.ts';

/** A run as the user starts it. Not loaded where only the kernel is asked for its report. */
export async function runClient(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  return (await import('./client.ts')).runClient(options, args, io);
}

/** `--server` as a remote shell starts it; its wire is loaded with it. */
export async function runServer(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  return (await import('./server.ts')).runServer(options, args, io);
}
