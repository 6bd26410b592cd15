import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { errnoText as systemText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';

/** A failed call as rsync words it: `Broken pipe (32)`. */
export function errnoText(error: NodeJS.ErrnoException): string {
  const known = (constants.errno as Readonly<Record<string, number>>)[error.code ?? ''];
  const errno = known ?? Math.abs(error.errno ?? 0);
  const said = known === undefined ? getSystemErrorMap().get(-errno)?.[1] : systemText(errno);
  const text = said ?? error.message;
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
