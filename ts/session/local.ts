import { ExitCode, RsyncError } from '../errors.ts';
import { createFilters, rulesAsArgs } from '../filter/index.ts';
import { SegmentPass } from '../flist/segment-pass.ts';
import type { Site } from '../host.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { sharedPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import { withRemoteOptions } from '../options/remote-options.ts';
import { capabilityString } from '../options/server-args.ts';
import * as text from '../report/messages.ts';
import { aboutToExit, cleanupEntered, sendingErrorExit } from '../report/trace-messages.ts';
import { Loopback } from '../roles/loopback.ts';
import { memoryPair } from '../transport/memory.ts';
import type { WireCharset } from '../wire/charset.ts';
import { attended } from './attended.ts';
import type { Recording } from './batch-file.ts';
import { runClientEnd, summarize } from './client-end.ts';
import { type End, endOf, exitCodeOf, filterReport, openEnd, type RunEnd, type SessionIo } from './end.ts';
import type { Endpoints } from './endpoints.ts';
import { endAfterFailure } from './failure.ts';
import { type FinalRole, finalErrorLine } from './final-line.ts';
import { tellOfIgnoredBatch } from './ignored-batch.ts';
import { nameCharset } from './name-charset.ts';
import { checkFixedChoices } from './negotiate.ts';
import { openNames } from './read-names.ts';
import { runServerEnd } from './server-end.ts';
import { suitableKernel } from './suitable-kernel.ts';
import { tellOfNoCommand } from './tell-of-command.ts';
import { tellOfExit } from './tell-of-exit.ts';

/** What a local run is given besides its options. */
interface LocalRun {
  readonly site: Site;
  readonly io: SessionIo;
  readonly charset: WireCharset | undefined;
  readonly recording: Recording | undefined;
}

/**
 * A local run: a client that sends and a server that receives, in one process, with a wire of memory
 * between them. What the user sees is what a run over a real wire shows.
 */
export async function runLocal(
  kernel: Kernel,
  given: Options,
  ends: Endpoints,
  { site, io, charset, recording }: LocalRun,
): Promise<RunEnd> {
  // What a batch holds is to be of use elsewhere, too.
  const wholeFile = given.wholeFile ?? (recording === undefined ? given.append === 'no' : undefined);
  const options: Options = { ...given, wholeFile };
  let client: End | undefined;
  const clientFilters = createFilters(options, {
    side: 'sender',
    site,
    ...filterReport(options, io.host, () => client),
  });
  const names = openNames(options, io.host, site);
  const [clientWire, serverWire] = memoryPair();
  // Each end munges on its own account.
  const batch = options.batch?.kind === 'only-write' ? options.batch : undefined;
  const inherited = { ...options, mungeLinks: false, batch };
  // Rules that it is not told over the wire.
  const needsRules =
    clientFilters.hasXattrRules || (options.missingArgs === 'delete' && options.delete === undefined);
  let server: End | undefined;
  const { serverOptions, filters } = await asServer(io, options.debug.exit, () => {
    // Files of rules are read once: a pipe has nothing for a second reader.
    const known =
      needsRules || options.remoteOptions.length > 0
        ? [...rulesAsArgs(clientFilters), ...options.filters.filter(({ kind }) => kind === 'cvs-exclude')]
        : [];
    const told = withRemoteOptions({ ...inherited, filters: known }, io.host.now);
    const more = told.filters.length > known.length;
    const serverOptions = optionsOfServer(told, needsRules || more);
    checkFixedChoices(serverOptions, kernel, io.host.env);
    const filters = createFilters(serverOptions, {
      side: 'receiver',
      site,
      early: 'Receiver',
      ...filterReport(serverOptions, io.host, () => server),
    });
    return { serverOptions, filters };
  });
  // rsync's other half reads what is for it alone on top of what was given for both.
  const readsBoth = options.remoteOptions.length > 0 && options.batch?.kind === 'write';
  tellOfIgnoredBatch(options, serverOptions.batchIgnored ?? (readsBoth ? 'write' : undefined), io.host);
  if (serverOptions.copyAs !== options.copyAs) throw new RsyncError(ExitCode.Unsupported, text.copyAsOneSide);
  if (serverOptions.dryRun !== options.dryRun) throw new RsyncError(ExitCode.Protocol, text.dryRunOneSide);
  const shared = sharedPaths(options, serverOptions);
  const loopback = shared.filesByName ? new Loopback() : undefined;
  const segments = shared.listsAsTheyAre ? new SegmentPass() : undefined;
  const common = { io, site, local: true, shared, loopback, segments };
  const sending = openEnd({
    ...common,
    kernel: suitableKernel(kernel, options, () => client),
    duplex: clientWire,
    options,
    charset,
    recording,
    server: false,
    sender: true,
  });
  client = sending;
  const receiving = openEnd({
    ...common,
    kernel: suitableKernel(kernel, serverOptions, () => server),
    duplex: serverWire,
    options: serverOptions,
    charset: await nameCharset(serverOptions, io),
    server: true,
    sender: false,
  });
  server = receiving;
  tellOfNoCommand(sending, ends.remotePaths);
  const arrangement = { localServer: true };
  return attended([sending, receiving], async () => {
    const [received, sent] = [
      runServerEnd(receiving, serverOptions, { args: ['.', ...ends.remotePaths], filters }, arrangement),
      runClientEnd(
        sending,
        options,
        { ...ends, names, localReceiver: serverOptions },
        clientFilters,
        arrangement,
      ),
    ].map((work, i) =>
      work.catch(async (error: unknown) => {
        throw await endAfterFailure([receiving, sending][i]!, error);
      }),
    );
    await settle(sent, received, sending);
    summarize(sending, ends);
    const code = Math.max(exitCodeOf(sending), exitCodeOf(receiving));
    tellOfExit(sending, code);
    return { ...endOf(sending), code };
  });
}

/** What a server does with its options; one that ends there is gone before it says anything. */
async function asServer<T>(io: SessionIo, debug: number, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    error.who ??= 'Receiver';
    tellOfEarlyExit(io, error, debug);
    if (error.log) (await import('./log-file.ts')).logEarlyEnd(error, false, io.host);
    throw cutOffBy(error);
  }
}

/** --debug=exit of a server that has no stream yet. */
function tellOfEarlyExit(
  { host }: SessionIo,
  { exitCode, who = 'Receiver' }: RsyncError,
  level: number,
): void {
  const lines = [
    level > 1 ? cleanupEntered(who, exitCode) : '',
    level > 0 ? aboutToExit(who, exitCode, exitCode, false) : '',
    level > 2 ? sendingErrorExit(who, exitCode) : '',
  ];
  for (const line of lines) if (line !== '') host.stderr(Buffer.from(`${line}\n`, 'latin1'));
}

/** What the client makes of a server that ends without a word on the wire. */
function cutOffBy(error: RsyncError): RsyncError {
  const last = finalErrorLine(error.exitCode, (error.who ?? 'Receiver') as FinalRole).trimEnd();
  const lines = error.told ? error.lines : [...error.lines, last];
  return new RsyncError(ExitCode.StreamIo, [...lines, text.connectionClosed(0, 'sender')]);
}

/** Waits for both ends; when the client only saw the wire end, the server's reason is the one that counts. */
async function settle(sending: Promise<void>, serving: Promise<void>, client: End): Promise<void> {
  const [sent, served] = await Promise.allSettled([sending, serving]);
  const cutOff = sent.status === 'rejected' && sent.reason?.exitCode === ExitCode.StreamIo;
  const cutByUs = cutOff && !sent.reason.cutOff && served.status === 'rejected' && served.reason?.cutOff;
  if (served.status === 'rejected' && !cutByUs && (cutOff || sent.status === 'fulfilled')) {
    // Before protocol 31 nobody tells the other side with what it ends.
    const old = (client.report.negotiated?.protocol ?? 31) < 31;
    throw old && cutOff && served.reason instanceof RsyncError ? cutOffBy(served.reason) : served.reason;
  }
  if (sent.status === 'rejected') throw sent.reason;
}

/**
 * What the other end of a local run works with: all the same, but the list is filtered and tweaked here. Rules about
 * names of attributes are for both ends.
 */
function optionsOfServer(options: Options, filters: boolean): Options {
  return {
    ...options,
    server: true,
    sender: false,
    chmod: '',
    filters: filters ? options.filters : [],
    filesFrom: '',
    clientInfo: capabilityString(options.protocol, options.incRecursive !== false && options.recursive),
    copyLinks: false,
  };
}
