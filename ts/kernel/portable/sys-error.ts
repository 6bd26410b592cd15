import { constants } from 'node:os';
import { SysError } from '../../errors.ts';

let codes: Map<number, string> | undefined;

/** The first name that the system has for an errno. */
function codeOf(errno: number): string | undefined {
  codes ??= new Map(
    Object.entries(constants.errno)
      .map(([code, number]) => [number, code] as const)
      .reverse(),
  );
  return codes.get(errno);
}

/** A `SysError` for a symbolic errno such as `EXDEV`. */
export function sysError(code: keyof typeof constants.errno, syscall: string): SysError {
  return new SysError(constants.errno[code], code, syscall);
}

/** What Node threw, as a `SysError`; anything that is no failed system call is thrown on as it is. */
export function asSysError(error: unknown, syscall: string): SysError {
  if (error instanceof SysError) return error;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'ERR_INVALID_ARG_VALUE') return sysError('EINVAL', syscall);
  if (typeof errno !== 'number') throw error;
  const positive = Math.abs(errno);
  return new SysError(positive, codeOf(positive) ?? String(code), syscall);
}

/** Runs one system call; its failure becomes a `SysError` that names `syscall`. */
export function attempt<T>(syscall: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asSysError(error, syscall);
  }
}

/** 0, or the errno that the system call failed with. */
export function errnoOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    return asSysError(error, '').errno;
  }
}
