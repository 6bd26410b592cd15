/** The library: rsync in a process of yours. */

export { RsyncError } from './library/error.ts';
export type {
  DeleteEvent,
  EndEvent,
  FailureEvent,
  FileKind,
  ItemEvent,
  ListEntry,
  ListEvent,
  MessageEvent,
  Name,
  ProgressEvent,
  ScanEvent,
  StartEvent,
  SyncEvent,
  SyncFailure,
} from './library/events.ts';
export { list } from './library/list.ts';
export type { OptionText, RsyncOptions } from './library/options.ts';
export type { ModuleParameters, ServerParameters } from './library/parameters.ts';
export { plan } from './library/plan.ts';
export type {
  BrokenRun,
  ConnectDaemon,
  ConnectRequest,
  ConnectServer,
  Difference,
  DoneRun,
  DuplexStream,
  EntryFilter,
  ListResult,
  Location,
  Plan,
  Run,
  RunOptions,
  Settled,
  SettledRun,
  SettlingOptions,
  SyncResult,
  Verification,
} from './library/run-options.ts';
export { serve } from './library/serve.ts';
export type {
  ConfiguredModules,
  ListenOptions,
  RsyncServer,
  ServedModule,
  ServedModules,
  ServeOptions,
  ServerLogLine,
} from './library/serve-options.ts';
export type { SyncStatistics } from './library/statistics.ts';
export { sync } from './library/sync.ts';
export { verify } from './library/verify.ts';
