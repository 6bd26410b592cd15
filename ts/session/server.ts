import { RsyncError } from '../errors.ts';
import { createFilters } from '../filter/index.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { Duplex } from '../transport/duplex.ts';
import { stdioDuplex } from '../transport/stdio.ts';
import { attended } from './attended.ts';
import { siteOf } from './client.ts';
import { type End, endOf, filterReport, openEnd, type RunEnd, type SessionIo } from './end.ts';
import { endAfterFailure } from './failure.ts';
import { expandArgs } from './glob.ts';
import { tellOfIgnoredBatch } from './ignored-batch.ts';
import { nameCharset } from './name-charset.ts';
import { checkFixedChoices } from './negotiate.ts';
import { readSecludedArgs } from './secluded-args.ts';
import { runServerEnd } from './server-end.ts';
import { suitableKernel } from './suitable-kernel.ts';

/** Standard input and output, and who watches them. */
function serversWire({ host, wiretap }: SessionIo): Duplex {
  const duplex = stdioDuplex(host);
  const [, ...words] = host.commandLine;
  return wiretap?.watch(duplex, { kind: 'shell', words, server: true, oneOfMany: false }) ?? duplex;
}

/** What a server that was told only `told` learns over its wire, and the wire as it is behind that. */
export async function takeSecludedArgs(
  told: Options,
  { host, signal, ...io }: SessionIo,
): Promise<{ more: ByteString[]; duplex: Duplex }> {
  const wire = serversWire({ host, signal, ...io });
  const stop = (): void => wire.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { args, duplex } = await readSecludedArgs(wire);
    const charset = await nameCharset(told, { host, signal, ...io });
    return { more: args.map((arg) => charset?.textFromWire(arg) ?? arg), duplex };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** `--server` as a remote shell starts it: the wire is standard input and output. */
export async function runServer(
  options: Options,
  args: readonly ByteString[],
  io: SessionIo,
  duplex: Duplex = serversWire(io),
): Promise<RunEnd> {
  const site = siteOf(io.host, options.sender ? 'sender' : 'Receiver');
  tellOfIgnoredBatch(options, options.batchIgnored, io.host);
  let end: End | undefined;
  const filters = createFilters(options, {
    side: options.sender ? 'sender' : 'receiver',
    site,
    ...filterReport(options, io.host, () => end),
  });
  const kernel = suitableKernel(await loadKernel(io.host), options, () => end);
  try {
    checkFixedChoices(options, kernel, io.host.env);
  } catch (error) {
    if (error instanceof RsyncError) error.who = 'server';
    throw error;
  }
  const server = openEnd({
    io,
    duplex,
    options,
    kernel,
    server: true,
    sender: options.sender,
    site,
    charset: await nameCharset(options, io),
  });
  end = server;
  return attended([server], async () => {
    try {
      const all = options.secludedArgs ? expandArgs(server.setup.kernel, site, args) : args;
      await runServerEnd(server, options, { args: all, filters }, {});
      await server.writer.end();
      return endOf(server);
    } catch (error) {
      throw await endAfterFailure(server, error);
    }
  });
}
