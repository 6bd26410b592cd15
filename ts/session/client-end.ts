import { type FilterChain, ImpliedIncludes, sendFilters } from '../filter/index.ts';
import type { NameGuard } from '../flist/name-guard.ts';
import type { Options } from '../options/options.ts';
import { printSummary, tellOfHeap } from '../report/view/summary.ts';
import { replayScript } from './batch-script.ts';
import { becomeCopyAsUser } from './copy-as.ts';
import type { End } from './end.ts';
import type { Endpoints } from './endpoints.ts';
import { fileNames, forwardedNames, forwardNames, namesFromWire } from './files-from.ts';
import { type HandshakeSetup, handshake, optionsForProtocol } from './handshake.ts';
import type { NamesFile } from './read-names.ts';
import { runReceiver } from './receiver-end.ts';
import { runSender } from './sender-end.ts';
import { startCounting } from './totals.ts';

/** What the client side of both a remote and a local run does once it is connected. */
export async function runClientEnd(
  end: End,
  given: Options,
  ends: Pick<Endpoints, 'sender' | 'remote' | 'sources' | 'destination' | 'remotePaths' | 'args'> & {
    readonly names?: NamesFile;
    /** Options of the other end of a local run, which --remote-option may have changed. */
    readonly localReceiver?: Options;
  },
  filters: FilterChain,
  extra: Partial<HandshakeSetup>,
): Promise<void> {
  const { reader, writer, report, setup } = end;
  const { sender } = ends;
  const negotiated = await handshake(end, {
    amServer: false,
    amSender: sender,
    options: given,
    kernel: setup.kernel,
    clientInfo: '',
    host: setup.io.host,
    batch: setup.recording && 'write',
    notice: (line) => report.print('info', line),
    ...extra,
  });
  startCounting(end);
  const { protocol } = negotiated;
  const options = optionsForProtocol(given, protocol);
  report.agree(negotiated);
  const charset = options.secludedArgs ? setup.charset : undefined;
  const namesFromPeer = sender && options.filesFromHost !== undefined;
  if (protocol >= 30 || (!sender && options.removeSourceFiles)) writer.startMultiplex();
  reader.startMultiplex();
  const { recording } = setup;
  recording?.writeScript(
    replayScript({ commandLine: setup.io.host.commandLine, args: ends.args, options, filters, protocol }),
  );
  sendFilters(writer, options, filters, protocol, ends.localReceiver);
  if (recording !== undefined) {
    recording.begin(negotiated);
    (sender ? writer : reader).tap((data) => recording.data(data));
  }
  becomeCopyAsUser(options, setup.io.host);
  if (sender) {
    const names = namesFromPeer
      ? namesFromWire(reader, protocol, charset)
      : ends.names && fileNames(ends.names.read(), options.from0);
    await runSender(end, negotiated, { options, filters, args: ends.sources, filesFrom: names });
    return;
  }
  const names = ends.names?.read();
  if (names !== undefined) forwardNames(writer, forwardedNames(names, options.from0), protocol, charset);
  const guard = guardOf(options, ends, filters, names);
  await runReceiver(end, negotiated, { options, filters, destination: ends.destination, guard });
}

/** The closing lines and the --stats block; a list-only run has none. */
export function summarize(end: End, ends: Pick<Endpoints, 'startedAt'>): void {
  const { report, stats } = end;
  if (!end.setup.sender) tellOfHeap(report, 'generator');
  report.events?.ended?.(stats);
  printSummary(report, stats, {
    protocol: report.negotiated?.protocol ?? 32,
    seconds: Math.floor(end.setup.io.host.now() / 1000) - Math.floor(ends.startedAt / 1000),
  });
}

/** Checks that a sender sends nothing but what was asked for and not excluded. */
function guardOf(
  options: Options,
  ends: Pick<Endpoints, 'remote' | 'remotePaths'>,
  filters: FilterChain,
  names: Uint8Array | undefined,
): NameGuard | undefined {
  if (options.trustSender || options.listOnly) return undefined;
  const implied = new ImpliedIncludes(options);
  // What the remote shell makes of the arguments, or the other side reads, is not known here.
  const knowsNames = options.oldArgs === 0 && options.filesFromHost === undefined;
  if (knowsNames && options.filesFrom === '')
    for (const path of ends.remotePaths) implied.add(path, ends.remote?.kind !== 'shell');
  else if (names !== undefined)
    for (const name of forwardedNames(names, options.from0)) implied.add(name, false);
  const checksRules = !filters.isEmpty && !filters.hasPerDir;
  return {
    check(path, isDir) {
      if (checksRules && filters.check(path, isDir, 'hide') === 'excluded') return 'excluded';
      return implied.isEmpty || implied.allows(path, isDir) ? 'ok' : 'unrequested';
    },
    allowsAllIn: (dir) => !checksRules && implied.allowsAllIn(dir),
    isImpliedParent: (path) => !implied.isEmpty && implied.isImpliedParent(path),
  };
}
