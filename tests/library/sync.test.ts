/** What `sync` leaves, gives and tells, beside real rsync. */
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { list, plan, RsyncError, type SyncEvent, sync, verify } from '../../ts/index.ts';
import { bytes } from '../support/bytes.ts';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder, itemized, lsh, placed, ways } from './places.ts';

const reference = referencePeer()!;

/** A tree, and one that has fallen behind it, with all kinds of changes. */
function twins(dir: string): { src: string; dst: string } {
  const src = folder(join(dir, 'src'), { 'new/a': 'a', 'same/b': 'b', changed: 'newer text', linked: 'l' });
  symlinkSync('changed', join(src, 'link'));
  linkSync(join(src, 'linked'), join(src, 'linked too'));
  const dst = folder(join(dir, 'dst'), { 'same/b': 'b', changed: 'old', 'gone/x': 'x', 'gone too': '' });
  chmodSync(join(dst, 'same'), 0o700);
  for (const file of ['same/b', 'same', 'changed', 'linked', 'new/a', 'new']) {
    utimesSync(join(src, file), 1_000_000, 1_000_000);
    if (existsSync(join(dst, file)) && file !== 'changed') utimesSync(join(dst, file), 1_000_000, 1_000_000);
  }
  for (const file of ['', 'changed', 'gone', 'gone/x', 'gone too'])
    utimesSync(join(dst, file), 2_000_000, 2_000_000);
  utimesSync(src, 1_000_000, 1_000_000);
  return { src: `${src}/`, dst: `${dst}/` };
}

describe.skipIf(referencePeer() === null)('sync', () => {
  test.each(ways)('%s: leaves what rsync leaves, and tells what -i tells', (way) =>
    withWorkspace(async (work) => {
      for (const dryRun of [true, false]) {
        const [our, ref] = [twins(join(work, `our ${dryRun}`)), twins(join(work, `ref ${dryRun}`))];
        const at = placed(way, our.src, our.dst, reference);
        const options = { archive: true, hardLinks: true, delete: true, dryRun, ...at.far };
        const going = sync(at.source, at.destination, options);
        const events = await eventsOf(going);
        const result = await going;

        const twin = placed(way, ref.src, ref.dst, reference);
        const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${reference.command.join(' ')}`];
        const dry = dryRun ? ['-n'] : [];
        const args = ['-aHi', '--delete', ...dry, ...far, twin.source, twin.destination];
        const theirs = await run([...reference.command, ...args]);

        expect(result.exitCode).toBe(theirs.code);
        expect(itemized(events).sort()).toEqual(theirs.stdout.trimEnd().split('\n').sort());
        expect(compareSnapshots(takeSnapshot(ref.dst), takeSnapshot(our.dst))).toEqual([]);
        expect(result.stats.transferredFiles).toBe(3);
        expect(events.at(0)).toMatchObject({ type: 'start', dryRun, destination: at.destination });
        expect(events.at(-1)).toEqual({ type: 'end', exitCode: 0, stats: result.stats });
        const scans = events.filter((event) => event.type === 'scan');
        expect(scans.at(-1)).toMatchObject({ done: true, files: result.stats.numFiles });
        const bytesDone = events.filter((event) => event.type === 'progress').map((event) => event.bytes);
        expect(bytesDone.at(-1)).toBe(result.stats.transferredSize);
        expect(bytesDone).toEqual(bytesDone.toSorted((a, b) => a - b));
      }
    }),
  );

  test('relative names are relative to cwd, and variables come from env', () =>
    withWorkspace(async (work) => {
      folder(join(work, 'there', 'a'), { f: '1' });
      const { exitCode } = await sync('a/', 'lh:b/', {
        recursive: true,
        cwd: join(work, 'there'),
        rsh: undefined,
        rsyncPath: ours().command.join(' '),
        env: { ...process.env, RSYNC_RSH: lsh },
      }).catch((error: RsyncError) => ({ exitCode: error.stderrTail }));
      expect(exitCode).toBe(0);
      // The remote shell starts where we are.
      expect(existsSync(join(work, 'there', 'b', 'f'))).toBe(true);
      await sync(['a/f'], 'c/', { cwd: join(work, 'there'), mkpath: true });
      expect(existsSync(join(work, 'there', 'c', 'f'))).toBe(true);
    }));

  test('options go in their order, and names need no quoting', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, "a 'b' $c; d"), { 'x.o': '', 'keep.o': '', 'y.c': '', '-n': '' });
      const dst = join(work, 'dst "e"');
      await sync(`${src}/`, dst, { recursive: true, include: ['keep.o'], exclude: ['*.o'] });
      expect(readdirSync(dst).sort()).toEqual(['-n', 'keep.o', 'y.c']);
      await sync('--delete', dst, { cwd: folder(join(work, 'odd'), { '--delete': 'x' }) });
      expect(readdirSync(dst)).toContain('--delete');
      await sync(`${src}/`, dst, { args: ['-r', '--delete', '--exclude=*.c'] });
      expect(readdirSync(dst).sort()).toEqual(['-n', 'keep.o', 'x.o', 'y.c']);
    }));

  test.each([
    ['an option that is none', { nonsense: true }, /no option nonsense/],
    ['a value of another kind', { archive: 'yes' }, /archive is true, false/],
    ['text that is none', { exclude: true }, /exclude takes text/],
    ['options that exclude each other', { inplace: true, partialDir: 'p' }, /--inplace cannot be used with/],
    ['--delete without -r', { delete: true }, /--delete does not work without/],
    ['names among args', { args: ['/etc'] }, /args holds options alone/],
    ['a question', { args: ['--version'] }, /command line/],
    ['a server', { args: ['--server'] }, /server|command line/],
    ['a daemon', { args: ['--daemon'] }, /command line/],
    ['another user', { args: ['--copy-as=nobody'] }, /whole process/],
  ])('%s ends a run before it begins', async (_, options, words) => {
    const going = sync('/nowhere', '/nowhere else', options as object);
    const events = await eventsOf(going);
    const error = await going.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(RsyncError);
    expect(error).toMatchObject({
      code: 'ERR_RSYNC_SYNTAX',
      exitCode: 1,
      stats: undefined,
      retryable: false,
    });
    expect((error as Error).message).toMatch(words);
    expect(events.map(({ type }) => type)).toEqual(['message', 'end']);
  });

  test('what is no name is none: nothing is listed, or copied, in its place', () =>
    withWorkspace(async (work) => {
      const none = undefined as unknown as string;
      for (const going of [
        sync([], work),
        sync(none, work),
        sync([work, none], work),
        sync(work, none),
        sync(work, null as unknown as string),
        sync(work, { none: 1 } as unknown as string),
        list([work, work] as unknown as string),
        list([] as unknown as string),
        plan(work, none),
        verify(work, none),
      ])
        expect(await failureOf(going)).toMatchObject({ code: 'ERR_RSYNC_SYNTAX' });
    }));

  test('two runs at once keep apart, and many too', () =>
    withWorkspace(async (work) => {
      const runs = Array.from({ length: 8 }, async (_, k) => {
        const src = folder(join(work, `src${k}`), { [`only${k}`]: 'x'.repeat(100_000 + k) });
        const heard: SyncEvent[] = [];
        const options = { recursive: true, cwd: src, onEvent: (event: SyncEvent) => heard.push(event) };
        const far = k % 2 === 0 ? {} : { rsh: lsh, rsyncPath: reference.command.join(' ') };
        const dst = join(work, `dst${k}`);
        const { stats } = await sync('./', k % 2 === 0 ? dst : `lh:${dst}`, { ...options, ...far });
        expect(stats.totalSize).toBe(100_000 + k);
        expect(heard.flatMap((event) => (event.type === 'item' ? [event.path] : [])).sort()).toEqual([
          '.',
          `only${k}`,
        ]);
        expect(readdirSync(dst)).toEqual([`only${k}`]);
      });
      await Promise.all(runs);
    }));

  test('names that are no UTF-8 come as bytes, and can be given as bytes', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), {});
      writeFileSync(bytes(`${src}/caf\xe9`), '1');
      writeFileSync(join(src, 'héllo'), '2');
      const going = sync(bytes(`${src}/caf\xe9`), join(work, 'dst', '/'));
      const [item] = (await eventsOf(going)).filter((event) => event.type === 'item' && event.transferred);
      expect(item).toMatchObject({ path: 'caf\ufffd', pathBytes: Uint8Array.from([99, 97, 102, 0xe9]) });
      const all = await eventsOf(sync(`${src}/`, join(work, 'dst2'), { recursive: true, dryRun: true }));
      const named = all.flatMap((event) => (event.type === 'item' ? [event] : []));
      expect(named.find(({ path }) => path === 'héllo')).toBeDefined();
      expect(named.find(({ path }) => path === 'héllo')).not.toHaveProperty('pathBytes');
    }));

  test('leaves the process as it was', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1' });
      const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
      const { signal } = new AbortController();
      const during: unknown[] = [];
      const onEvent = () =>
        during.push(process.eventNames().map((name) => [name, process.listenerCount(name)]));
      await sync(`${src}/`, join(work, 'dst'), { recursive: true, signal, onEvent });
      expect(during.length).toBeGreaterThan(2);
      for (const now of during) expect(now).toEqual(before);
    }));
});
