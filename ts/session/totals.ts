import { FileLists } from '../flist/file-lists.ts';
import { type End, wireRead, wireWritten } from './end.ts';

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

/** The handshake is through: as rsync does, what is told of the wire begins here. */
export function startCounting(end: End): void {
  end.handshake.read = end.reader.dataRead;
  end.handshake.written = end.writer.dataWritten;
}

/** The bytes of the wire as this end counted them. */
export function countWire(end: End): void {
  end.stats.totalRead = wireRead(end);
  end.stats.totalWritten = wireWritten(end);
}

/** The run ends early: what is known of it so far. */
export function keepStatistics(end: End): void {
  const { lists } = end.report;
  if (lists instanceof FileLists) takeTotals(end, lists);
  countWire(end);
}
