/** What callers give to a run and get of it. */
import type { DeleteEvent, FileKind, ItemEvent, ListEntry, Name, SyncEvent, SyncFailure } from './events.ts';
import type { RsyncOptions } from './options.ts';
import type { SyncStatistics } from './statistics.ts';

/** What a run is given besides rsync's options. */
export interface RunOptions extends RsyncOptions {
  /** Options as on a command line, behind the others. */
  readonly args?: readonly (string | Uint8Array)[];
  /** Ends the run: it leaves nothing half done, and rejects with `ERR_RSYNC_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Hears of all that happens, as it happens. One that throws ends the run as `signal` does. */
  readonly onEvent?: (event: SyncEvent) => void;
  /** The environment, also of programs that are started; the process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What relative names are relative to; the process's own directory unless given. */
  readonly cwd?: string | Uint8Array;
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
