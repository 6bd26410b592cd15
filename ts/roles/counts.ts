import { protocolError } from '../errors.ts';
import { type FileList, isDeviceMode } from '../flist/file-list.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../kernel/stat-table.ts';
import { type Who, wireValueOutOfRange } from '../report/messages.ts';
import type { Statistics } from '../report/statistics.ts';
import { Item, ndxDelStats } from '../wire/constants.ts';
import { mostDeleted } from '../wire/limits.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** Counts an entry that was made without a transfer. */
export function countCreated(stats: Statistics, list: FileList, i: number, iflags: number): void {
  if (!(iflags & Item.IsNew)) return;
  stats.createdFiles++;
  if (list.isRegular(i)) return;
  if (list.isDir(i)) stats.createdDirs++;
  else if (list.isLink(i)) stats.createdLinks++;
  else if (list.isDevice(i)) stats.createdDevices++;
  else stats.createdSpecials++;
}

/** Counts a deletion of a thing with this mode. */
export function countDeleted(stats: Statistics, mode: number): void {
  stats.deletedFiles++;
  switch (mode & S_IFMT) {
    case S_IFREG:
      break;
    case S_IFDIR:
      stats.deletedDirs++;
      break;
    case S_IFLNK:
      stats.deletedLinks++;
      break;
    default:
      if (isDeviceMode(mode)) stats.deletedDevices++;
      else stats.deletedSpecials++;
  }
}

const deleteCounters = [
  'deleted_files',
  'deleted_dirs',
  'deleted_symlinks',
  'deleted_devices',
  'deleted_specials',
];

/** The five counters that follow NDX_DEL_STATS: files, directories, symlinks, devices, specials. */
export async function readDeleteStats(reader: Reader, stats: Statistics, who: Who): Promise<void> {
  const [files, dirs, links, devices, specials] = await reader.record(() =>
    deleteCounters.map((what) => {
      const value = reader.varint();
      if (value < 0 || value > mostDeleted)
        throw protocolError(wireValueOutOfRange(what, value, mostDeleted, who));
      return value;
    }),
  );
  stats.deletedDirs = dirs;
  stats.deletedLinks = links;
  stats.deletedDevices = devices;
  stats.deletedSpecials = specials;
  stats.deletedFiles = files + dirs + links + devices + specials;
}

/** Deletions that the generator does not tell of are none in the end, as rsync's receiver does not know of them. */
export function forgetDeleted(stats: Statistics): void {
  stats.deletedFiles = 0;
  stats.deletedDirs = 0;
  stats.deletedLinks = 0;
  stats.deletedDevices = 0;
  stats.deletedSpecials = 0;
}

export function writeDeleteStats(writer: Writer, stats: Statistics): void {
  writer.ndx(ndxDelStats);
  writer.varint(
    stats.deletedFiles -
      stats.deletedDirs -
      stats.deletedLinks -
      stats.deletedDevices -
      stats.deletedSpecials,
  );
  writer.varint(stats.deletedDirs);
  writer.varint(stats.deletedLinks);
  writer.varint(stats.deletedDevices);
  writer.varint(stats.deletedSpecials);
}
