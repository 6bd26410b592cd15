import { readlinkSync } from 'node:fs';
import { createFilters, type FilterChain, ImpliedIncludes, sendFilters } from '../filter/index.ts';
import type { NameGuard } from '../flist/name-guard.ts';
import { readSourceAhead } from '../flist/source-ahead.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { openingConnection } from '../report/messages.ts';
import { printSummary, tellOfHeap } from '../report/view/summary.ts';
import { exitCodeOfRemote, spawnFailure } from '../transport/child-exit.ts';
import type { ChildDuplex } from '../transport/duplex.ts';
import {
  type End,
  endOf,
  endOnSignal,
  exitCodeOf,
  filterReport,
  openEnd,
  type RunEnd,
  type SessionIo,
} from './end.ts';
import { type Endpoints, findEndpoints } from './endpoints.ts';
import { endAfterFailure } from './failure.ts';
import { fileNames, forwardedNames, forwardNames, namesFromWire } from './files-from.ts';
import { type HandshakeSetup, handshake, optionsForProtocol } from './handshake.ts';
import { runLocal } from './local.ts';
import { type NamesFile, openNames } from './read-names.ts';
import { runReceiver } from './receiver-end.ts';
import { runSender } from './sender-end.ts';
import { startCounting } from './totals.ts';

/**
 * A client's run, from its arguments to its exit code (rsync's start_client and client_run). Throws an
 * `RsyncError` for what ended it early.
 */
export async function runClient(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  const kernel = await loadKernel();
  const cwd = workingDirectory();
  const ends = findEndpoints(options, args);
  if (ends.remote === undefined) return runLocal(kernel, options, ends, cwd, io);
  let end: End | undefined;
  const filters = createFilters(options, {
    side: ends.sender ? 'sender' : 'receiver',
    cwd,
    ...filterReport(options, io, () => end),
  });
  const names = openNames(options);
  // Loaded only where there is another host: a local run needs no sockets and no children.
  const { connect } = await import('./connection.ts');
  const connecting = connect(kernel, options, ends, io);
  // The other side starts meanwhile.
  const ahead =
    ends.sender && options.filesFrom === '' && filters.isEmpty
      ? readSourceAhead(kernel, options, options.checksum || options.chmod !== '', cwd, ends.sources)
      : undefined;
  let connection: Awaited<typeof connecting>;
  try {
    connection = await connecting;
  } catch (error) {
    ahead?.tree.close();
    throw error;
  }
  const { duplex, child } = connection;
  end = openEnd({ io, duplex, options, kernel, server: false, sender: ends.sender, cwd, ahead });
  const stopWatching = endOnSignal(io.signal, [end]);
  const { command } = connection;
  if (command !== undefined && end.report.debug('cmd'))
    end.report.print('client', openingConnection(command));
  try {
    const greeting = await connection.greet?.(end);
    if (greeting === 'listed') return endOf(end);
    await runClientEnd(end, options, { ...ends, names }, filters, greeting ?? {});
    const remote = child === undefined ? 0 : await remoteExit(end, child);
    summarize(end, ends);
    return { ...endOf(end), code: Math.max(remote, exitCodeOf(end)) };
  } catch (error) {
    throw await endAfterFailure(end, error, child);
  } finally {
    stopWatching();
    end.timeout.stop();
    end.report.closeLine();
    ahead?.tree.close();
    duplex.destroy();
  }
}

/** What the client side of both a remote and a local run does once it is connected. */
export async function runClientEnd(
  end: End,
  given: Options,
  ends: Pick<Endpoints, 'sender' | 'remote' | 'sources' | 'destination' | 'remotePaths'> & {
    readonly names?: NamesFile;
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
    env: process.env,
    notice: (line) => report.print('info', line),
    ...extra,
  });
  startCounting(end);
  const { protocol } = negotiated;
  const options = optionsForProtocol(given, protocol);
  report.negotiated = negotiated;
  const namesFromPeer = sender && options.filesFromHost !== undefined;
  if (protocol >= 30) writer.startMultiplex();
  reader.startMultiplex();
  sendFilters(writer, options, filters, protocol);
  if (sender) {
    const names = namesFromPeer
      ? namesFromWire(reader, protocol)
      : ends.names && fileNames(ends.names.read(), options.from0);
    await runSender(end, options, negotiated, filters, ends.sources, names);
    return;
  }
  const names = ends.names?.read();
  if (names !== undefined) forwardNames(writer, names, options.from0, protocol);
  const guard = guardOf(options, ends, filters, names);
  await runReceiver(end, options, negotiated, filters, ends.destination, guard);
}

/** Absolute path of the working directory, as bytes. */
export function workingDirectory(): ByteString {
  try {
    return readlinkSync('/proc/self/cwd', 'latin1');
  } catch {
    return Buffer.from(process.cwd()).toString('latin1');
  }
}

/** The closing lines and the --stats block; a list-only run has none. */
export function summarize(end: End, ends: Pick<Endpoints, 'startedAt'>): void {
  const { report, stats } = end;
  tellOfHeap(report, end.setup.sender ? 'sender' : 'receiver');
  report.events?.ended?.(stats);
  printSummary(report, stats, {
    protocol: report.negotiated?.protocol ?? 32,
    seconds: Math.floor(Date.now() / 1000) - Math.floor(ends.startedAt / 1000),
  });
}

async function remoteExit(end: End, child: ChildDuplex): Promise<number> {
  await end.writer.end().catch(() => {});
  const exit = await child.exit;
  const failure = spawnFailure(child.program, exit);
  if (failure) throw failure;
  return exitCodeOfRemote(exit);
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
