import type { ByteString } from '../kernel/kernel.ts';
import { parseEndpoints, type RemoteHost } from '../options/endpoints.ts';
import type { Options } from '../options/options.ts';

/** A run's two ends as the client's session works with them. */
export interface Endpoints {
  /** We send. */
  readonly sender: boolean;
  /** The other host; undefined when both ends are here. */
  readonly remote: RemoteHost | undefined;
  /** Our sources, when we send. */
  readonly sources: readonly ByteString[];
  /** Where we receive to; undefined lists only. */
  readonly destination: ByteString | undefined;
  /** Paths for the other end: its sources, or its destination. */
  readonly remotePaths: readonly ByteString[];
  /** All arguments, as they were given. */
  readonly args: readonly ByteString[];
  /** Milliseconds, for the rate at the end. */
  readonly startedAt: number;
}

/** The arguments of a client, sorted; throws exit 1 with rsync's complaints. */
export function findEndpoints(options: Options, args: readonly ByteString[], startedAt: number): Endpoints {
  const ends = parseEndpoints(options, args);
  if (ends.kind === 'pull')
    return {
      sender: false,
      remote: ends.remote,
      sources: [],
      destination: ends.dest,
      remotePaths: ends.sources,
      args,
      startedAt,
    };
  return {
    sender: true,
    remote: ends.kind === 'push' ? ends.remote : undefined,
    sources: ends.sources,
    destination: undefined,
    remotePaths: [ends.dest ?? '.'],
    args,
    startedAt,
  };
}

/** A daemon's module: the first component of what is asked of it; '' lists the modules. */
export function moduleOf(ends: Endpoints): ByteString {
  const path = ends.remotePaths[0];
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}
