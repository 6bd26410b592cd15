import type { Duplex } from './duplex.ts';

export interface TcpTarget {
  readonly host: string;
  /** 0 is rsync's own, 873. */
  readonly port: number;
  /** --contimeout in seconds; 0 waits for ever. */
  readonly connectTimeout: number;
  /** -4 or -6. */
  readonly family?: 4 | 6;
  /** --address. */
  readonly bindAddress?: string;
  /** --sockopts is not understood here; RSYNC_PROXY and RSYNC_CONNECT_PROG are read from this. */
  readonly env: NodeJS.ProcessEnv;
  /** Standard error of RSYNC_CONNECT_PROG. */
  onStderr?(chunk: Buffer): void;
}

/**
 * Connects to a daemon: directly, through RSYNC_PROXY (HTTP CONNECT), or by the program that
 * RSYNC_CONNECT_PROG names. Throws exit 10 when no address answers, 35 when --contimeout ran out.
 */
export async function connectDaemon(target: TcpTarget): Promise<Duplex> {
  throw new Error(`not yet ${target.host}`);
}
