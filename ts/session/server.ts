import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { stdioDuplex } from '../transport/stdio.ts';
import { siteOf } from './client.ts';
import { type End, endOf, endOnSignal, openEnd, type RunEnd, type SessionIo } from './end.ts';
import { endAfterFailure } from './failure.ts';
import { nameCharset, tellCharset } from './name-charset.ts';
import { runServerEnd } from './server-end.ts';
import { suitableKernel } from './suitable-kernel.ts';

/** `--server` as a remote shell starts it: the wire is standard input and output. */
export async function runServer(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  const duplex = stdioDuplex(io.host);
  const end: End = openEnd({
    io,
    duplex,
    options,
    kernel: suitableKernel(await loadKernel(io.host), options, () => end),
    server: true,
    sender: options.sender,
    site: siteOf(io.host),
    charset: await nameCharset(options, io),
  });
  tellCharset(end);
  const stopWatching = endOnSignal(io.signal, [end]);
  try {
    await runServerEnd(end, options, args, {});
    await end.writer.end();
    return endOf(end);
  } catch (error) {
    throw await endAfterFailure(end, error);
  } finally {
    stopWatching();
    end.timeout.stop();
  }
}
