import { describe, expect, it } from 'vitest';
import { EntryFlag, type FileList } from '../../../ts/flist/file-list.ts';
import { FileLists } from '../../../ts/flist/file-lists.ts';
import { HardLinks } from '../../../ts/flist/hard-links.ts';

function segment(lists: FileLists, groups: readonly number[]): FileList {
  const list = lists.newList();
  groups.forEach((group, k) => {
    const i = list.addName(`f${k}`, list.internDir('', 0), {
      mode: 0o100644,
      size: 0,
      mtime: 0,
      mtimeNsec: 0,
      uid: 0,
      gid: 0,
      flags: group >= 0 ? EntryFlag.Hlinked : 0,
    });
    if (group >= 0) list.setHardLinkGroup(i, group);
  });
  lists.append(list);
  return list;
}

describe('names of one inode', () => {
  it('form a chain from last to first', () => {
    const lists = new FileLists(false);
    const links = new HardLinks(lists);
    const list = segment(lists, [5, -1, 5, 9, 5]);
    links.match(list);
    expect(links.place(list, 0)).toEqual({ group: 5, prev: -1, isFirst: true, isLast: false });
    expect(links.place(list, 2)).toEqual({ group: 5, prev: 0, isFirst: false, isLast: false });
    expect(links.place(list, 4)).toEqual({ group: 5, prev: 2, isFirst: false, isLast: true });
    expect(links.place(list, 1)).toBeUndefined();
    expect(links.place(list, 3)).toBeUndefined();
    expect(list.flags(3) & EntryFlag.HlinkDone).toBeTruthy();
  });

  it('go on in later segments', () => {
    const lists = new FileLists(true);
    const links = new HardLinks(lists);
    const first = segment(lists, [1, 1]);
    links.match(first);
    expect(links.place(first, 1)?.isLast).toBe(true);
    const second = segment(lists, [-1, 1]);
    links.match(second);
    expect(links.place(first, 1)?.isLast).toBe(false);
    expect(links.place(second, 1)).toEqual({ group: 1, prev: 2, isFirst: false, isLast: true });

    links.finish(1, 'f0');
    lists.releaseFirst();
    const third = segment(lists, [1]);
    links.match(third);
    expect(links.place(third, 0)).toEqual({ group: 1, prev: -1, isFirst: false, isLast: true });
    expect(links.finishedPath(1)).toBe('f0');
  });

  it('start anew when all earlier ones were let go unfinished', () => {
    const lists = new FileLists(true);
    const links = new HardLinks(lists);
    links.match(segment(lists, [1]));
    const second = segment(lists, [-1]);
    links.match(second);
    lists.releaseFirst();
    const third = segment(lists, [1]);
    links.match(third);
    expect(links.place(third, 0)).toMatchObject({ prev: -1, isFirst: true });
  });

  it('may not refer to a group that never was', () => {
    const lists = new FileLists(true);
    const links = new HardLinks(lists);
    links.match(segment(lists, [-1]));
    const list = segment(lists, [1]);
    expect(() => links.match(list)).toThrow('hard-link gnum 1 precedes flist start 3');
  });
});

describe('wire indexes', () => {
  it('leave one free between segments', () => {
    const lists = new FileLists(true);
    const a = segment(lists, [-1, -1]);
    const b = segment(lists, []);
    const c = segment(lists, [-1]);
    expect([a, b, c].map((list) => list.ndxStart)).toEqual([1, 4, 5]);
    expect(lists.byNdx(0)).toEqual({ list: a, i: -1 });
    expect(lists.byNdx(2)).toEqual({ list: a, i: 1 });
    expect(lists.byNdx(3)).toEqual({ list: b, i: -1 });
    expect(lists.byNdx(4)).toEqual({ list: c, i: -1 });
    expect(lists.byNdx(5)).toEqual({ list: c, i: 0 });
    expect(lists.byNdx(6)).toBeUndefined();
    expect(lists.byNdx(-1)).toBeUndefined();
    lists.byNdx(1);
    expect(lists.ahead).toBe(1);
    expect(lists.after(a)).toBe(b);
    lists.releaseFirst();
    expect(lists.byNdx(2)).toBeUndefined();
    expect(lists.after(a)).toBe(b);
    expect(lists.after(c)).toBeUndefined();
  });
  it('start at 0 without incremental recursion', () => {
    const lists = new FileLists(false);
    expect(segment(lists, [-1]).ndxStart).toBe(0);
    expect(lists.byNdx(0)?.i).toBe(0);
  });
  it('keep directories of segments that were released', () => {
    const lists = new FileLists(true);
    const list = lists.newList();
    list.addName('d', list.internDir('top/', 3), {
      mode: 0o40755,
      size: 0,
      mtime: 5,
      mtimeNsec: 0,
      uid: 0,
      gid: 0,
      flags: EntryFlag.ContentDir,
    });
    lists.addDirs(list);
    lists.append(list);
    lists.releaseFirst();
    expect(lists.dirs.path(0)).toBe('top/d');
    const kept = lists.dirs.list(0);
    expect(kept).not.toBe(list);
    expect([kept.mtime(lists.dirs.index(0)), kept.dir(lists.dirs.index(0)).root]).toEqual([5, 3]);
    expect(kept.flags(lists.dirs.index(0))).toBe(EntryFlag.ContentDir);
  });
});
