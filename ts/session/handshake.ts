import type { Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** The two directions of a connection, decoded. */
export interface Wire {
  readonly reader: Reader;
  readonly writer: Writer;
}

export interface HandshakeSetup {
  readonly amServer: boolean;
  readonly amSender: boolean;
  readonly options: Options;
  readonly kernel: Pick<Kernel, 'digests' | 'compressions' | 'can'>;
  /** What the server's -e option says: a pre-release protocol and the client's capability letters. */
  readonly clientInfo: string;
  /** Set when a daemon greeting has settled the versions already. */
  readonly remoteProtocol?: number;
  /** Our protocol after the daemon greeting (a pre-release peer lowers it); else `options.protocol`. */
  readonly protocol?: number;
  readonly isDaemon?: boolean;
  /** Both ends are in this process. */
  readonly localServer?: boolean;
  /** A batch is read back (nothing is sent) or recorded (old-style choices only). */
  readonly batch?: 'read' | 'write';
  /** `RSYNC_CHECKSUM_LIST`, `RSYNC_COMPRESS_LIST`. */
  readonly env: NodeJS.ProcessEnv;
  /** Lines for the user that are no errors (old peer, --debug=proto and nstr). */
  notice?(line: string): void;
}

/**
 * rsync's setup_protocol: versions, compat flags, checksum and compression names, seed. Nothing of it is
 * multiplexed. Afterwards the caller starts multiplexing: the server its output at protocol 23 and up
 * at once and its input from protocol 30 on; the client its input at once and its output from 30 on.
 */
export async function handshake(wire: Wire, setup: HandshakeSetup): Promise<Negotiated> {
  throw new Error(`not yet ${wire} ${setup}`);
}
