import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import { createFilters, type FilterChain, sendFilters } from '../filter/index.ts';
import type { Site } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';
import { allowIncRecurse } from '../options/server-args.ts';
import * as text from '../report/messages.ts';
import type { WireCharset } from '../wire/charset.ts';
import { attended } from './attended.ts';
import { openReplay } from './batch-file.ts';
import { summarize } from './client-end.ts';
import { becomeCopyAsUser } from './copy-as.ts';
import { type End, endOf, exitCodeOf, filterReport, openEnd, type RunEnd, type SessionIo } from './end.ts';
import { endAfterFailure } from './failure.ts';
import { handshake, optionsForProtocol } from './handshake.ts';
import { runReceiver } from './receiver-end.ts';
import { matchStream } from './stream-flags.ts';
import { suitableKernel } from './suitable-kernel.ts';
import { tellOfNoCommand } from './tell-of-command.ts';
import { tellOfExit } from './tell-of-exit.ts';
import { startCounting } from './totals.ts';

/** A batch, and what to apply it to. */
export interface ReplayInput {
  readonly args: readonly ByteString[];
  readonly file: ByteString;
  readonly site: Site;
  readonly io: SessionIo;
  readonly charset: WireCharset | undefined;
}

/** --read-batch: a client that receives from a file what a sender has said once. */
export async function runReplay(
  kernel: Kernel,
  options: Options,
  { args, file, site, io, charset }: ReplayInput,
): Promise<RunEnd> {
  const startedAt = io.host.now();
  let end: End | undefined;
  const filters = createFilters(options, {
    side: 'receiver',
    site,
    ...filterReport(options, io.host, () => end),
  });
  const duplex = openReplay(options, file, { host: io.host, site });
  const destination = args[args.length - 1];
  if (parseLocation(destination).kind !== 'local') {
    const failure = new RsyncError(ExitCode.Syntax, text.remoteReplay);
    failure.who = 'Receiver';
    throw failure;
  }
  const client = openEnd({
    io,
    duplex,
    options,
    kernel: suitableKernel(kernel, options, () => end),
    server: false,
    sender: false,
    site,
    charset,
    replays: true,
  });
  end = client;
  tellOfNoCommand(client, args);
  return attended([client], async () => {
    try {
      await replay(client, options, destination, filters);
      summarize(client, { startedAt });
      tellOfExit(client, exitCodeOf(client));
      return endOf(client);
    } catch (error) {
      throw await endAfterFailure(client, error);
    }
  });
}

async function replay(
  end: End,
  given: Options,
  destination: ByteString,
  filters: FilterChain,
): Promise<void> {
  const { report, setup } = end;
  const { host } = setup.io;
  const [flags, remoteProtocol] = [await int(end), await int(end)];
  if (remoteProtocol > given.protocol) throw protocolError(text.batchTooNew(remoteProtocol, given.protocol));
  const tell = (line: string) => {
    if (report.info('misc')) report.print('info', line);
  };
  const options = matchStream(given, flags, remoteProtocol, tell);
  const negotiated = await handshake(end, {
    amServer: false,
    amSender: false,
    options,
    kernel: setup.kernel,
    clientInfo: '',
    host,
    batch: 'read',
    remoteProtocol,
    notice: (line) => report.print('info', line),
  });
  if (negotiated.incRecurse && !allowIncRecurse(given, false))
    throw new RsyncError(ExitCode.Syntax, text.unfitForBatch);
  startCounting(end);
  const { protocol } = negotiated;
  const spoken = optionsForProtocol(options, protocol);
  report.agree(negotiated);
  becomeCopyAsUser(spoken, host);
  sendFilters(undefined, spoken, filters, protocol);
  await runReceiver(end, negotiated, { options: spoken, filters, destination, guard: undefined });
}

function int({ reader }: End): Promise<number> {
  return reader.record(() => reader.int());
}
