import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { ItemList } from './item-entry.ts';
import { isDir, isLink, permissionString } from './mode.ts';
import { bigNumber } from './numbers.ts';
import { timeString } from './time-string.ts';

/** Width of a time and the blank before it. */
const timeWidth = 20;

/**
 * One line of a listing (list_file_entry), no newline: permissions, size, time, name, and the target of a
 * symbolic link where links are preserved.
 */
export function listLine(list: ItemList, i: number, options: Options): ByteString {
  const mode = list.mode(i);
  const sizeWidth = options.humanReadable > 0 ? 14 : 11;
  const accessWidth = options.atimes ? timeWidth : 0;
  if (mode === 0) return `${'*missing'.padEnd(11 + sizeWidth + timeWidth + accessWidth)} ${list.path(i)}`;
  const access = options.atimes && !isDir(mode) ? timeString(list.atime(i)) : '';
  const target = options.links && isLink(mode) ? ` -> ${list.linkTarget(i)}` : '';
  return (
    `${permissionString(mode)} ${bigNumber(list.size(i), options.humanReadable).padStart(sizeWidth)} ` +
    `${timeString(list.mtime(i))}${access.padStart(accessWidth)} ${list.path(i)}${target}`
  );
}
