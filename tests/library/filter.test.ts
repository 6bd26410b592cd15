/** `filter` as a function, beside real rsync with a rule that says the same. */
import {
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ListEntry, list, plan, type RunOptions, sync, verify } from '../../ts/index.ts';
import { bytes } from '../support/bytes.ts';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder, itemized, lsh, placed, ways } from './places.ts';

const reference = referencePeer()!;

/** A tree, and one that has fallen behind it and has more of what is left out. */
function twins(dir: string): { src: string; dst: string } {
  const src = folder(join(dir, 'src'), {
    'a.o': 'object',
    'a.c': 'text',
    'sub/b.o': 'object',
    'sub/b.c': 'changed',
    'cache.o/deep/x.c': 'below',
    'z.o/y': 'below',
    linked: 'l',
  });
  symlinkSync('a.c', join(src, 'link.o'));
  symlinkSync('a.c', join(src, 'link'));
  linkSync(join(src, 'linked'), join(src, 'a first name.o'));
  linkSync(join(src, 'linked'), join(src, 'linked too'));
  const dst = folder(join(dir, 'dst'), {
    'a.o': 'other object',
    'sub/b.c': 'old',
    'gone.c': '',
    'kept.o': '',
    'gone/in/it': '',
    'gone too/kept.o': '',
    'cache.o/old': '',
    'z.o/old': '',
  });
  for (const place of [src, dst]) {
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' }).sort().reverse();
    for (const name of names)
      lutimesSync(join(place, name), place === src ? 1e6 : 2e6, place === src ? 1e6 : 2e6);
    utimesSync(place, 1e6, 1e6);
  }
  return { src: `${src}/`, dst: `${dst}/` };
}

const notObjects = ({ path }: ListEntry): boolean => !path.endsWith('.o');

/** What --stats says of the list and of the transfer. */
function figures(stdout: string): Record<string, number> {
  const of = (label: string) =>
    Number(new RegExp(`^${label}: ([\\d,]+)`, 'm').exec(stdout)?.[1]?.replaceAll(',', ''));
  return {
    numFiles: of('Number of files'),
    createdFiles: of('Number of created files'),
    deletedFiles: of('Number of deleted files'),
    transferredFiles: of('Number of regular files transferred'),
    totalSize: of('Total file size'),
    transferredSize: of('Total transferred file size'),
  };
}

const cases: readonly (readonly [string, RunOptions, string[]])[] = [
  ['without deletions', {}, []],
  ['with deletions on the way', { delete: true }, ['--delete']],
  ['with deletions before', { deleteBefore: true }, ['--delete-before']],
  ['with deletions after', { deleteAfter: true, incRecursive: false }, ['--delete-after']],
  ['with late deletions', { deleteDelay: true }, ['--delete-delay']],
  ['with hard links', { hardLinks: true }, ['-H']],
  ['as a dry run', { delete: true, dryRun: true }, ['--delete', '-n']],
  ['at once, without empty folders', { pruneEmptyDirs: true }, ['-m']],
  [
    'with what is left out deleted',
    { delete: true, deleteExcluded: true },
    ['--delete', '--delete-excluded'],
  ],
  ['with checksums', { checksum: true }, ['-c']],
];

/** What a function cannot do one way. */
const refused = (way: (typeof ways)[number], options: RunOptions): boolean => {
  const deletes = Object.keys(options).some((name) => name.startsWith('delete'));
  if (options.deleteExcluded) return way === 'pull';
  return way === 'push' && deletes;
};

describe.skipIf(referencePeer() === null)('beside --exclude', () => {
  const rows = ways.flatMap((way) =>
    cases.filter(([, options]) => !refused(way, options)).map((row) => [way, ...row] as const),
  );
  test.each(rows)('%s %s: the same tree, items and figures', (way, _, options, words) =>
    withWorkspace(async (work) => {
      const [our, ref] = [twins(join(work, 'our')), twins(join(work, 'ref'))];
      const at = placed(way, our.src, our.dst, reference);
      const asked: string[] = [];
      const filter = (entry: ListEntry): boolean => {
        asked.push(entry.path);
        return notObjects(entry);
      };
      const going = sync(at.source, at.destination, { archive: true, ...options, filter, ...at.far });
      const events = await eventsOf(going);
      const { stats } = await going;

      const twin = placed(way, ref.src, ref.dst, reference);
      const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${reference.command.join(' ')}`];
      const args = ['-ai', '--stats', ...words, '--exclude=*.o', ...far, twin.source, twin.destination];
      const theirs = await run([...reference.command, ...args]);
      const items = theirs.stdout
        .split('\n')
        .filter((line) => /^[<>ch.*][fdLDS.d]\S* /.test(line) || line.startsWith('*'));
      expect(itemized(events).sort()).toEqual(items.sort());
      expect(compareSnapshots(takeSnapshot(ref.dst), takeSnapshot(our.dst))).toEqual([]);
      const { deletedFiles, ...expected } = figures(theirs.stdout);
      // The other side has listed, and counted, what it was not told to leave out.
      if (way === 'pull') for (const name of ['numFiles', 'totalSize']) delete expected[name];
      expect(stats).toMatchObject({ ...expected, ...(Number.isNaN(deletedFiles) ? {} : { deletedFiles }) });
      // What lies in a folder that is left out is not found.
      expect(asked.filter((path) => /\.o\//.test(path))).toEqual([]);
      if (!options.delete && !words.some((word) => word.startsWith('--delete')))
        expect(asked.length).toBe(new Set(asked).size);
    }),
  );
});

test.each(ways)('%s: is told of each entry what an event tells, and of no entry twice', (way) =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { 'd/f': 'four' });
    symlinkSync('d', join(src, 'l'));
    utimesSync(join(src, 'd/f'), 1000, 1000.5);
    writeFileSync(bytes(`${src}/a\xe9`), '');
    const at = placed(way, `${src}/`, join(work, 'dst/'), ours());
    const entries: ListEntry[] = [];
    const filter = (entry: ListEntry) => entries.push(entry) > 0;
    await sync(at.source, at.destination, { archive: true, ...at.far, filter });
    entries.sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(entries).toMatchObject([
      { path: 'a\ufffd', pathBytes: Uint8Array.from(bytes('a\xe9')), kind: 'file', size: 0 },
      { path: 'd', kind: 'directory', size: 0 },
      { path: 'd/f', kind: 'file', size: 4, mtimeMs: 1_000_500, mode: 0o100644 },
      { path: 'l', kind: 'symlink', linkTarget: 'd' },
    ]);
    expect(entries.length).toBe(4);
  }),
);

test.each(ways)('%s: named sources, whole paths and rules', (way) =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { 'p/q/a': '', 'p/q/b': '', 'p/no': '', 'c.tmp': '' });
    const at = placed(way, '', join(work, 'dst/'), ours());
    const source = (name: string) => (way === 'pull' ? `lh:${src}/${name}` : `${src}/${name}`);
    const asked: string[] = [];
    const filter = ({ path }: ListEntry) => {
      asked.push(path);
      return !path.endsWith('/b') && path !== 'c.tmp';
    };
    await sync([source('p'), source('c.tmp')], at.destination, {
      archive: true,
      filter,
      exclude: 'no',
      ...at.far,
    });
    expect(readdirSync(join(work, 'dst'), { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'p',
      'p/q',
      'p/q/a',
    ]);
    expect(asked.sort()).toEqual(['c.tmp', 'p', 'p/q', 'p/q/a', 'p/q/b']);
    for (const incRecursive of [true, false]) {
      asked.length = 0;
      const dst = `${way === 'push' ? 'lh:' : ''}${join(work, `dst ${incRecursive}`)}`;
      const options = { archive: true, relative: true, incRecursive, filter, ...at.far };
      await sync([source('./p/q/a'), source('./p/q/b')], dst, options);
      const found = readdirSync(join(work, `dst ${incRecursive}`), { recursive: true, encoding: 'utf8' });
      expect(found.sort()).toEqual(['p', 'p/q', 'p/q/a']);
      expect(asked.sort()).toEqual(['p/q/a', 'p/q/b']);
    }
  }),
);

test.each([28, 29, 32])('pull by protocol %d: nothing comes that lies in what is left out', (protocol) =>
  withWorkspace(async (work) => {
    // In a list of protocol 28 `d-e` is between `d` and what lies in it.
    const src = folder(join(work, 'src'), { 'd/in/it': '', 'd-e/in': '', 'd.f': '', 'e/in': '' });
    const at = placed(
      'pull',
      `${src}/`,
      folder(join(work, 'dst'), { 'd/old': '' }),
      referencePeer() ?? ours(),
    );
    const asked: string[] = [];
    const filter = ({ path }: ListEntry) => {
      asked.push(path);
      return !path.startsWith('d');
    };
    await sync(at.source, at.destination, { archive: true, delete: true, protocol, ...at.far, filter });
    expect(readdirSync(join(work, 'dst'), { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'd',
      'd/old',
      'e',
      'e/in',
    ]);
    expect(asked.sort()).toEqual(['d', 'd-e', 'd.f', 'e', 'e/in']);
  }),
);

test('what is left out of the sources is not deleted, whatever lies at the destination', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { 'd/large': 'x'.repeat(100), 'd/small': 's' });
    const dst = folder(join(work, 'dst'), {
      'd/large': 'was small',
      'd/other': 'small',
      'd/huge': 'y'.repeat(100),
    });
    for (const incRecursive of [true, false]) {
      const filter = ({ kind, size }: ListEntry) => kind === 'directory' || size < 50;
      await sync(`${src}/`, dst, { archive: true, delete: true, incRecursive, filter });
      expect(readdirSync(join(dst, 'd')).sort()).toEqual(['huge', 'large', 'small']);
    }
  }));

test.each(ways)('%s: lists, plans and comparisons leave out the same', (way) =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { 'a.o': '', 'a.c': '', 'd.o/x': '' });
    const at = placed(way, `${src}/`, join(work, 'dst'), ours());
    const options = { recursive: true, ...at.far, filter: notObjects };
    if (way !== 'push') {
      const { entries } = await list(at.source, options);
      expect(entries.map(({ path }) => path)).toEqual(['.', 'a.c']);
    }
    const { changes, apply } = await plan(at.source, at.destination, options);
    expect(changes.map(({ path }) => path)).toEqual(['./', 'a.c'].map((name) => name.replace(/\/$/, '')));
    await apply();
    expect(readdirSync(join(work, 'dst'))).toEqual(['a.c']);
    if (way === 'push') return;
    expect(await verify(at.source, at.destination, options)).toMatchObject({ equal: true, differences: [] });
  }),
);

describe('a function that fails', () => {
  const why = new Error('not so');
  test.each(ways)('%s: what it throws ends the run, and is the cause', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { 'a/f': '1', 'z/f': '2' });
      for (const when of ['a', 'z/f']) {
        const at = placed(way, `${src}/`, join(work, 'dst'), ours());
        const filter = ({ path }: ListEntry) => {
          if (path === when) throw why;
          return true;
        };
        const error = await failureOf(
          sync(at.source, at.destination, { recursive: true, ...at.far, filter }),
        );
        expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', exitCode: 20, cause: why });
        expect(error.message).toContain('not so');
        expect(existsSync(join(work, 'dst/z/f'))).toBe(false);
      }
    }),
  );

  test('also where it is asked about the destination', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1' });
      const dst = folder(join(work, 'dst'), { gone: '1', kept: '' });
      const filter = ({ path }: ListEntry) => {
        if (path === 'gone') throw why;
        return true;
      };
      const error = await failureOf(sync(`${src}/`, dst, { recursive: true, delete: true, filter }));
      expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: why });
      expect(existsSync(join(dst, 'gone'))).toBe(true);
    }));

  test.each([
    ['a promise', async () => true],
    ['a number', () => 1],
    ['nothing', () => undefined],
  ])('%s is no answer', (_, filter) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1' });
      const error = await failureOf(
        sync(`${src}/`, join(work, 'dst'), { recursive: true, filter: filter as never }),
      );
      expect(error).toMatchObject({ code: 'ERR_RSYNC_SYNTAX', exitCode: 1 });
      expect(error.message).toMatch(/filter function gives true or false/);
      expect(existsSync(join(work, 'dst/a'))).toBe(false);
    }),
  );
});

test.each([
  ['a push that deletes', 'src/', 'lh:dst', { recursive: true, delete: true }, /another host does not know/],
  [
    'a pull that deletes what is left out',
    'lh:src/',
    'dst',
    { recursive: true, deleteExcluded: true },
    /deleteExcluded do not go/,
  ],
  ['a batch that is read', '', 'dst', { readBatch: 'b' }, /batch|no sources/],
  ['a function among rules', 'src/', 'dst', { filter: [() => true] }, /filter takes text/],
])('%s is refused', (_, source, destination, options, words) =>
  withWorkspace(async (work) => {
    mkdirSync(join(work, 'src'));
    const given = { rsh: lsh, cwd: work, filter: () => true, ...options } as RunOptions;
    const error = await failureOf(sync(source === '' ? [] : source, destination, given));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_SYNTAX', exitCode: 1 });
    expect(error.message).toMatch(words);
    expect(existsSync(join(work, 'dst'))).toBe(false);
  }),
);
