import { ExitCode, RsyncError } from '../errors.ts';
import { createFilters } from '../filter/index.ts';
import { readSourceAhead } from '../flist/source-ahead.ts';
import type { Host, Site } from '../host.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { RemoteHost } from '../options/endpoints.ts';
import { pathsBeforeHandshake } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import { noWorkingDirectory } from '../report/messages.ts';
import { exitCodeOfRemote, spawnFailure } from '../transport/child-exit.ts';
import type { ChildDuplex, Duplex } from '../transport/duplex.ts';
import { errnoText } from '../transport/io-error.ts';
import { attended } from './attended.ts';
import { runClientEnd, summarize } from './client-end.ts';
import type { Connection } from './connection.ts';
import {
  type End,
  endOf,
  exitCodeOf,
  filterReport,
  openEnd,
  type RunEnd,
  type SessionIo,
  type Wiretap,
} from './end.ts';
import { findEndpoints } from './endpoints.ts';
import { endAfterFailure, signalMs, spoken } from './failure.ts';
import { runLocal } from './local.ts';
import { nameCharset } from './name-charset.ts';
import { openNames } from './read-names.ts';
import { suitableKernel } from './suitable-kernel.ts';
import { tellOfCommand } from './tell-of-command.ts';
import { tellOfExit, tellOfWait } from './tell-of-exit.ts';
import { untilAborted } from './until-aborted.ts';

/** Opens what options name, and no more: a file that is not there is said before arguments that are missing or do not fit. */
export function openNamedFiles(options: Options, { host }: SessionIo): void {
  const site = siteOf(host);
  createFilters(options, { side: 'receiver', site, ...filterReport(options, host, () => undefined) });
  openNames(options, host, site)?.close();
}

/** The ends; what is wrong with rule files is said before what is wrong with them, because rsync has read those by then. */
function endsOf(options: Options, args: ByteString[], io: SessionIo): ReturnType<typeof findEndpoints> {
  try {
    return findEndpoints(options, args, io.host.now());
  } catch (error) {
    openNamedFiles(options, io);
    throw error;
  }
}

/**
 * A client's run, from its arguments to its exit code (rsync's start_client and client_run). Throws an
 * `RsyncError` for what ended it early.
 */
export async function runClient(options: Options, args: ByteString[], io: SessionIo): Promise<RunEnd> {
  const { host } = io;
  const plain = await loadKernel(host);
  host.endBy(plain.exitAtOnce);
  const site = siteOf(host);
  const charset = await nameCharset(options, io);
  const { batch } = options;
  if (batch?.kind === 'read') {
    io.wiretap?.unwatched('batch');
    const { runReplay } = await import('./replay.ts');
    return runReplay(plain, options, { args, file: batch.file, site, io, charset });
  }
  const ends = endsOf(options, args, io);
  const recording =
    batch === undefined
      ? undefined
      : (await import('./batch-file.ts')).openRecording(options, batch.file, { host, site });
  if (ends.remote === undefined) {
    io.wiretap?.unwatched('local');
    return runLocal(plain, options, ends, { site, io, charset, recording });
  }
  let end: End | undefined;
  const kernel = suitableKernel(plain, options, () => end);
  const filters = createFilters(options, {
    side: ends.sender ? 'sender' : 'receiver',
    site,
    ...filterReport(options, host, () => end),
  });
  const names = openNames(options, host, site);
  // Loaded only where there is another host: a local run needs no sockets and no children.
  const { connect } = await import('./connection.ts');
  const connecting = connect(kernel, options, ends, io);
  // The other side starts meanwhile.
  const ahead =
    ends.sender && filters.isEmpty && pathsBeforeHandshake(options, io.choice !== undefined).sourceAhead
      ? readSourceAhead(kernel, options, site.cwd, ends.sources)
      : undefined;
  let connection: Awaited<typeof connecting>;
  try {
    connection = await connecting;
  } catch (error) {
    ahead?.tree.close();
    throw error instanceof RsyncError ? spoken(error, ends.sender ? 'sender' : 'Receiver') : error;
  }
  const { child } = connection;
  const duplex =
    io.wiretap === undefined ? connection.duplex : watched(connection, ends.remote.kind, io.wiretap);
  const client = openEnd({
    io,
    duplex,
    options,
    kernel,
    server: false,
    sender: ends.sender,
    site,
    charset,
    ahead,
    recording,
  });
  end = client;
  if (connection.command !== undefined)
    tellOfCommand(client, ends.remote as RemoteHost, ends.remotePaths, connection.command);
  return attended([client], async () => {
    try {
      const greeting = await connection.greet?.(client);
      if (greeting === 'listed') return endOf(client);
      await runClientEnd(client, options, { ...ends, names }, filters, greeting ?? {});
      tellOfWait(client, child?.pid);
      await connection.finish?.(client);
      const remote = child === undefined ? 0 : await remoteExit(client, child);
      summarize(client, ends);
      const code = Math.max(remote, exitCodeOf(client));
      tellOfExit(client, code, remote);
      return { ...endOf(client), code };
    } catch (error) {
      throw await endAfterFailure(client, error, child);
    } finally {
      ahead?.tree.close();
      duplex.destroy();
    }
  });
}

/** The wire as it is when somebody watches it. */
function watched({ duplex, child, command = [] }: Connection, kind: string, wiretap: Wiretap): Duplex {
  const words = kind === 'shell' ? command.slice(command.indexOf('--server')) : [];
  try {
    return wiretap.watch(duplex, {
      kind: kind === 'shell' ? 'shell' : 'daemon',
      words,
      server: false,
      oneOfMany: false,
    });
  } catch (error) {
    duplex.destroy();
    child?.kill();
    throw error;
  }
}

/** A session that the user starts lives in the working directory. Without one nobody has a role yet, but a server. */
export function siteOf(host: Host, who: End['who'] = 'Receiver'): Site {
  try {
    return { cwd: host.workingDirectory(), moduleDir: '', module: undefined };
  } catch (error) {
    const reason = errnoText(error as NodeJS.ErrnoException);
    throw spoken(new RsyncError(ExitCode.FileSelect, noWorkingDirectory(reason), { cause: error }), who);
  }
}

/** Waits for the remote shell to end, unless it takes longer than --timeout or we are told to end before. */
async function remoteExit(end: End, child: ChildDuplex): Promise<number> {
  const ended = end.writer
    .end()
    .catch(() => {})
    .then(() => child.exit);
  const { signal } = end.setup.io;
  const exit = await end.timeout.bound(untilAborted(ended, signal));
  // What ended it may be the signal that is still to be told to us.
  if (exit.signal !== null)
    await untilAborted(new Promise((resolve) => setTimeout(resolve, signalMs)), signal);
  const failure = spawnFailure(child.program, exit);
  if (failure) throw failure;
  return exitCodeOfRemote(exit);
}
