/** What happens in a run, as a library's callers hear of it. */
import type { SyncStatistics } from './statistics.ts';

/** A name as it is told: text, and its bytes where those are no UTF-8. */
export interface Name {
  /** What of it is not UTF-8 is U+FFFD here. */
  readonly path: string;
  /** Its bytes, where `path` does not tell them. */
  readonly pathBytes?: Uint8Array;
}

/** Types of files. */
export type FileKind = 'file' | 'directory' | 'symlink' | 'device' | 'special';

/** The run begins: nothing has been read or changed. */
export interface StartEvent {
  readonly type: 'start';
  /** As they were given; what is not UTF-8 is U+FFFD. */
  readonly sources: readonly string[];
  /** undefined: the sources are listed. */
  readonly destination?: string;
  /** Nothing is changed (--dry-run). */
  readonly dryRun: boolean;
}

/** How much the file list holds so far. */
export interface ScanEvent {
  readonly type: 'scan';
  /** Entries of all types. */
  readonly files: number;
  /** Of regular files and symbolic links. */
  readonly bytes: number;
  /** The list is complete. */
  readonly done: boolean;
}

/** An item is done with: it was changed or transferred, or would be. */
export interface ItemEvent extends ListEntry {
  readonly type: 'item';
  /** What changed, in rsync's eleven letters (%i): `>f.st......`. */
  readonly change: string;
  /** Its content was transferred. */
  readonly transferred: boolean;
  /** It was not there before. */
  readonly created: boolean;
  /** The name that a hard link was made from. */
  readonly hardLinkTo?: string;
}

/** An entry is listed: nothing is transferred (--list-only). */
export interface ListEvent extends ListEntry {
  readonly type: 'list';
}

/** What a list tells of an entry. */
export interface ListEntry extends Name {
  readonly kind: FileKind;
  /** Bytes of a regular file or symbolic link. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  readonly mode: number;
  /** Of a symbolic link. */
  readonly linkTarget?: string;
}

/** Something was deleted at the destination, or would be. */
export interface DeleteEvent extends Name {
  readonly type: 'delete';
  /** Of the types directories alone are certain. */
  readonly kind: FileKind;
}

/** How far the run is: at most ten a second, and one when all is through. */
export interface ProgressEvent extends Name {
  readonly type: 'progress';
  /** Of the file at hand: bytes done, and all of them. */
  readonly position: number;
  readonly size: number;
  /** Files that were transferred until now, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Bytes of all files known so far, also of those that need no transfer; `scanned`: more will not come. */
  readonly totalBytes: number;
  readonly scanned: boolean;
}

/** Something was said in words: ours, or the other side's. */
export interface MessageEvent {
  readonly type: 'message';
  /** Where rsync writes it: `info` to standard output, `error` (warnings too) to standard error. */
  readonly level: 'info' | 'error';
  /** A line without its end. */
  readonly text: string;
}

/** A file that could not be dealt with. */
export interface SyncFailure extends Name {
  /** `Permission denied`, and the like; `vanished`: the source went while the run was under way. */
  readonly reason: string;
  /** Of the system call that failed. */
  readonly errno?: number;
}

/** A file could not be dealt with; the run goes on. */
export interface FailureEvent extends SyncFailure {
  readonly type: 'failure';
}

/** The run is over: always the last event. */
export interface EndEvent {
  readonly type: 'end';
  readonly exitCode: number;
  /** Undefined where no run began. */
  readonly stats?: SyncStatistics;
}

/** All that happens in a run. */
export type SyncEvent =
  | StartEvent
  | ScanEvent
  | ItemEvent
  | ListEvent
  | DeleteEvent
  | ProgressEvent
  | MessageEvent
  | FailureEvent
  | EndEvent;
