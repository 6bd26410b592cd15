/** Directories as records of a file list, and entries looked up by them. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SysError } from '../../ts/errors.ts';
import { EntryFlag, FileList } from '../../ts/flist/file-list.ts';
import { sortList } from '../../ts/flist/sort.ts';
import { Extra, isOther, isSame, type Kernel, type Tree } from '../../ts/kernel/kernel.ts';
import { type Listing, unlistable, type WantedState } from '../../ts/kernel/listing.ts';
import { Lacks, type StatTable } from '../../ts/kernel/stat-table.ts';
import { eachKernel, noise, listingOptions as options, scratch } from './lanes.ts';

const wanted: WantedState = {
  always: EntryFlag.Hlinked,
  targets: true,
  owner: true,
  group: true,
  groupFree: EntryFlag.SkipGroup,
  dirs: true,
};

type Records = Required<Pick<Tree, 'list' | 'listTree' | 'lookUp' | 'lookUpAsync'>> & Tree;

/** The tree where the kernel has records; a kernel has all of their calls or none. */
function withRecords(tree: Tree): Records | undefined {
  const has = [tree.list, tree.listTree, tree.lookUp, tree.lookUpAsync].map((call) => call !== undefined);
  expect(new Set(has).size).toBe(1);
  return has[0] ? (tree as Records) : undefined;
}

function listOf(listing: Listing): FileList {
  const list = new FileList(0);
  list.addListing(listing, list.internDir('', 0));
  return list;
}

function entry(list: FileList, i: number) {
  return {
    name: list.basename(i),
    mode: list.mode(i),
    size: list.size(i),
    mtime: [list.mtime(i), list.mtimeNsec(i)],
    owner: [list.uid(i), list.gid(i)],
    flags: list.flags(i),
  };
}

/** The list that rows of the same directory make. */
function fromRows(rows: StatTable): FileList {
  const list = new FileList();
  const dir = list.internDir('', 0);
  for (let i = 0; i < rows.count; i++)
    list.addName(rows.name(i), dir, {
      mode: rows.mode(i),
      size: rows.size(i),
      mtime: rows.mtime(i),
      mtimeNsec: rows.mtimeNsec(i),
      uid: rows.uid(i),
      gid: rows.gid(i),
      flags: rows.isDir(i) ? EntryFlag.ContentDir : 0,
    });
  sortList(list, 32);
  return list;
}

function makeTree(path: string): string {
  fs.mkdirSync(path);
  const at = (name: string) => Buffer.from(`${path}/${name}`, 'latin1');
  for (const name of ['b', 'a', 'a-', 'a.b', '\xff\x80', 'B', 'x'.repeat(255)])
    fs.writeFileSync(at(name), name);
  for (const name of ['d', 'd-', 'd.e', 'a0', 'd/below', 'd/below/deep', 'd.e/empty']) fs.mkdirSync(at(name));
  fs.symlinkSync('nowhere/\xe9', at('link'));
  fs.symlinkSync('b', at('d/link'));
  fs.writeFileSync(at('d/below/deep/file'), 'deep');
  fs.utimesSync(at('b'), 1000, -5);
  return path;
}

eachKernel('records', (kernel: Kernel) => {
  const dir = scratch();
  const to = scratch();
  describe('a listing', () => {
    it('is what rows of the directory make, sorted', () => {
      const tree = withRecords(kernel.openTree(makeTree(dir.at('plain'))));
      if (tree === undefined) return;
      const listing = tree.list('', options) as Listing;
      const list = listOf(listing);
      const plain = fromRows(tree.scan('', { links: true }));
      const all = (of: FileList) => Array.from({ length: of.count }, (_, i) => entry(of, i));
      expect(all(list)).toEqual(all(plain));
      expect(listing.dirs).toBe(4);
      expect(listing.links).toBe(1);
      const isLink = all(list).findIndex(({ name }) => name === 'link');
      expect(Buffer.from(list.linkTarget(isLink), 'latin1').toString()).toBe('nowhere/\xe9');
      const files = all(list).filter(({ mode }) => (mode & 0o170000) !== 0o040000);
      expect(listing.size).toBe(files.reduce((sum, { size }) => sum + size, 0));
      expect(all(list.copy())).toEqual(all(list));
      tree.close();
    });

    it.each([['.'], ['y'.repeat(64)], ['y'.repeat(65)], ['.', 'z']])(
      'is added to a list that has entries: %s %s',
      (...names) => {
        const tree = withRecords(kernel.openTree(makeTree(dir.at(`with-${names.join('').length}`))));
        if (tree === undefined) return;
        const fields = { mode: 0o40755, size: 0, mtime: 0, mtimeNsec: 0, uid: 0, gid: 0, flags: 0 };
        const list = new FileList(0);
        for (const name of names) list.addName(name, list.internDir('', 0), fields);
        const paths = [...names];
        for (const at of ['', 'd', 'd.e', 'd/below']) {
          const listing = tree.list(at, options) as Listing;
          list.addListing(listing, list.internDir(at === '' ? '' : `${at}/`, 0));
          const one = listOf(listing);
          for (let i = 0; i < one.count; i++)
            paths.push(at === '' ? one.basename(i) : `${at}/${one.basename(i)}`);
        }
        list.addName('last', list.internDir('', 0), fields);
        paths.push('last');
        expect(Array.from({ length: list.count }, (_, i) => list.path(i))).toEqual(paths);
        expect(list.linkTarget(paths.indexOf('link'))).toBe('nowhere/\xc3\xa9');
        expect(list.linkTarget(paths.indexOf('d/link'))).toBe('b');
        tree.close();
      },
    );

    it('is refused where it cannot tell all', async () => {
      fs.mkdirSync(dir.at('odd'));
      const tree = withRecords(kernel.openTree(dir.path));
      if (tree === undefined) return;
      tree.mknod('odd/fifo', 0o010644, 0, 0);
      expect(tree.list('odd', options)).toBe(unlistable);
      expect(() => tree.list('none', options)).toThrow(SysError);
      const { contents } = await tree.listTree(['odd', 'none'], options, 100);
      expect(contents[0]).toBe(unlistable);
      expect((contents[1] as SysError).code).toBe('ENOENT');
      tree.close();
    });

    it('is refused for another name of a file, or another file system, where they count', () => {
      const path = dir.at('names');
      fs.mkdirSync(path);
      fs.writeFileSync(`${path}/a`, '');
      const tree = withRecords(kernel.openTree(path));
      if (tree === undefined) return;
      const single = { ...options, singleNames: true };
      expect(tree.list('', single)).not.toBe(unlistable);
      fs.linkSync(`${path}/a`, `${path}/b`);
      expect(tree.list('', single)).toBe(unlistable);
      expect(tree.list('', options)).not.toBe(unlistable);
      expect(tree.list('', { ...options, oneDevice: true })).not.toBe(unlistable);
      tree.close();
      const root = kernel.openTree('/') as Records;
      const rows = root.scan('');
      const here = root.lstat('').dev();
      const others = Array.from({ length: rows.count }, (_, i) => rows.isDir(i) && rows.dev(i) !== here);
      if (root.list('', options) !== unlistable)
        expect(root.list('', { ...options, oneDevice: true }) === unlistable).toBe(others.includes(true));
      root.close();
    });

    it('of a tree goes depth first, in list order, and tells what is left', async () => {
      const tree = withRecords(kernel.openTree(makeTree(dir.at('deep'))));
      if (tree === undefined) return;
      const whole = await tree.listTree(['a0', 'd', 'd-', 'd.e'], options, 1000);
      expect(whole.paths).toEqual(['a0', 'd', 'd/below', 'd/below/deep', 'd-', 'd.e', 'd.e/empty']);
      expect(whole.left).toEqual([]);
      for (let left: readonly string[] = ['a0', 'd', 'd-', 'd.e'], seen = 0; left.length > 0; ) {
        const part = await tree.listTree(left, options, 1);
        expect(part.paths).toEqual(whole.paths.slice(seen, seen + 1));
        const names = (content: unknown) => {
          const list = listOf(content as Listing);
          return Array.from({ length: list.count }, (_, i) => list.basename(i));
        };
        expect(names(part.contents[0])).toEqual(names(whole.contents[seen++]));
        left = part.left;
        expect(left[0]).toBe(whole.paths[seen]);
      }
      tree.close();
    });
  });

  describe('a look-up', () => {
    it('tells what is there, what needs something, and what else there is', async () => {
      const path = makeTree(dir.at('from'));
      execFileSync('cp', ['-a', `${path}/.`, to.path]);
      const source = withRecords(kernel.openTree(path));
      if (source === undefined) return;
      const tree = kernel.openTree(to.path) as Records;
      const list = listOf(source.list('', options) as Listing);
      for (let i = 0; i < list.count; i++)
        if (list.isRegular(i))
          tree.setMeta(list.basename(i), { mtime: list.mtime(i), mtimeNsec: list.mtimeNsec(i) });
      fs.chmodSync(to.at('a'), 0o600);
      fs.writeFileSync(to.at('a-'), 'other');
      fs.rmSync(to.at('B'));
      fs.writeFileSync(to.at('extra'), '');
      const names = Array.from({ length: list.count }, (_, i) => list.basename(i));
      const runs = {
        dirs: [''],
        counts: Uint32Array.of(list.count),
        records: list.recordBytes(0, list.count),
        names: list.names,
        wanted,
        lookFor: Extra.Acls | Extra.Xattrs,
        extras: true,
      };
      const found = tree.lookUp(runs);
      const rows = tree.lstatMany('', names);
      for (let i = 0; i < list.count; i++) {
        expect(found.rows.errno(i)).toBe(rows.errno(i));
        if (list.isRegular(i) && !found.others.includes(i)) continue;
        expect(found.rows.mode(i)).toBe(rows.mode(i));
        expect(found.rows.inoLow(i)).toBe(rows.inoLow(i));
        const all = Lacks.AccessAcl | Lacks.Xattrs;
        if (found.rows.isRegular(i)) expect(found.rows.lacks(i)).toBe(all);
      }
      const needing = ['B', 'a', 'a-'];
      expect([...found.others].map((i) => names[i])).toEqual(needing);
      const needs = (more: Partial<WantedState>) =>
        [...tree.lookUp({ ...runs, wanted: { ...wanted, ...more } }).others].map((i) => names[i]);
      expect(needs({ targets: false })).toEqual([...needing, 'link']);
      const b = names.indexOf('b');
      list.setFlag(b, EntryFlag.Hlinked);
      expect(needs({})).toEqual(['B', 'a', 'a-', 'b']);
      list.clearFlag(b, EntryFlag.Hlinked);
      // As long as it was, and as old.
      fs.rmSync(to.at('link'));
      fs.symlinkSync('nowhere/zz', to.at('link'));
      const link = names.indexOf('link');
      tree.setMeta('link', { mtime: list.mtime(link), mtimeNsec: list.mtimeNsec(link) });
      expect(needs({})).toEqual([...needing, 'link']);
      const [extras] = found.extras;
      expect((extras as StatTable).count).toBe(1);
      expect((extras as StatTable).name(0)).toBe('extra');
      const later = await tree.lookUpAsync({ ...runs, wanted: undefined, lookFor: 0, extras: false });
      expect([...later.others]).toEqual(names.map((_, i) => i));
      expect(later.extras).toEqual([]);
      expect(later.rows.lacks(0)).toBe(0);
      source.close();
      tree.close();
    });

    it('compares contents with those of another tree', async () => {
      const [ours, theirs] = [dir.at('theirs'), to.at('ours')];
      for (const path of [ours, theirs]) fs.mkdirSync(path);
      const big = noise(3_000_000, 5);
      const changed = Buffer.from(big);
      changed[2_999_999] ^= 1;
      const files: [string, Buffer, Buffer | undefined][] = [
        ['big', big, big],
        ['big-changed', big, changed],
        ['empty', Buffer.alloc(0), Buffer.alloc(0)],
        ['gone', Buffer.from('x'), undefined],
        ['longer', Buffer.from('x'), Buffer.from('xx')],
        ['same', Buffer.from('some'), Buffer.from('some')],
        ['small-changed', Buffer.from('some'), Buffer.from('same')],
        ['touched', Buffer.from('some'), Buffer.from('some')],
      ];
      for (const [name, there, here] of files) {
        fs.writeFileSync(`${theirs}/${name}`, there);
        if (here !== undefined) fs.writeFileSync(`${ours}/${name}`, here);
        for (const path of here === undefined ? [theirs] : [ours, theirs])
          fs.utimesSync(`${path}/${name}`, 1e9, name === 'touched' && path === ours ? 2e9 : 1e9);
      }
      const source = withRecords(kernel.openTree(theirs));
      if (source === undefined) return;
      const tree = kernel.openTree(ours) as Records;
      const list = listOf(source.list('', options) as Listing);
      const names = Array.from({ length: list.count }, (_, i) => list.basename(i));
      const runs = {
        dirs: [''],
        counts: Uint32Array.of(list.count),
        records: list.recordBytes(0, list.count),
        names: list.names,
        wanted,
        lookFor: 0,
        extras: false,
      };
      const digest = { name: 'xxh128', seed: 0, seedFirst: true } as const;
      const { same, others } = await tree.lookUpAsync({ ...runs, compare: { source, digest } });
      expect(names.map((name, i) => [name, same[i]])).toEqual([
        ['big', isSame],
        ['big-changed', isOther],
        ['empty', isSame],
        ['gone', 0],
        ['longer', 0],
        ['same', isSame],
        ['small-changed', isOther],
        ['touched', isSame],
      ]);
      const needing = ['big-changed', 'gone', 'longer', 'small-changed', 'touched'];
      expect([...others].map((i) => names[i])).toEqual(needing);
      expect((await tree.lookUpAsync(runs)).same.length).toBe(0);
      tree.interrupt();
      const late = await tree.lookUpAsync({ ...runs, compare: { source, digest } });
      expect([...late.same]).not.toContain(isSame);
      expect(late.others.length).toBe(list.count);
      source.close();
      tree.close();
    });

    it('refuses records that are not there', () => {
      const tree = withRecords(kernel.openTree(dir.path));
      if (tree === undefined) return;
      const counts = Uint32Array.of(1);
      const runs = { dirs: [''], counts, names: Buffer.alloc(0), wanted, lookFor: 0, extras: false };
      expect(() => tree.lookUp({ ...runs, records: new Uint8Array(0) })).toThrow();
      const pointing = new Uint8Array(48).fill(0xff);
      expect(() => tree.lookUp({ ...runs, records: pointing })).toThrow();
      tree.close();
    });
  });
});
