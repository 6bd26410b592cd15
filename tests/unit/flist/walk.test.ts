import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RsyncError, SysError } from '../../../ts/errors.ts';
import { createFilters } from '../../../ts/filter/index.ts';
import type { FileLists } from '../../../ts/flist/file-lists.ts';
import { FlistSender } from '../../../ts/flist/send.ts';
import { confineListedName, splitSource } from '../../../ts/flist/source-arg.ts';
import type { ByteString, Kernel, Tree } from '../../../ts/kernel/kernel.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import { filterContext } from '../../support/host.ts';
import { diskKernel } from './disk.ts';
import { collectingWriter, testContext, testNegotiated } from './wire.ts';

const rsync = process.env.OC_RSYNC_PEER ?? 'rsync';
let base: string;
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'walk-')));
  for (const dir of ['src/a/b/c', 'src/d', 'src/bad', 'other'])
    mkdirSync(join(base, dir), { recursive: true });
  for (const name of [
    'src/f',
    'src/a/x',
    'src/a/b/y',
    'src/a/b/c/z',
    'src/d/skip.o',
    'src/d/keep',
    'other/f',
  ])
    writeFileSync(join(base, name), name);
  writeFileSync(join(base, 'src/d/.rsync-filter'), '- *.o\n');
  symlinkSync('nowhere', join(base, 'src/dangling'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Walked {
  lists: FileLists;
  lines: string[];
  ioError: number;
  names: ByteString[];
}

async function walk(
  args: readonly ByteString[],
  changes: Partial<Options> = {},
  settings: { inc?: boolean; kernel?: Kernel; filesFrom?: readonly ByteString[] } = {},
): Promise<Walked> {
  const options = defaultOptions({
    recursive: true,
    dirs: true,
    links: true,
    times: true,
    perms: true,
    ...changes,
  });
  const negotiated = testNegotiated(32, { incRecurse: settings.inc ?? false });
  const context = testContext(settings.kernel ?? diskKernel, options, negotiated);
  const { writer } = collectingWriter(32);
  const sender = new FlistSender({
    now: Date.now,
    ...context,
    writer,
    filters: createFilters(options, filterContext()),
    cwd: base,
  });
  const from = settings.filesFrom;
  const lists = await sender.sendInitial(
    args,
    from &&
      (async function* () {
        yield* from;
      })(),
  );
  while (!lists.eof) await sender.sendMore(-1);
  const names: ByteString[] = [];
  for (const list of lists.segments)
    for (let i = 0; i < list.count; i++) names.push(list.path(i) + (list.isDir(i) ? '/' : ''));
  return { lists, lines: context.lines, ioError: context.state.ioError, names };
}

/** What real rsync says on stderr, without its last line. */
function complaints(args: readonly string[]): string[] {
  const { stderr } = spawnSync(rsync, ['-rlpt', '--list-only', ...args], { cwd: base, encoding: 'latin1' });
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('rsync error'));
}

/** The same tree, but `scan` of `dir` and the status of `name` fail. */
function failing(dir: string, errno: number, name = ''): Kernel {
  return {
    ...diskKernel,
    openTree(path: ByteString): Tree {
      const tree = diskKernel.openTree(path);
      const scan = tree.scan.bind(tree);
      const lstat = tree.lstat.bind(tree);
      tree.scan = (at, options) => {
        if (at === dir) throw new SysError(errno, '', 'opendir');
        return scan(at, options);
      };
      tree.lstat = (at) => {
        if (at === name) throw new SysError(errno, '', 'lstat');
        return lstat(at);
      };
      return tree;
    },
  } as Kernel;
}

it('empty directories, which are no entries, do not all go ahead of the peer', async () => {
  const count = 3000;
  for (let i = 0; i < count; i++) mkdirSync(join(base, 'many', `d${i}`), { recursive: true });
  const options = defaultOptions({ recursive: true, dirs: true });
  const negotiated = testNegotiated(32, { incRecurse: true });
  const context = testContext(diskKernel, options, negotiated);
  const { writer } = collectingWriter(32);
  const filters = createFilters(options, filterContext());
  const sender = new FlistSender({ ...context, now: Date.now, writer, filters, cwd: base });
  const lists = await sender.sendInitial(['many']);
  let most = 0;
  for (let released = 0; !lists.eof; released++) {
    await sender.sendMore(1000);
    most = Math.max(most, lists.segments.length);
    // The peer is done with the first one.
    lists.releaseFirst();
    expect(released).toBeLessThan(count);
  }
  expect(lists.totals.entries).toBe(count + 1);
  expect(most).toBeGreaterThan(500);
  expect(most).toBeLessThan(1100);
});

describe('source arguments', () => {
  it.each([
    ['src', ['', 'src', 'normal']],
    ['src/', ['src', '.', 'dot']],
    ['a/b', ['a', 'b', 'normal']],
    ['a//b/', ['a//b', '.', 'dot']],
    ['.', ['', '.', 'dot']],
    ['./', ['', '.', 'dot']],
    ['..', ['..', '.', 'dot']],
    ['a/..', ['a/..', '.', 'dot']],
    ['/', ['/', '.', 'dot']],
    ['/x', ['/', 'x', 'normal']],
    ['', ['', '.', 'dot']],
  ])('%j', (arg, [dir, name, type]) => {
    expect(splitSource(arg, false)).toMatchObject({ dir, name, type });
  });
  it.each([
    ['a/b', ['', 'a/b', 'normal']],
    ['a/b/', ['', 'a/b', 'slash']],
    ['a/./b//c/', ['a', 'b/c', 'slash']],
    ['/x/./', ['/x', '.', 'dot']],
    ['/', ['', '/.', 'dot']],
    ['./a', ['', 'a', 'normal']],
    ['/a/b', ['', '/a/b', 'normal']],
    ['a/.', ['', 'a', 'slash']],
  ])('%j with --relative', (arg, [dir, name, type]) => {
    expect(splitSource(arg, true)).toMatchObject({ dir, name, type });
  });
  it('refuses .. in the active part', () => {
    const attempt = () => splitSource('a/./b/../c', true);
    expect(attempt).toThrow(RsyncError);
    expect(attempt).toThrow('found ".." dir in relative path: b/../c');
  });
  it.each([
    ['../../etc', false, 'etc'],
    ['/a/../../b/', false, 'b/'],
    ['./a/./b', true, './a/./b'],
    ['./a/./b', false, 'a/b'],
    ['..', false, '.'],
  ])('confines the listed name %j', (name, relative, expected) => {
    expect(confineListedName(name, relative)).toBe(expected);
  });
});

describe('the walk', () => {
  it.each([false, true])('visits everything (incremental: %s)', async (inc) => {
    const { names, lists } = await walk(['src/'], {}, { inc });
    expect(names.slice(0, 3)).toEqual(['./', 'dangling', 'f']);
    expect([...names].sort()).toEqual(
      ['./ a/ a/b/ a/b/c/ a/b/c/z a/b/y a/x bad/ d/ d/.rsync-filter d/keep d/skip.o dangling f'][0]
        .split(' ')
        .sort(),
    );
    expect(lists.totals).toMatchObject({ files: 7, dirs: 6, links: 1 });
  });

  it.each([false, true])('reads filters on its way (incremental: %s)', async (inc) => {
    const filters = [
      { kind: 'filter', rule: ': /.rsync-filter' },
      { kind: 'exclude', pattern: '/a/b' },
    ] as const;
    const { names } = await walk(['src/'], { filters }, { inc });
    expect(names).not.toContain('d/skip.o');
    expect(names).toContain('d/keep');
    expect(names).toContain('a/x');
    expect(names.some((name) => name.startsWith('a/b'))).toBe(false);
  });

  it('takes names from a list', async () => {
    const options = { recursive: false, relative: true };
    const { names } = await walk(['src'], options, { filesFrom: ['a/b/y', '../f', 'd/'] });
    expect(names).toEqual(['f', 'a/', 'a/b/', 'a/b/y', 'd/', 'd/.rsync-filter', 'd/keep', 'd/skip.o']);
  });

  it('leaves directories out without -r and -d', async () => {
    const { lines, names } = await walk(['src', 'other/f'], { recursive: false, dirs: false });
    expect(names).toEqual(['f']);
    expect(lines).toEqual(['info: skipping directory src']);
  });

  it.each(['src/missing', 'missing/', 'missing/x/', 'src/f/'])(
    'complains of %s as rsync does',
    async (arg) => {
      const { lines } = await walk([arg, 'other/']);
      expect(lines.map((line) => line.replace(/^error-xfer: /, ''))).toEqual(complaints([arg, 'other/']));
    },
  );

  it('complains of links without referent as rsync does', async () => {
    const { lines, ioError, names } = await walk(['src/'], { copyLinks: true });
    expect(lines.map((line) => line.replace(/^error-xfer: /, ''))).toEqual(complaints(['-L', 'src/']));
    expect(ioError).toBe(1);
    expect(names).not.toContain('dangling');
  });

  it.each([false, true])('goes on where a directory cannot be read (incremental: %s)', async (inc) => {
    const { lines, ioError, names } = await walk(['src/'], {}, { inc, kernel: failing('bad', 13) });
    expect(lines).toEqual([
      `error-xfer: rsync: [sender] opendir "${base}/src/bad" failed: Permission denied (13)`,
    ]);
    expect(ioError).toBe(1);
    expect(names).toContain('d/keep');
  });

  it('says what has vanished', async () => {
    const { lines, ioError } = await walk(['src/'], {}, { kernel: failing('bad', 2) });
    expect(lines).toEqual([`warning: directory has vanished: "${base}/src/bad"`]);
    expect(ioError).toBe(2);
  });

  it('does not follow other file systems', async () => {
    const { lists } = await walk(['src/'], { oneFileSystem: 1 });
    expect(lists.totals.dirs).toBe(6);
  });

  it('orders sources of equal names as rsync lists them', async () => {
    const { names, lists } = await walk(['src/', 'other/'], {}, { inc: true });
    expect(names.filter((name) => name === 'f')).toEqual(['f', 'f']);
    const [first] = lists.segments;
    const paths = [...Array(first.count).keys()]
      .filter((i) => first.basename(i) === 'f')
      .map((i) => lists.rootOf(first, i).path);
    expect(paths).toEqual([`${base}/src`, `${base}/other`]);
    expect(execFileSync(rsync, ['-r', '--list-only', 'src/', 'other/'], { cwd: base }).toString()).toContain(
      ' f\n',
    );
  });
});
