/** What callers give to a run and get of it. */
import type { RsyncError } from './error.ts';
import type { DeleteEvent, FileKind, ItemEvent, ListEntry, Name, SyncEvent, SyncFailure } from './events.ts';
import type { OptionText, RsyncOptions } from './options.ts';
import type { SyncStatistics } from './statistics.ts';

/** Chooses entries: `true` takes one part, and `false` leaves it out with all that lies in it. */
export type EntryFilter = (entry: ListEntry) => boolean;

/** What a run is given besides rsync's options. */
export interface RunOptions extends Omit<RsyncOptions, 'filter'> {
  /**
   * `--filter=RULE`, `-f`: filter rules; or a function that is asked, at once, about each entry that is found in the
   * sources and that rules let pass. What it leaves out is not deleted at the destination, and what the destination alone has
   * is deleted where it says `true`. One that throws ends the run as `signal` does.
   */
  readonly filter?: OptionText | readonly OptionText[] | EntryFilter | undefined;
  /** Options as on a command line, behind the others. */
  readonly args?: readonly (string | Uint8Array)[] | undefined;
  /** Ends the run: it leaves nothing half done, and rejects with `ERR_RSYNC_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Hears of all that happens, as it happens. One that throws ends the run as `signal` does, and so does one whose promise
   * rejects, which is not waited for.
   */
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** The environment, also of programs that are started; the process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What relative names are relative to; the process's own directory unless given. */
  readonly cwd?: string | Uint8Array | undefined;
  /**
   * Makes the way to another host, in place of the remote shell or the daemon's socket. What it gives belongs to the run,
   * which ends it, or destroys it where the run fails or is aborted.
   */
  readonly connect?: ((request: ConnectRequest) => DuplexStream | Promise<DuplexStream>) | undefined;
  /**
   * Asked for the password of a daemon's user where neither `passwordFile` nor RSYNC_PASSWORD has one; undefined for none.
   * One that throws ends the run as `signal` does.
   */
  readonly prompt?: ((question: string) => string | undefined | Promise<string | undefined>) | undefined;
  /** A failed run rejects; see `SettlingOptions`. */
  readonly reject?: true | undefined;
}

/** Options of a run that resolves whatever comes of it. */
export interface SettlingOptions extends Omit<RunOptions, 'reject'> {
  /** A failed run does not reject: its result has the `error`. */
  readonly reject: false;
}

/** How a run ended that resolves whatever comes of it: `error` tells which of both. */
export type SettledRun = DoneRun | BrokenRun;

/** A run that did all it was asked for. */
export interface DoneRun {
  /** 24: sources vanished while it was under way, all else was done. */
  readonly exitCode: 0 | 24;
  /** What vanished; the first 10,000 of them. */
  readonly failures: readonly SyncFailure[];
  readonly stats: SyncStatistics;
  readonly error: undefined;
}

/** A run that failed. */
export interface BrokenRun {
  /** rsync's exit value. */
  readonly exitCode: number;
  /** What could not be dealt with, and what vanished; the first 10,000 of them. */
  readonly failures: readonly SyncFailure[];
  /** Undefined where no run began. */
  readonly stats: SyncStatistics | undefined;
  /** What the run would have rejected with. */
  readonly error: RsyncError;
}

/** A result with `reject: false`; of a run that failed it holds what came until then. */
export type Settled<Result> = Omit<Result, keyof SettledRun> & SettledRun;

/** What `connect` is to reach. */
export type ConnectRequest = ConnectServer | ConnectDaemon;

/** An rsync that is started at the other end, for `host:path`. */
export interface ConnectServer {
  readonly kind: 'server';
  readonly host: string;
  /** As in `user@host:path`. */
  readonly user?: string;
  /** The program and its arguments, where they are not read by a shell (`spawn`, `docker exec`). Nothing expands a `*`. */
  readonly command: readonly string[];
  /** The same as one line for a POSIX shell, as ssh sends it: there a `*` in a path is expanded. */
  readonly commandLine: string;
}

/** A daemon that is connected to, for `host::module` and `rsync://host/module`. */
export interface ConnectDaemon {
  readonly kind: 'daemon';
  readonly host: string;
  readonly port: number;
}

/** What of a stream a run needs: each `Duplex` of Node's has it. It must not be in object mode. */
export interface DuplexStream {
  read(size?: number): unknown;
  write(chunk: Uint8Array, callback?: (error?: Error | null) => void): boolean;
  end(callback?: () => void): unknown;
  destroy(error?: Error): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** A path, or `[USER@]HOST:PATH` and the like, as on rsync's command line; bytes where it is not UTF-8. */
export type Location = string | Uint8Array;

/** A run that goes on: `await` it for its end, `for await` it for its events. */
export interface Run<Result> extends Promise<Result>, AsyncIterable<SyncEvent> {
  /**
   * The events from the first on. To be asked for at once, before anything is awaited: a run to which nobody listens
   * makes none. A failed run throws its error behind the last event.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<SyncEvent>;
}

/** How a run ended that succeeded. */
export interface SyncResult {
  /** 24: sources vanished while it was under way, all else was done. */
  readonly exitCode: 0 | 24;
  /** Those sources; the first 10,000 of them. */
  readonly vanished: readonly SyncFailure[];
  readonly stats: SyncStatistics;
}

/** What a source holds. */
export interface ListResult {
  readonly entries: readonly ListEntry[];
  /** What went while it was listed. */
  readonly vanished: readonly SyncFailure[];
  readonly stats: SyncStatistics;
}

/** What a run would change. */
export interface Plan {
  /** In the order in which they would be made. */
  readonly changes: readonly (ItemEvent | DeleteEvent)[];
  readonly vanished: readonly SyncFailure[];
  readonly stats: SyncStatistics;
  /** Makes the changes, with the options that were planned with; a signal and a listener are given anew. */
  apply(options?: Pick<RunOptions, 'signal' | 'onEvent'>): Run<SyncResult>;
}

/** How two trees differ in one name. */
export interface Difference extends Name {
  readonly kind: FileKind;
  /**
   * `missing` or `extra` at the destination; other `content`; the same content and other `attributes`, where options ask for
   * those.
   */
  readonly difference: 'missing' | 'extra' | 'content' | 'attributes';
}

/** Whether two trees hold the same. */
export interface Verification {
  readonly equal: boolean;
  readonly differences: readonly Difference[];
  /** What went while it was compared; then `equal` is false. */
  readonly vanished: readonly SyncFailure[];
  readonly stats: SyncStatistics;
}
