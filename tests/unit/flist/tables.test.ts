import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FileLists } from '../../../ts/flist/file-lists.ts';
import { KeptPaths } from '../../../ts/flist/kept-paths.ts';
import { NumberTable } from '../../../ts/flist/number-table.ts';

/** Halves that differ little, or in their signs, or not at all. */
const half = fc.oneof(fc.integer({ min: -3, max: 40 }), fc.integer(), fc.constantFrom(0, -1, 0x7fffffff));

it('a table of numbers finds what was put into it last, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(half, half, fc.nat()), { maxLength: 300 }), (puts) => {
      const table = new NumberTable();
      const known = new Map<string, number>();
      const nameOf = (high: number, low: number) => `${high >>> 0}:${low >>> 0}`;
      for (const [high, low, value] of puts) {
        expect(table.find(high, low)).toBe(known.get(nameOf(high, low)) ?? -1);
        table.set(high, low, value);
        known.set(nameOf(high, low), value);
      }
      for (const [high, low] of puts) expect(table.find(high, low)).toBe(known.get(nameOf(high, low)));
    }),
  );
});

it('a table of numbers holds many that follow each other', () => {
  const table = new NumberTable();
  for (let i = 0; i < 100_000; i++) table.set(0, i * 8, i);
  for (let i = 0; i < 100_000; i++)
    expect(table.find(0, i * 8) === i && table.find(0, i * 8 + 1) === -1).toBe(true);
});

it('kept paths are given back, however many and long they are', () => {
  const paths = new KeptPaths();
  const path = (n: number) => `d/${n}-${'\xe9x'.repeat(n % 50 === 0 ? 40_000 : n % 37)}`;
  for (let n = 0; n < 2000; n += 2) paths.set(n, path(n));
  for (let n = 0; n < 2000; n++) expect(paths.get(n)).toBe(n % 2 === 0 ? path(n) : undefined);
  expect([paths.has(2), paths.has(3), paths.has(-1), paths.has(5000)]).toEqual([true, false, false, false]);
});

it('a list keeps its names where they grow to many bytes, also after it was put in order and copied', () => {
  const list = new FileLists(false).newList();
  const dir = list.internDir('d/', 0);
  const fields = { mode: 0o100644, size: 0, mtime: 0, mtimeNsec: 0, uid: 0, gid: 0, flags: 0 };
  const count = 30_000;
  const nameOf = (i: number) => `${i}-${'x'.repeat(60 + (i % 40))}`;
  for (let i = 0; i < count; i++) list.addName(nameOf(i), dir, fields);
  for (let i = 0; i < count; i++)
    if (list.basename(i) !== nameOf(i)) expect(list.basename(i)).toBe(nameOf(i));
  list.reorder(Uint32Array.from({ length: count }, (_, i) => count - 1 - i));
  const copy = list.copy();
  const more = copy.addName('more', dir, fields);
  expect(copy.basename(more)).toBe('more');
  for (const one of [list, copy])
    for (let i = 0; i < count; i++)
      if (one.basename(i) !== nameOf(count - 1 - i)) expect(one.basename(i)).toBe(nameOf(count - 1 - i));
});

it('a directory is held from its own segment to the end of the one with its content', () => {
  const lists = new FileLists(true);
  const fields = { mode: 0o40755, size: 0, mtime: 0, mtimeNsec: 0, uid: 0, gid: 0, flags: 0 };
  const append = (parent: number, names: string[]): void => {
    const list = lists.newList();
    const dir = list.internDir(parent < 0 ? '' : `${lists.dirs.path(parent)}/`, 0);
    for (const name of names) list.addName(name, dir, fields);
    list.parentDirNdx = parent;
    lists.addDirs(list);
    lists.append(list);
  };
  const many = Array.from({ length: 3000 }, (_, d) => `d${d}`);
  append(-1, ['a', 'b']);
  append(0, many);
  lists.releaseFirst();
  expect(lists.dirs.path(1)).toBe('b');
  lists.releaseFirst();
  expect(lists.dirs.holds(0)).toBe(false);
  for (let d = 2; d < 3002; d++) append(d, []);
  for (let d = 2; d < 3002; d++) {
    expect([d, lists.dirs.path(d)]).toEqual([d, `a/d${d - 2}`]);
    lists.releaseFirst();
    expect(lists.dirs.holds(d)).toBe(false);
  }
  expect(lists.dirs.path(1)).toBe('b');
  for (const d of [-1, 3002, 2 ** 31]) expect(lists.dirs.holds(d)).toBe(false);
});
