import { protocolError, SysError } from '../../errors.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import * as text from '../../report/messages.ts';
import type { RoleContext } from '../context.ts';

/**
 * --remove-source-files: the receiver says that an entry is in place (rsync's successful_send). It is removed here if it
 * is still what was listed; in a local run also only if it is not the very file that is in place.
 */
export function removeSource(ctx: RoleContext, lists: FileLists, payload: Buffer): void {
  const { report, options } = ctx;
  const ndx = payload.readInt32LE();
  const place = lists.byNdx(ndx);
  if (place === undefined || place.i < 0)
    throw protocolError(text.badNdx(ndx, lists, 'sender', 'successful_send'));
  const { list, i } = place;
  if (list.isDir(i)) return;
  const tree = lists.rootOf(list, i);
  const path = list.path(i);
  let step: text.RemovalStep = 're-lstat';
  try {
    const stats = options.copyLinks ? tree.stat(path) : tree.lstat(path);
    if (ctx.local && isInode(stats, payload)) {
      report.print('error-xfer', text.removalOfDestination(path));
      return;
    }
    const nsec = list.mtimeNsec(i);
    if (
      stats.size() !== list.size(i) ||
      stats.mtime() !== list.mtime(i) ||
      (nsec !== 0 && stats.mtimeNsec() !== nsec)
    ) {
      report.print('error-xfer', text.removalOfChanged(path));
      return;
    }
    step = 'remove';
    tree.unlink(path);
    if (report.info('remove')) report.print('info', text.sourceRemoved(path));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.errno === text.ENOENT) report.print('info', text.sourceGone(path));
    else report.print('error-xfer', text.removalFailed(step, path, error.errno));
  }
}

/** Whether the message names the inode; those of a peer that could not see it are zero. */
function isInode(stats: StatTable, payload: Buffer): boolean {
  return (
    payload.readBigUInt64LE(4) === BigInt(stats.dev()) &&
    payload.readUInt32LE(12) === stats.inoLow() &&
    payload.readUInt32LE(16) === stats.inoHigh()
  );
}
