import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import type { Report } from '../report/report.ts';
import type { Negotiated } from '../wire/negotiated.ts';

/**
 * What a verbose client says when its file list begins; the function that is returned says how it ended
 * (a list that does not come in segments, `entries` long).
 */
export function tellOfList(
  report: Report,
  options: Options,
  negotiated: Negotiated,
  kind: 'sending' | 'receiving',
): (entries: number) => void {
  report.print('log', kind === 'sending' ? text.buildingFileList : text.receivingFileListLogged);
  if (report.server || !report.info('flist')) return () => {};
  if (negotiated.incRecurse) {
    report.print('client', kind === 'sending' ? text.sendingFileList() : text.receivingFileList());
    return () => {};
  }
  if (!options.recursive && !options.dirs) return () => {};
  report.startFlistProgress(kind === 'sending' ? 'building file list' : 'receiving file list');
  return (entries) => report.finishFlistProgress(entries);
}
