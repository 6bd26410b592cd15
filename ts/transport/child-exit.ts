import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { ChildExit } from './duplex.ts';
import { errnoText } from './io-error.ts';

/** The error of a program that could not be started: exit 14, `Failed to exec ssh: … (2)`. */
export function spawnFailure(program: ByteString, exit: ChildExit): RsyncError | undefined {
  if (!exit.spawnError) return undefined;
  return new RsyncError(ExitCode.Ipc, `Failed to exec ${program}: ${errnoText(exit.spawnError)}`, {
    cause: exit.spawnError,
  });
}

/**
 * The exit value that a remote shell's end stands for; a run exits with the larger of it and its own.
 * The shell's own value is passed on as it stands: 255 when ssh failed, 127 and 126 when the remote
 * command was missing or could not be run, else what the remote rsync exited with. A shell that was
 * killed counts as `Terminated`; one that was never started as `Ipc`.
 *
 * `orderly` is rsync's wait at the end of a run. In a run that already failed rsync looks at the low
 * byte of the status alone, where a killed shell counts as nothing.
 */
export function exitCodeOfRemote(exit: ChildExit, orderly = true): number {
  if (exit.spawnError) return ExitCode.Ipc;
  if (exit.code !== null) return exit.code;
  return orderly ? ExitCode.Terminated : 0;
}
