import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { Wire } from './handshake.ts';

export interface DaemonRequest {
  /** Module name as the user gave it; '' asks for the list of modules. */
  readonly module: ByteString;
  /** From `user@host`; undefined takes USER, LOGNAME, nobody. */
  readonly user: ByteString | undefined;
  readonly options: Options;
  /**
   * Arguments of the server, first option to last path. Made after the greeting because they depend on
   * the protocol; see `daemonPaths`.
   */
  serverArgs(protocol: number): readonly ByteString[];
  /** --secluded-args: what follows the first list, after the same fashion as for a remote shell. */
  protectedArgs?(protocol: number): readonly ByteString[];
  /** A line of the message of the day or of the module list. */
  onLine(line: ByteString): void;
  readonly env: NodeJS.ProcessEnv;
  /** Asks the user for a password; undefined when there is nobody to ask. */
  askPassword?(prompt: string): Promise<ByteString | undefined>;
}

/** `listed`: the daemon has said all it had to say and the run is over with exit 0. */
export type DaemonOutcome =
  | { readonly kind: 'ready'; readonly protocol: number; readonly remoteProtocol: number }
  | { readonly kind: 'listed' };

/**
 * The client's half of the daemon dialogue, over TCP or over a remote shell that runs
 * `rsync --server --daemon .`: greeting, module, authentication, arguments. Afterwards comes
 * `handshake` with the protocols given back. Throws exit 5 where the daemon refuses.
 */
export async function daemonExchange(wire: Wire, request: DaemonRequest): Promise<DaemonOutcome> {
  throw new Error(`not yet ${wire} ${request}`);
}

/** Path arguments for a daemon: the bare module gets a slash, others are kept from being split or misread. */
export function daemonPaths(
  paths: readonly ByteString[],
  module: ByteString,
  oldArgs: boolean,
): ByteString[] {
  throw new Error(`not yet ${paths} ${module} ${oldArgs}`);
}
