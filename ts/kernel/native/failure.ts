import { constants } from 'node:os';
import type { StreamFailure } from '../../../native/addon.d.ts';
import { ExitCode, protocolError, RsyncError, SysError } from '../../errors.ts';

/** Makes the errors of a native kernel from what its calls give back. The only place that does. */
export interface Failures {
  /** `code` is errno | syscall << 16. */
  sys(code: number): SysError;
  /** Throws where a call that carries nothing did not give 0; exit 20 where its tree was interrupted. */
  check(code: number): void;
  /** Passes on what is no failure number. */
  need<T extends object>(result: T | number): T;
  /** What a job that stopped says of the peer's stream. */
  stream(failure: StreamFailure | null): RsyncError;
}

/** `syscalls` are the addon's names of system calls, by number. */
export function createFailures(syscalls: readonly string[]): Failures {
  const codes = new Map<number, string>();
  for (const [code, errno] of Object.entries(constants.errno)) if (!codes.has(errno)) codes.set(errno, code);

  const sys = (code: number): SysError => {
    const errno = code & 0xffff;
    return new SysError(errno, codes.get(errno) ?? `E${errno}`, syscalls[code >>> 16] ?? '');
  };
  return {
    sys,
    check(code) {
      if ((code & 0xffff) === constants.errno.ECANCELED) throw new RsyncError(ExitCode.Signal, '');
      if (code !== 0) throw sys(code);
    },
    need(result) {
      if (typeof result === 'number') throw sys(result);
      return result;
    },
    stream(failure) {
      if (failure === null) return protocolError('the job has ended');
      return protocolError(failure.message, failure.exit as ExitCode);
    },
  };
}
