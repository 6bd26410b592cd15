import { isDeviceMode, isSpecialMode } from '../../flist/file-list.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../kernel/stat-table.ts';
import { fileLooksUnchanged, linkLooksUnchanged, type Present } from '../../metadata/compare.ts';
import { attributesMatch } from '../attributes.ts';
import type { Listed } from '../listed.ts';
import type { Entry, Generator } from './state.ts';

export type FileType = 'file' | 'dir' | 'symlink' | 'device' | 'special' | 'unsupported';

/** rsync's kinds of files: fifos and sockets are one kind, block and character devices another. */
export function fileType(mode: number): FileType {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return 'file';
    case S_IFDIR:
      return 'dir';
    case S_IFLNK:
      return 'symlink';
    default:
      return isSpecialMode(mode) ? 'special' : isDeviceMode(mode) ? 'device' : 'unsupported';
  }
}

/**
 * Whether what lies at `path` looks like the entry (rsync's quick_check_ok); both are of the same type.
 * `sum` is the digest of the present file where --checksum hashed it, or what came of comparing it.
 */
export function looksUnchanged(
  gen: Generator,
  { list, i }: Listed,
  path: ByteString,
  present: Present,
  sum?: Uint8Array | boolean,
): boolean {
  const { stats, row } = present;
  switch (fileType(list.mode(i))) {
    case 'file': {
      if (gen.rules.checksum) return stats.size(row) === list.size(i) && isSum(sum, list.checksum(i));
      const { wanted, attributes } = gen.ctx;
      return fileLooksUnchanged(wanted.at(list, i), present, gen.rules, attributes.modifyWindow);
    }
    case 'symlink':
      return linkLooksUnchanged(list.linkTarget(i), readlinkOf(gen.destination.tree, path));
    case 'special':
      return (stats.mode(row) & S_IFMT) === (list.mode(i) & S_IFMT);
    case 'device':
      return (
        (stats.mode(row) & S_IFMT) === (list.mode(i) & S_IFMT) &&
        stats.rdevMajor(row) === list.rdevMajor(i) &&
        stats.rdevMinor(row) === list.rdevMinor(i)
      );
    case 'dir':
      return stats.isDir(row);
    default:
      return false;
  }
}

/** What keeps the present file from being left as it is: its content, its attributes, or nothing. */
export function unchangedByKind(gen: Generator, entry: Entry): 'content' | 'attributes' | 'nothing' {
  const { present } = entry;
  if (present === undefined || !looksUnchanged(gen, entry, entry.path, present, entry.sum)) return 'content';
  return attributesMatch(gen.ctx, entry, present) ? 'nothing' : 'attributes';
}

function readlinkOf(tree: Tree, path: ByteString): ByteString | undefined {
  try {
    return tree.readlink(path);
  } catch {
    return undefined;
  }
}

function isSum(found: Uint8Array | boolean | undefined, wanted: Uint8Array | undefined): boolean {
  return typeof found === 'boolean' ? found : sameBytes(found, wanted);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
