import type { RsyncError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { ChildDuplex, ChildExit } from './duplex.ts';

export interface RemoteShellOptions {
  /** The child's stderr, as it arrives. */
  onStderr(chunk: Buffer): void;
  /** --blocking-io: the child's stdout is a blocking descriptor. */
  readonly blockingIo?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a remote shell and connects to its stdin and stdout. Never throws because the program is
 * missing: the streams end and `exit` tells (`exitCodeOfRemote`, `spawnFailure`).
 */
export function spawnRemoteShell(
  kernel: Kernel,
  argv: readonly ByteString[],
  options: RemoteShellOptions,
): ChildDuplex {
  throw new Error(`not yet ${kernel.name} ${argv} ${options}`);
}

/** The error of a program that could not be started: exit 14, `Failed to exec ssh: … (2)`. */
export function spawnFailure(program: ByteString, exit: ChildExit): RsyncError | undefined {
  throw new Error(`not yet ${program} ${exit}`);
}

/** The exit value that a remote shell's end stands for; a run exits with the larger of it and its own. */
export function exitCodeOfRemote(exit: ChildExit): number {
  throw new Error(`not yet ${exit}`);
}
