import type { FileLists } from '../flist/file-lists.ts';
import type { End } from './end.ts';

/** Carries over to the statistics what the file lists counted. */
export function takeTotals(end: End, lists: FileLists): void {
  const { stats } = end;
  const { totals } = lists;
  stats.numDirs = totals.dirs;
  stats.numLinks = totals.links;
  stats.numDevices = totals.devices;
  stats.numSpecials = totals.specials;
  stats.numFiles = totals.files + totals.dirs + totals.links + totals.devices + totals.specials;
  stats.totalSize = totals.size;
  stats.flistSize = totals.wireBytes;
  stats.flistBuildMs = Math.round(totals.buildTime);
  stats.flistTransferMs = Math.round(totals.transferTime);
}
