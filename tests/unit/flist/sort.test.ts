import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanList } from '../../../ts/flist/clean.ts';
import { EntryFlag, FileList } from '../../../ts/flist/file-list.ts';
import { pruneEmptyDirs } from '../../../ts/flist/prune.ts';
import { compareSiblings, sortList } from '../../../ts/flist/sort.ts';
import { listOf, pathsOf } from './lists.ts';

/** Names that meet each other often, around the bytes that sort near a slash. */
const part = fc
  .array(fc.constantFrom('a', 'b', '-', '.', '0', '\xff', '!'), { minLength: 1, maxLength: 3 })
  .map((chars) => chars.join(''))
  .filter((name) => name !== '.' && name !== '..');
const somePath = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, isDir]) => parts.join('/') + (isDir ? '/' : ''));

/** The order of protocol 29, component by component. */
function treeCompare(a: string, b: string): number {
  if (a === './' || b === './') return a === b ? 0 : a === './' ? -1 : 1;
  const split = (path: string): string[] => path.match(/[^/]+\/?/g) ?? [];
  const x = split(a);
  const y = split(b);
  for (let k = 0; k < Math.min(x.length, y.length); k++) {
    const xDir = x[k].endsWith('/');
    if (xDir !== y[k].endsWith('/')) return xDir ? 1 : -1;
    if (x[k] !== y[k]) return x[k] < y[k] ? -1 : 1;
  }
  return x.length - y.length;
}

describe('order', () => {
  it('is that of a tree from protocol 29 on', () => {
    fc.assert(
      fc.property(fc.array(somePath, { maxLength: 60 }), fc.boolean(), (paths, withDot) => {
        const all = withDot ? [...paths, './'] : paths;
        const list = listOf(all);
        const order = sortList(list, 32);
        const expected = all.map((path, k) => [path, k] as const);
        expected.sort(([a, i], [b, k]) => treeCompare(a, b) || i - k);
        expect(pathsOf(list)).toEqual(expected.map(([path]) => path));
        if (order !== undefined) expect([...order]).toEqual(expected.map(([, k]) => k));
      }),
      { numRuns: 500 },
    );
  });

  it('is that of whole paths in protocol 28', () => {
    fc.assert(
      fc.property(fc.array(somePath, { maxLength: 60 }), (paths) => {
        const list = listOf(paths);
        sortList(list, 28);
        const bare = (path: string): string => path.replace(/\/$/, '');
        expect(pathsOf(list).map(bare)).toEqual(paths.map(bare).sort());
      }),
    );
  });

  it('agrees with the order of siblings', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(part, fc.boolean()), { maxLength: 20 }), (names) => {
        const list = listOf(names.map(([name, isDir]) => name + (isDir ? '/' : '')));
        sortList(list, 32);
        const sorted = [...names].sort(([a, ad], [b, bd]) => compareSiblings(a, ad, b, bd, 32));
        expect(pathsOf(list)).toEqual(sorted.map(([name, isDir]) => name + (isDir ? '/' : '')));
      }),
    );
  });

  it('keeps what belongs to an entry with it', () => {
    const list = new FileList();
    const fields = { mode: 0o120777, size: 0, mtime: 0, mtimeNsec: 0, uid: 0, gid: 0, flags: 0 };
    for (const name of ['c', 'a', 'b']) {
      const i = list.addName(name, list.internDir('', 0), { ...fields, size: name.charCodeAt(0) });
      list.setLinkTarget(i, `to ${name}`);
      list.setAtime(i, name.charCodeAt(0));
      list.setMode(i, 0o100600);
      list.setChecksum(i, Buffer.from(name.repeat(4)), 0, 4);
    }
    sortList(list, 32);
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      expect(list.linkTarget(i)).toBe(`to ${name}`);
      expect(list.size(i)).toBe(name.charCodeAt(0));
      expect(list.atime(i)).toBe(name.charCodeAt(0));
      expect(Buffer.from(list.checksum(i) ?? []).toString()).toBe(name.repeat(4));
    }
  });

  it('sorts 100,000 entries of random names and stays below 100 bytes each', () => {
    const list = new FileList();
    const dir = list.internDir('', 0);
    let seed = 1;
    for (let i = 0; i < 200_000; i++) {
      seed = (seed * 48271) % 0x7fffffff;
      list.addName(`file-${seed.toString(36)}-${i % 10}.txt`, dir, {
        mode: 0o100644,
        size: i,
        mtime: i,
        mtimeNsec: 0,
        uid: 0,
        gid: 0,
        flags: 0,
      });
    }
    expect(list.memory / list.count).toBeLessThan(100);
    const started = process.cpuUsage();
    sortList(list, 32);
    const used = process.cpuUsage(started);
    expect((used.user + used.system) / 1000).toBeLessThan(1000);
    expect(list.memory / list.count).toBeLessThan(75);
    for (let i = 1; i < list.count; i++) expect(list.basename(i - 1) <= list.basename(i)).toBe(true);
  });
});

describe('duplicates', () => {
  it('are cleared on the receiving side, where a directory wins', () => {
    const list = listOf(['x', 'd/', 'd/f', 'd', 'x', 'd/', 'd/f', 'e/', './', './']);
    sortList(list, 32);
    cleanList(list, 'receiver', 32);
    expect(pathsOf(list)).toEqual(['./', 'x', 'd/', 'd/f', 'e/']);
    expect(list.count).toBe(10);
  });
  it('of protocol 28 are next to each other whatever they are', () => {
    const list = listOf(['d', 'd/', 'd/f', 'd/f']);
    sortList(list, 28);
    cleanList(list, 'receiver', 28);
    expect(pathsOf(list)).toEqual(['d/', 'd/f']);
  });
  it('merge what is known of a directory', () => {
    const list = listOf(['d/', 'd/']);
    list.setFlag(0, EntryFlag.ImpliedDir);
    list.setFlag(1, EntryFlag.ContentDir | EntryFlag.TopDir);
    sortList(list, 32);
    cleanList(list, 'receiver', 32);
    expect(list.flags(0)).toBe(EntryFlag.ContentDir | EntryFlag.TopDir);
    expect([list.low, list.high]).toEqual([0, 0]);
  });
  it('are only marked on the sending side', () => {
    const list = listOf(['d/', 'd/', 'x', 'x']);
    sortList(list, 32);
    cleanList(list, 'sender', 32);
    expect(pathsOf(list)).toEqual(['x', 'x', 'd/', 'd/']);
    expect([0, 1, 2, 3].map((i) => list.flags(i))).toEqual([0, 0, 0, EntryFlag.Duplicate]);
  });
  it('leave one of each name, in any list', () => {
    fc.assert(
      fc.property(fc.array(somePath, { maxLength: 60 }), (paths) => {
        const list = listOf(paths);
        sortList(list, 32);
        cleanList(list, 'receiver', 32);
        const left = pathsOf(list).map((path) => path.replace(/\/$/, ''));
        const expected = new Set(paths.map((path) => path.replace(/\/$/, '')));
        expect(left.length).toBe(expected.size);
        expect(new Set(left)).toEqual(expected);
        for (const path of paths.filter((p) => p.endsWith('/'))) expect(pathsOf(list)).toContain(path);
      }),
    );
  });
});

describe('empty directories', () => {
  it('go, with those that hold only them', () => {
    const list = listOf([
      './',
      'a/',
      'a/b/',
      'a/b/c/',
      'd/',
      'd/e/',
      'd/f',
      'g/',
      'h',
      'k/',
      'k/keep/',
      'k/keep/l/',
    ]);
    sortList(list, 32);
    cleanList(list, 'receiver', 32);
    pruneEmptyDirs(list, (path) => path === 'k/keep');
    expect(pathsOf(list)).toEqual(['./', 'h', 'd/', 'd/f', 'k/', 'k/keep/']);
  });
});
