/** Which side of a run each argument names, and whether the arguments go together (rsync's start_client()). */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Location, parseLocation } from './location.ts';
import type { Options } from './options.ts';

export const largestPort = 65_535;

/** How the other side is reached. */
export interface RemoteHost {
  readonly kind: 'shell' | 'daemon' | 'daemon-over-shell';
  readonly user: ByteString | undefined;
  readonly host: ByteString;
  /** Of a daemon: the URL's port, else --port, else undefined for the default. */
  readonly port: number | undefined;
}

export type Endpoints =
  /** `dest` is undefined for a listing. */
  | { readonly kind: 'local'; readonly sources: readonly ByteString[]; readonly dest: ByteString | undefined }
  /** We send. For a daemon a path begins with the module; for a shell '' is already `.`. */
  | {
      readonly kind: 'push';
      readonly remote: RemoteHost;
      readonly sources: readonly ByteString[];
      readonly dest: ByteString;
    }
  /** We receive; `dest` is undefined for a listing. */
  | {
      readonly kind: 'pull';
      readonly remote: RemoteHost;
      readonly sources: readonly ByteString[];
      readonly dest: ByteString | undefined;
    };

type Remote = Exclude<Location, { kind: 'local' }>;

function wrong(message: string | readonly string[]): RsyncError {
  return new RsyncError(ExitCode.Syntax, message);
}

/**
 * Sorts the arguments of a client's command line (at least one). Throws RsyncError (exit 1) in rsync's
 * words where they do not go together, or an option does not fit the way to the other side.
 */
export function parseEndpoints(options: Options, args: readonly ByteString[]): Endpoints {
  const overShell = options.rsh !== undefined;
  const first = parseLocation(args[0]!, overShell);
  const endpoints =
    first.kind === 'local'
      ? fromLocalSource(options, args, overShell)
      : fromRemoteSource(options, args, first, overShell);
  const remote = endpoints.kind === 'local' ? undefined : endpoints.remote;
  checkDaemonOptions(options, remote);
  if (remote !== undefined && remote.kind !== 'daemon' && remote.host.startsWith('-')) {
    throw wrong("Invalid remote host: hostnames may not start with '-'.");
  }
  return endpoints;
}

function fromRemoteSource(
  options: Options,
  args: readonly ByteString[],
  first: Remote,
  overShell: boolean,
): Endpoints {
  const last = args.at(-1)!;
  // A last argument `:path` is one more source: then there is no destination.
  const isListing = args.length === 1 || last.startsWith(':');
  if (!isListing && parseLocation(last).kind !== 'local') {
    throw wrong('The source and destination cannot both be remote.');
  }
  checkFilesFromHost(options, first);
  const sources = [remotePath(first)];
  for (const arg of args.slice(1, isListing ? undefined : -1)) {
    const next = parseLocation(arg, overShell);
    if (next.kind === 'local') {
      throw wrong([
        `Unexpected local arg: ${arg}`,
        'If arg is a remote file/dir, prefix it with a colon (:).',
      ]);
    }
    checkSameMachine(options, first, next);
    sources.push(remotePath(next));
  }
  return { kind: 'pull', remote: remoteHost(options, first), sources, dest: isListing ? undefined : last };
}

function fromLocalSource(options: Options, args: readonly ByteString[], overShell: boolean): Endpoints {
  const isListing = args.length === 1;
  let dest = isListing ? '.' : args.at(-1)!;
  if (dest === '') {
    if (options.oldArgs === 0) {
      throw wrong('Empty destination arg specified (use "." or see --old-args).');
    }
    dest = '.';
  }
  const to = parseLocation(dest, overShell);
  const sources = isListing ? args : args.slice(0, -1);
  if (to.kind !== 'local') checkFilesFromHost(options, to);
  else if (options.filesFromHost !== undefined) {
    throw wrong('--files-from cannot be remote when the transfer is local');
  }
  for (const [i, source] of sources.entries()) {
    if (source === '') throw wrong('Empty source arg specified.');
    if (i > 0 && parseLocation(source).kind !== 'local') throw wrong(`Unexpected remote arg: ${source}`);
  }
  if (to.kind === 'local') return { kind: 'local', sources, dest: isListing ? undefined : to.path };
  return { kind: 'push', remote: remoteHost(options, to), sources, dest: remotePath(to) };
}

/** `[USER@]HOST`, as arguments are compared. */
function machine(location: Remote): ByteString {
  return location.user === undefined ? location.host : `${location.user}@${location.host}`;
}

function portOf(options: Options, location: Remote): number | undefined {
  if (location.kind === 'shell') return undefined;
  const port = location.port ?? (options.port === 0 ? undefined : options.port);
  if (port !== undefined && port > largestPort) throw wrong(`There is no port ${port}.`);
  return port;
}

function remoteHost(options: Options, location: Remote): RemoteHost {
  const { kind, user, host } = location;
  return { kind, user, host, port: portOf(options, location) };
}

function remotePath(location: Remote): ByteString {
  return location.kind === 'shell' ? location.path || '.' : location.path;
}

function checkSameMachine(options: Options, first: Remote, next: Remote): void {
  if (machine(next) !== '' && machine(next) !== machine(first)) {
    throw wrong('All source args must come from the same machine.');
  }
  if ((first.kind === 'shell') !== (next.kind === 'shell')) {
    throw wrong('All source args must use the same hostspec format.');
  }
  if (next.kind !== 'shell' && next.port !== undefined && next.port !== portOf(options, first)) {
    throw wrong('All source args must use the same port number.');
  }
}

function checkFilesFromHost(options: Options, remote: Remote): void {
  const host = options.filesFromHost;
  if (host !== undefined && host !== '' && host !== machine(remote)) {
    throw wrong('--files-from hostname is not the same as the transfer hostname');
  }
}

/** --password-file is for daemons, --contimeout for those that are reached by a socket. */
function checkDaemonOptions(options: Options, remote: RemoteHost | undefined): void {
  if (remote?.kind === 'daemon') return;
  if (options.passwordFile !== '' && remote?.kind !== 'daemon-over-shell') {
    throw wrong('The --password-file option may only be used when accessing an rsync daemon.');
  }
  if (options.contimeout !== 0) {
    throw wrong('The --contimeout option may only be used when connecting to an rsync daemon.');
  }
}
