import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import * as text from '../../report/messages.ts';
import type { RoleContext } from '../context.ts';
import { destinationPath } from '../destination.ts';
import type { ReceiverInput } from './input.ts';

export interface FailedVerification {
  readonly list: FileList;
  readonly i: number;
  readonly ndx: number;
  /** This was the second attempt. */
  readonly redo: boolean;
  /** What became of the data. */
  readonly kept: text.Kept;
}

/** True where a first attempt at the file failed. */
export function isRedo(list: FileList, i: number): boolean {
  return (list.flags(i) & EntryFlag.Redo) !== 0;
}

/** The content did not match its digest: said, and asked for again, but only once. */
export function askAgain(ctx: RoleContext, input: ReceiverInput, failed: FailedVerification): void {
  const { report, negotiated } = ctx;
  const { list, i, ndx } = failed;
  const path = destinationPath(input.destination, list, i);
  if (failed.redo || report.info('name') || report.formatHasI > 0)
    report.print(
      failed.redo ? 'error-xfer' : 'warning',
      text.failedVerification(
        path,
        failed.kept,
        failed.redo ? undefined : input.link.replay ? 'may' : 'will',
      ),
    );
  const { replay } = input.link;
  if (!failed.redo && replay !== undefined) {
    list.setFlag(i, EntryFlag.Redo);
    replay.again.push(ndx);
  } else if (!failed.redo) {
    list.setFlag(i, EntryFlag.Redo);
    if (negotiated.incRecurse) list.inProgress--;
    list.toRedo++;
    input.link.askAgain(ndx);
  } else if (negotiated.incRecurse) input.link.noSend(ndx);
}
