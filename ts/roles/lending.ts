import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';

/** How long a job keeps a wire that was lent to it, before timeouts, progress and signals are looked at. */
export const lendMs = 400;
/** A smaller file is not worth a wire of its own. */
export const worthLending = 1024 * 1024;

/** The wire broke under a job, as it would have under a read or write of the event loop. */
export function wireFailure(call: 'read' | 'write', errno: number): RsyncError {
  return new RsyncError(ExitCode.SocketIo, `${call} error: ${errnoText(errno)} (${errno})`, {
    cause: errno,
  });
}
