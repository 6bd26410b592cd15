import type { IdNames } from '../flist/id-names.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { SessionIo } from '../session/index.ts';
import type { DaemonOptions } from './arguments.ts';
import type { Config } from './config/config.ts';
import type { DaemonLog } from './log.ts';
import type { Visit } from './visit.ts';

/** What all parts of a connection go by. */
export interface Daemon {
  readonly io: SessionIo;
  readonly options: DaemonOptions;
  readonly config: Config;
  readonly kernel: Kernel;
  readonly names: IdNames;
  readonly log: DaemonLog;
  /** Clients reach it by a socket; else a remote shell has started it for one of them. */
  readonly hasSocket: boolean;
  /** Filled in on the way. */
  readonly visit: Visit;
}

/** A client, before it has said anything. */
export interface Client {
  readonly address: ByteString;
  /** Its name, or what stands for one. */
  readonly host: ByteString;
}
