import { SysError } from '../../errors.ts';
import { EntryFlag } from '../../flist/file-list.ts';
import { partialDirName } from '../../metadata/names.ts';
import * as text from '../../report/messages.ts';
import { makeBackup } from '../backup.ts';
import type { RoleContext } from '../context.ts';
import { destinationPath } from '../destination.ts';
import { removePartialDir } from '../partial-dir.ts';
import type { ReceiverInput } from './input.ts';

/** --delay-updates: all files have come, and take their names now (rsync's handle_delayed_updates). */
export async function placeDelayed(ctx: RoleContext, input: ReceiverInput): Promise<void> {
  const { options, report } = ctx;
  const { destination, delayed, link } = input;
  const { tree } = destination;
  delayed.sort((a, b) => a.ndx - b.ndx);
  for (const { list, i, ndx } of delayed) {
    const path = destinationPath(destination, list, i);
    const partial = partialDirName(path, options.partialDir);
    if (partial === undefined) continue;
    if (options.backup && (await makeBackup(ctx, tree, path, false, 'receiver')) !== 0) continue;
    report.trace('recv', () => text.renaming(partial, path));
    try {
      tree.rename(partial, path);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      report.print('error-xfer', text.delayedRenameFailed(tree, partial, path, error.errno));
      continue;
    }
    if (options.removeSourceFiles || (options.hardLinks && list.flags(i) & EntryFlag.Hlinked))
      link.success(ndx);
    removePartialDir(ctx, tree, partial);
  }
  delayed.length = 0;
}
