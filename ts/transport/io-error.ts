import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { ExitCode, RsyncError } from '../errors.ts';

/** The C library's words where they differ from libuv's by more than a capital letter. */
const words: Readonly<Record<string, string>> = {
  EPIPE: 'Broken pipe',
  ECONNRESET: 'Connection reset by peer',
  ECONNREFUSED: 'Connection refused',
  ECONNABORTED: 'Software caused connection abort',
  EHOSTUNREACH: 'No route to host',
  EHOSTDOWN: 'Host is down',
  ENETUNREACH: 'Network is unreachable',
  ENETDOWN: 'Network is down',
  ETIMEDOUT: 'Connection timed out',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EADDRINUSE: 'Address already in use',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  ENOTDIR: 'Not a directory',
  ENOEXEC: 'Exec format error',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  EIO: 'Input/output error',
  ENOSPC: 'No space left on device',
};

/** A failed call as rsync words it: `Broken pipe (32)`. */
export function errnoText(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  const known = (constants.errno as Readonly<Record<string, number>>)[code];
  const errno = known ?? Math.abs(error.errno ?? 0);
  const text = words[code] ?? getSystemErrorMap().get(-errno)?.[1] ?? error.message;
  return `${text[0].toUpperCase()}${text.slice(1)} (${errno})`;
}

/** A wire that broke under a read or a write: exit 10, `write error: Broken pipe (32)`. */
export function wireError(call: 'read' | 'write', error: NodeJS.ErrnoException): RsyncError {
  if (error instanceof RsyncError) return error;
  return new RsyncError(ExitCode.SocketIo, `${call} error: ${errnoText(error)}`, { cause: error });
}

/** What a write fails with that nobody can read any more. */
export function brokenPipe(): NodeJS.ErrnoException {
  return Object.assign(new Error('EPIPE'), { code: 'EPIPE' });
}
