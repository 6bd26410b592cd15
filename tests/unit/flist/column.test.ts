import { describe, expect, it } from 'vitest';
import { type ColumnKind, columnKinds } from '../../../ts/flist/column.ts';
import { FileList } from '../../../ts/flist/file-list.ts';
import { FileLists } from '../../../ts/flist/file-lists.ts';
import { sortList } from '../../../ts/flist/sort.ts';
import { listOf } from './lists.ts';

const kinds = Object.keys(columnKinds) as ColumnKind[];
const expectedOf = (kind: ColumnKind, path: string) => kinds.indexOf(kind) * 1000 + path.charCodeAt(0);

function filled(paths: readonly string[]): FileList {
  const list = listOf(paths);
  for (let i = 0; i < list.count; i++)
    for (const kind of kinds) list.setValue(kind, i, expectedOf(kind, list.path(i)));
  return list;
}
function expectFilled(list: FileList): void {
  for (let i = 0; i < list.count; i++)
    for (const kind of kinds) expect(list.value(kind, i), kind).toBe(expectedOf(kind, list.path(i)));
}

describe('side columns', () => {
  it('are not there before a value is set, and cost nothing', () => {
    const list = listOf(['a', 'b']);
    const { memory } = list;
    for (const kind of kinds) expect(list.value(kind, 1)).toBe(columnKinds[kind].absent);
    expect(list.memory).toBe(memory);
    list.setValue('xattrs', 1, 7);
    expect([list.value('xattrs', 0), list.value('xattrs', 1)]).toEqual([-1, 7]);
  });
  it('grow and are sorted with their list', () => {
    const list = filled(Array.from({ length: 90 }, (_, i) => String.fromCharCode(0xff - i)));
    expect(sortList(list, 31)).toBeDefined();
    expect(list.path(0) < list.path(1)).toBe(true);
    expectFilled(list);
  });
  it('have no value where none was set, in any order', () => {
    const list = listOf(['c', 'b', 'a']);
    list.setValue('accessAcl', 0, 5);
    sortList(list, 31);
    expect([0, 1, 2].map((i) => list.value('accessAcl', i))).toEqual([-1, -1, 5]);
  });
  it('go into the copy of a list', () => {
    expectFilled(filled(['a', 'b/']).copy());
  });
  it('go with an entry into another list, and so does all else', () => {
    const list = filled(['a', 'b', 'c']);
    list.setChecksum(1, Uint8Array.of(1, 2, 3, 4), 0, 4);
    const link = list.addName('l', list.internDir('', 0), {
      mode: 0o120777,
      size: 0,
      mtime: 0,
      mtimeNsec: 0,
      uid: 0,
      gid: 0,
      flags: 0,
    });
    list.setLinkTarget(link, 'target');
    const other = new FileList();
    for (const i of [2, 1]) other.addCopy(list, i);
    expectFilled(other);
    expect([...(other.checksum(1) ?? [])]).toEqual([1, 2, 3, 4]);
    expect(other.linkTarget(other.addCopy(list, link))).toBe('target');
  });
  it('stay with directories whose segment was released', () => {
    const lists = new FileLists(true);
    const list = filled(['a', 'd/', 'e/']);
    lists.addDirs(list);
    lists.append(list);
    lists.releaseFirst();
    for (const d of [0, 1])
      for (const kind of kinds)
        expect(lists.dirs.list(d).value(kind, lists.dirs.index(d))).toBe(
          expectedOf(kind, lists.dirs.path(d)),
        );
  });
});
