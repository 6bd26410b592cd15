import { ExitCode, RsyncError } from '../errors.ts';
import type { Kernel } from './kernel.ts';

/** By which system calls a wire that is lent to a job is read and written (docs/io.md). */
export type IoPath = 'plain' | 'uring' | 'splice';

const paths: readonly string[] = ['plain', 'uring', 'splice'] satisfies IoPath[];

/** What a path needs of the kernel. */
const needs: Readonly<Record<IoPath, string | undefined>> = {
  plain: undefined,
  uring: 'io_uring',
  splice: 'splice',
};

/** The path that OC_RSYNC_IO forces. */
export function forcedIoPath(value: string | undefined): IoPath | undefined {
  if (!value) return undefined;
  if (paths.includes(value)) return value as IoPath;
  throw new RsyncError(ExitCode.Syntax, `OC_RSYNC_IO must be "uring", "splice" or "plain", not "${value}"`);
}

/** Throws where `kernel` has no such path: another is never taken in silence. */
export function requireIoPath(kernel: Kernel, path: IoPath | undefined): void {
  const needed = path === undefined ? undefined : needs[path];
  if (needed === undefined) return;
  const { name, features } = kernel.report();
  if (features.includes(needed)) return;
  const why = name === 'portable' ? 'the portable kernel has no' : 'this system does not offer';
  throw new RsyncError(ExitCode.Unsupported, `OC_RSYNC_IO=${path} was asked for, and ${why} ${needed}`);
}
