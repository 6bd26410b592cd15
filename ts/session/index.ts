/** A run from its options to its exit code. */
import type { RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';
import type { RunEnd, SessionIo } from './end.ts';

export type { RunEnd, SessionIo, Wiretap } from './end.ts';

/** Tells the log that options had named by then, if they had, what ended their reading. */
export async function logEarlyEnd(error: RsyncError, sends: boolean, { host }: SessionIo): Promise<void> {
  if (error.log) (await import('./log-file.ts')).logEarlyEnd(error, sends, host);
}

/** A run as the user starts it. Not loaded where only the kernel is asked for its report. */
export async function runClient(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  const { runClient } = await import('./client.ts');
  const sends = args[0] !== undefined && parseLocation(args[0]).kind === 'local';
  return logged(options, sends, io, (io) => runClient(options, args, io));
}

/** What a command line without arguments does before it is refused. */
export async function openNamedFiles(options: Options, io: SessionIo): Promise<void> {
  (await import('./client.ts')).openNamedFiles(options, io);
}

/** `--server` as a remote shell starts it; its wire is loaded with it. */
export async function runServer(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  const { runServer } = await import('./server.ts');
  return logged(options, options.sender, io, (io) => runServer(options, args, io));
}

/**
 * The same with --secluded-args: `parse` makes options and arguments of those that come over the wire. `options` is what
 * was told before.
 */
export async function runSecludedServer(
  told: Options,
  parse: (more: readonly ByteString[]) => { readonly options: Options; readonly args: readonly ByteString[] },
  io: SessionIo,
): Promise<RunEnd> {
  const { runServer, takeSecludedArgs } = await import('./server.ts');
  const { more, duplex } = await takeSecludedArgs(told, io);
  const { options, args } = parse(more);
  return logged(options, options.sender, io, (io) => runServer(options, args, io, duplex));
}

async function logged(
  options: Options,
  sends: boolean,
  io: SessionIo,
  run: (io: SessionIo) => Promise<RunEnd>,
): Promise<RunEnd> {
  if (options.logFile === '') return run(io);
  return (await import('./log-file.ts')).withLog(options, sends, io, run);
}
