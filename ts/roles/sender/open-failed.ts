import { IoError } from '../../errors.ts';
import type { Tree } from '../../kernel/kernel.ts';
import * as text from '../../report/messages.ts';
import { Msg } from '../../wire/constants.ts';
import type { RoleContext } from '../context.ts';
import type { Listed } from '../listed.ts';

/** A file that cannot be opened: told, remembered, and the receiver is told not to wait for it. */
export function openFailed(ctx: RoleContext, ndx: number, tree: Tree, wish: Listed, errno: number): void {
  tellOpenFailed(ctx, tree, wish, errno);
  noSend(ctx, ndx);
}

/** What the sender says and remembers of a file that cannot be opened. */
export function tellOpenFailed(ctx: RoleContext, tree: Tree, { list, i }: Listed, errno: number): void {
  const { report, state } = ctx;
  const path = list.path(i);
  report.missed(list.size(i));
  if (errno === text.ENOENT) {
    state.ioError |= IoError.Vanished;
    report.print('warning', text.vanished(tree, path));
  } else {
    state.ioError |= IoError.General;
    report.print('error-xfer', text.sendOpenFailed(tree, path, errno));
  }
}

/** A file that could not be read to its end: the receiver finds that its digest is another. */
export function readFailed({ report, state }: RoleContext, tree: Tree, path: string, errno: number): void {
  state.ioError |= IoError.General;
  report.print('error-xfer', text.readErrors(tree, path, errno));
}

/** Tells the receiver that nothing will come for a request. */
export function noSend(ctx: RoleContext, ndx: number): void {
  if (ctx.negotiated.protocol < 30) return;
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(ndx);
  ctx.writer.message(Msg.NoSend, payload);
}
