/** What callers give to a server and get of it. */
import type { ModuleParameters, ServerParameters } from './parameters.ts';

/** What a server is given besides its modules. */
export interface ListenOptions {
  /** The port to listen on, 0 for any that is free; what the configuration says, or 873, unless given. */
  readonly port?: number | undefined;
  /** The address to listen on; what the configuration says, or all of the machine, unless given. */
  readonly address?: string | undefined;
  /** Ends the server, and the connections that it has. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what the server logs, but for what goes to a `log file` of the configuration. One that throws, or rejects, ends the server. */
  readonly onLog?: ((line: ServerLogLine) => void) | undefined;
  /** The environment, also of programs that are started; the process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Modules of a configuration file. */
export interface ConfiguredModules {
  /** The path of a file as rsyncd.conf. It is read anew for each client. */
  readonly config: string | Uint8Array;
}

/** Modules that are given. */
export interface ServedModules {
  /** By their names, each with the parameters of rsyncd.conf. */
  readonly modules: Readonly<Record<string, ServedModule>>;
  /** Parameters of the server as a whole, and what modules have that do not say otherwise. */
  readonly parameters?: (ServerParameters & ModuleParameters) | undefined;
}

/** A module: a directory, and who may do what in it. Clients can only read it unless `readOnly` is false. */
export interface ServedModule extends ModuleParameters {
  /** Relative to the process's directory, unless it begins with `/` or `%NAME%`. */
  readonly path: string | Uint8Array;
}

/** What `serve` is given. */
export type ServeOptions = ListenOptions & (ConfiguredModules | ServedModules);

/** A line that the server logs. */
export interface ServerLogLine {
  /** What is not UTF-8 is U+FFFD. */
  readonly text: string;
  /** The process that says it: each connection has one of its own. */
  readonly pid: number;
}

/** A server that listens. */
export interface RsyncServer {
  /** The port it listens on. */
  readonly port: number;
  /** The address it listens on; `::` or `0.0.0.0` where that are all. */
  readonly address: string;
  /**
   * Lets nobody in any more, and settles when all connections are over and no process is left. `end` ends them instead of
   * waiting for them, also when it was closed before.
   */
  close(how?: { readonly connections?: 'wait' | 'end' | undefined }): Promise<void>;
  /** Settles when it is closed, by whatever; rejects with an `RsyncError` where a signal or a listener's throw has ended it. */
  readonly closed: Promise<void>;
}
