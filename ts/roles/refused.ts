import type { ByteString } from '../kernel/kernel.ts';
import * as text from '../report/messages.ts';
import type { RoleContext } from './context.ts';

/** Says that a link of others was not followed, where that is why `path` could not be reached; gives the errno back. */
export function tellIfRefused(ctx: RoleContext, path: ByteString, errno: number): number {
  if (errno === text.ELOOP && path.startsWith('/') && ctx.isRefused(path))
    ctx.report.print('error', text.refusingLink);
  return errno;
}
