import type { ByteString } from '../kernel/kernel.ts';
import type { FileList } from './file-list.ts';

/**
 * Where `path` is in a sorted list, -1 where it is not (rsync's flist_find_name). `wantDir` says whether
 * the entry must be a directory or must not; without it, a directory is preferred.
 */
export function findByPath(
  list: FileList,
  protocol: number,
  path: ByteString,
  wantDir: boolean | undefined,
): number {
  if (wantDir !== undefined) return search(list, protocol, path, wantDir);
  const dir = search(list, protocol, path, true);
  return dir >= 0 ? dir : search(list, protocol, path, false);
}

function search(list: FileList, protocol: number, path: ByteString, isDir: boolean): number {
  const at = path.lastIndexOf('/') + 1;
  const prefix = path.slice(0, at);
  const name = path.slice(at);
  let { low, high } = list;
  while (low <= high) {
    let middle = (low + high) >> 1;
    while (middle <= high && !list.isActive(middle)) middle++;
    if (middle > high) {
      high = ((low + high) >> 1) - 1;
      continue;
    }
    const order =
      protocol >= 29
        ? compareTree(list, middle, prefix, name, isDir)
        : compareStrings(list.path(middle), path);
    if (order === 0) return protocol >= 29 || list.isDir(middle) === isDir ? middle : -1;
    if (order < 0) low = middle + 1;
    else high = ((low + high) >> 1) - 1;
  }
  return -1;
}

/** The order of `sortList` between an entry and a name. */
function compareTree(
  list: FileList,
  i: number,
  prefix: ByteString,
  name: ByteString,
  isDir: boolean,
): number {
  const base = list.basename(i);
  const entryPrefix = list.dir(i).prefix;
  const entryIsDir = list.isDir(i) && base !== '.';
  const wantDir = isDir && name !== '.';
  const a = entryIsDir ? `${entryPrefix}${base}/` : entryPrefix;
  const b = wantDir ? `${prefix}${name}/` : prefix;
  if (a !== b) return a < b ? -1 : 1;
  if (entryIsDir !== wantDir) return entryIsDir ? -1 : 1;
  if (entryIsDir) return 0;
  return compareStrings(list.isDir(i) ? '' : base, isDir ? '' : name);
}

function compareStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
