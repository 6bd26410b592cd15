import { type EntryFields, FileList } from '../../../ts/flist/file-list.ts';
import type { ByteString } from '../../../ts/kernel/kernel.ts';

const plain: EntryFields = {
  mode: 0o100644,
  size: 1,
  mtime: 2,
  mtimeNsec: 3,
  uid: 0,
  gid: 0,
  flags: 0,
};

/** A list of paths; those that end in a slash are directories. */
export function listOf(paths: readonly ByteString[], changes: Partial<EntryFields> = {}): FileList {
  const list = new FileList();
  for (const path of paths) {
    const isDir = path.endsWith('/') && path !== '/';
    const name = isDir ? path.slice(0, -1) : path;
    const at = name.lastIndexOf('/') + 1;
    list.addName(name.slice(at), list.internDir(name.slice(0, at), 0), {
      ...plain,
      ...changes,
      mode: isDir ? 0o40755 : 0o100644,
    });
  }
  return list;
}

/** The paths of the entries that are not cleared, directories with a slash. */
export function pathsOf(list: FileList): ByteString[] {
  const paths: ByteString[] = [];
  for (let i = 0; i < list.count; i++)
    if (list.isActive(i)) paths.push(list.path(i) + (list.isDir(i) ? '/' : ''));
  return paths;
}
