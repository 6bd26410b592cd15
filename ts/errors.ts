/**
 * Exit codes and the one error type that ends a run.
 *
 * A fatal condition is a thrown `RsyncError`; what goes wrong with a single file is recorded in the
 * session's `ioError` bits and the run goes on (rsync(1), EXIT VALUES).
 */

import type { Statistics } from './report/statistics.ts';

/** rsync's exit values; the names follow its manual. */
export const ExitCode = {
  Ok: 0,
  Syntax: 1,
  Protocol: 2,
  FileSelect: 3,
  Unsupported: 4,
  StartClient: 5,
  SocketIo: 10,
  FileIo: 11,
  StreamIo: 12,
  MessageIo: 13,
  Ipc: 14,
  Crashed: 15,
  Terminated: 16,
  Signal1: 19,
  Signal: 20,
  WaitChild: 21,
  Malloc: 22,
  Partial: 23,
  Vanished: 24,
  DeleteLimit: 25,
  Timeout: 30,
  ConnectTimeout: 35,
  CommandFailed: 124,
  CommandKilled: 125,
  CommandRun: 126,
  CommandNotFound: 127,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What rsync prints in brackets for each exit value ("rsync error: TEXT (code N)"). */
export const exitText: Readonly<Record<number, string>> = {
  [ExitCode.Syntax]: 'syntax or usage error',
  [ExitCode.Protocol]: 'protocol incompatibility',
  [ExitCode.FileSelect]: 'errors selecting input/output files, dirs',
  [ExitCode.Unsupported]: 'requested action not supported',
  [ExitCode.StartClient]: 'error starting client-server protocol',
  [ExitCode.SocketIo]: 'error in socket IO',
  [ExitCode.FileIo]: 'error in file IO',
  [ExitCode.StreamIo]: 'error in rsync protocol data stream',
  [ExitCode.MessageIo]: 'errors with program diagnostics',
  [ExitCode.Ipc]: 'error in IPC code',
  [ExitCode.Crashed]: 'sibling process crashed',
  [ExitCode.Terminated]: 'sibling process terminated abnormally',
  [ExitCode.Signal1]: 'received SIGUSR1',
  [ExitCode.Signal]: 'received SIGINT, SIGTERM, or SIGHUP',
  [ExitCode.WaitChild]: 'waitpid() failed',
  [ExitCode.Malloc]: 'error allocating core memory buffers',
  [ExitCode.Partial]: 'some files/attrs were not transferred (see previous errors)',
  [ExitCode.Vanished]: 'some files vanished before they could be transferred',
  [ExitCode.DeleteLimit]: 'the --max-delete limit stopped deletions',
  [ExitCode.Timeout]: 'timeout in data send/receive',
  [ExitCode.ConnectTimeout]: 'timeout waiting for daemon connection',
  [ExitCode.CommandFailed]: 'remote shell failed',
  [ExitCode.CommandKilled]: 'remote shell killed',
  [ExitCode.CommandRun]: 'remote command could not be run',
  [ExitCode.CommandNotFound]: 'remote command not found',
};

/** Bits of the per-run I/O error state, as they also travel on the wire (flist end, MSG_IO_ERROR). */
export const IoError = { General: 1, Vanished: 2, DeleteLimit: 4 } as const;

/**
 * Ends the run. `exitCode` is what the process exits with; `message` (a byte string, may be empty when the
 * reason was told already) is shown before the final line. A message of several lines is given as such: a
 * line end within a line is part of a name, and shown escaped. `told`: the peer ended the run or was told why,
 * so that everything has been shown, the final line too.
 */
export class RsyncError extends Error {
  override readonly name = 'RsyncError';
  readonly exitCode: ExitCode;
  readonly told: boolean;
  /** The wire ended: what ended it is for the other side to say. */
  readonly cutOff: boolean;
  /** What is shown, line by line; none where the reason was told already. */
  readonly lines: readonly string[];
  /** What the run had counted when it failed; set where the error leaves its session. */
  statistics: Readonly<Statistics> | undefined;
  /** The role that ended the run, as the final line names it; set where the error leaves its session. */
  who: string | undefined;
  /** What ended it first, where the other side's exit value took its place. */
  first: ExitCode | undefined;
  /** Of what went wrong while options were read: the log that was named by then, '' for none. */
  log: string | undefined;
  /** ... and the level of --debug=exit, where it is not that of all options. */
  exitLevel: number | undefined;
  constructor(
    exitCode: ExitCode,
    message: string | readonly string[],
    options?: { cause?: unknown; told?: boolean; cutOff?: boolean },
  ) {
    const lines = typeof message === 'string' ? [message] : message;
    super(lines.join('\n'), options);
    this.lines = lines.length === 1 && lines[0] === '' ? [] : lines;
    this.exitCode = exitCode;
    this.told = options?.told === true;
    this.cutOff = options?.cutOff === true;
  }
}

/** The peer broke the protocol: rsync's exit 2 or, for a broken stream, 12. */
export function protocolError(
  message: string | readonly string[],
  exitCode: ExitCode = ExitCode.Protocol,
): RsyncError {
  return new RsyncError(exitCode, message);
}

/** A name, or what a peer sends, is too long; rsync tells where in its source. `detail` is told before it. */
export function overflowError(who: string, what: string, ...detail: readonly string[]): RsyncError {
  return new RsyncError(ExitCode.Malloc, [
    ...detail,
    `[${who}] buffer overflow: ${what} (file=oc-rsync, line=0)`,
  ]);
}

/** A failed system call on one path. Kernels throw it; `errno` is positive. */
export class SysError extends Error {
  override readonly name = 'SysError';
  readonly errno: number;
  /** Symbolic name, such as `ENOENT`. */
  readonly code: string;
  readonly syscall: string;
  constructor(errno: number, code: string, syscall: string) {
    super(`${syscall}: ${code}`);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
  }
}
