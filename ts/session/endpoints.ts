import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Location, parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';

/** Who sends what to whom, from the arguments of the command line. */
export interface Endpoints {
  readonly kind: 'local' | 'shell' | 'daemon' | 'daemon-over-shell';
  /** We send. */
  readonly sender: boolean;
  readonly host: ByteString;
  readonly user: ByteString | undefined;
  readonly port: number | undefined;
  /** Daemon: the module's name. */
  readonly module: ByteString;
  /** Our own paths: the sources when we send. */
  readonly paths: readonly ByteString[];
  /** Where we receive to; undefined lists only. */
  readonly destination: ByteString | undefined;
  /** Paths for the remote side: its sources, or its destination. */
  readonly remotePaths: readonly ByteString[];
  /** What is asked of a remote sender, for checking what it sends. */
  readonly requested: readonly { readonly path: ByteString; readonly daemon: boolean }[];
  readonly startedAt: number;
}

function wrongUse(text: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, text);
}

/** rsync's start_client up to the connection: sorts the arguments, with its complaints. */
export function findEndpoints(options: Options, args: readonly ByteString[]): Endpoints {
  const overShell = options.rsh !== '';
  const first = parseLocation(args[0], overShell);
  const found =
    first.kind === 'local' ? pushing(options, args, overShell) : pulling(options, args, first, overShell);
  if (found.kind !== 'daemon' && found.kind !== 'daemon-over-shell' && options.passwordFile !== '')
    throw wrongUse('The --password-file option may only be used when accessing an rsync daemon.');
  if (found.kind !== 'daemon' && options.contimeout > 0)
    throw wrongUse('The --contimeout option may only be used when connecting to an rsync daemon.');
  if (found.kind !== 'local' && found.host.startsWith('-'))
    throw wrongUse("Invalid remote host: hostnames may not start with '-'.");
  return found;
}

function pushing(options: Options, args: readonly ByteString[], overShell: boolean): Endpoints {
  const startedAt = Date.now();
  const last = args.length > 1 ? args[args.length - 1] : '.';
  const sources = args.length > 1 ? args.slice(0, -1) : args;
  const target = parseLocation(last === '' ? '.' : last, overShell);
  checkFilesFromHost(options, target);
  for (const source of sources) {
    if (source === '') throw wrongUse('Empty source arg specified.');
    if (source !== sources[0] && parseLocation(source, overShell).kind !== 'local')
      throw wrongUse(`Unexpected remote arg: ${source}`);
  }
  const common = { sender: true, paths: sources, requested: [], startedAt };
  if (target.kind === 'local')
    return {
      ...common,
      kind: 'local',
      host: '',
      user: undefined,
      port: undefined,
      module: '',
      destination: args.length > 1 ? target.path : undefined,
      remotePaths: [target.path],
    };
  return {
    ...common,
    kind: target.kind,
    host: target.host,
    user: target.user,
    port: target.kind === 'shell' ? undefined : target.port,
    module: target.kind === 'shell' ? '' : target.module,
    destination: undefined,
    remotePaths: [target.kind === 'shell' && target.path === '' ? '.' : target.path],
  };
}

function pulling(
  options: Options,
  args: readonly ByteString[],
  first: Exclude<Location, { kind: 'local' }>,
  overShell: boolean,
): Endpoints {
  const startedAt = Date.now();
  checkFilesFromHost(options, first);
  const last = args[args.length - 1];
  const listsOnly = args.length === 1 || last.startsWith(':');
  if (!listsOnly && parseLocation(last, overShell).kind !== 'local')
    throw wrongUse('The source and destination cannot both be remote.');
  const sources = listsOnly ? args : args.slice(0, -1);
  const paths = sources.map((source, k) => {
    if (k === 0) return first.path;
    const location = parseLocation(source, overShell);
    if (location.kind === 'local')
      throw wrongUse(
        `Unexpected local arg: ${source}\nIf arg is a remote file/dir, prefix it with a colon (:).`,
      );
    if (location.host !== '' && location.host !== first.host)
      throw wrongUse('All source args must come from the same machine.');
    if (location.kind !== first.kind) throw wrongUse('All source args must use the same hostspec format.');
    if (
      location.kind !== 'shell' &&
      first.kind !== 'shell' &&
      location.host !== '' &&
      location.port !== first.port
    )
      throw wrongUse('All source args must use the same port number.');
    return location.path;
  });
  const daemon = first.kind !== 'shell';
  const remotePaths = daemon ? paths : paths.map((path) => (path === '' ? '.' : path));
  return {
    kind: first.kind,
    sender: false,
    host: first.host,
    user: first.user,
    port: daemon ? first.port : undefined,
    module: daemon ? first.module : '',
    paths: [],
    destination: listsOnly ? undefined : last,
    remotePaths,
    requested: remotePaths.map((path) => ({ path, daemon })),
    startedAt,
  };
}

function checkFilesFromHost(options: Options, location: Location): void {
  if (options.filesFromHost === undefined) return;
  if (location.kind === 'local') throw wrongUse('--files-from cannot be remote when the transfer is local');
  if (options.filesFromHost !== '' && options.filesFromHost !== location.host)
    throw wrongUse('--files-from hostname is not the same as the transfer hostname');
}
