/** `list`, `plan` and `verify`: what changes nothing. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { list, plan, sync, verify } from '../../ts/index.ts';
import { bytes } from '../support/bytes.ts';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder, itemized, placed, ways } from './places.ts';

const peers = [ours(), referencePeer()].flatMap((peer) => peer ?? []);

/** A tree with all of its times. */
const snapshot = (dir: string) => takeSnapshot(dir, Number.MAX_SAFE_INTEGER);

/** All bytes and times of a tree, to see that nothing of it is touched. */
const same = (dir: string, before: ReturnType<typeof takeSnapshot>) =>
  expect(compareSnapshots(before, snapshot(dir))).toEqual([]);

describe.each(peers)('with $name at the other end', (peer) => {
  test.each(['local', 'pull'] as const)('%s: list tells what --list-only does', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { 'a/b': '12345', c: '' });
      symlinkSync('a/b -> x', join(src, 'link'));
      writeFileSync(bytes(`${src}/caf\xe9`), '');
      chmodSync(join(src, 'c'), 0o640);
      utimesSync(join(src, 'c'), 1_000_000, 1_000_000.5);
      const at = placed(way, `${src}/`, '', peer);
      const { entries, stats } = await list(at.source, { recursive: true, links: true, ...at.far });
      const plain = await run([...peer.command, '-rl', '--list-only', `${src}/`]);
      const theirs = plain.stdout.trimEnd().split('\n');
      expect(entries.map(({ path }) => path)).toEqual(['.', 'c', 'caf\ufffd', 'link', 'a', 'a/b']);
      expect(theirs.length).toBe(entries.length);
      expect(stats.numFiles).toBe(6);
      expect(entries[1]).toEqual({
        path: 'c',
        kind: 'file',
        size: 0,
        mtimeMs: 1_000_000_500,
        mode: 0o100640,
      });
      expect(entries[3]).toMatchObject({ kind: 'symlink', linkTarget: 'a/b -> x' });
      expect(entries[2]!.pathBytes).toEqual(Uint8Array.from(bytes('caf\xe9')));
      // Without recursion the folder's own entries alone.
      const flat = await list(at.source, { ...at.far, dirs: true });
      expect(flat.entries.map(({ path }) => path).sort()).toEqual(['.', 'a', 'c', 'caf\ufffd', 'link']);
      expect(await failureOf(list(`${at.source}none`, at.far))).toMatchObject({ exitCode: 23 });
    }),
  );

  test.each(ways)('%s: a plan changes nothing until it is applied', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { new: '1', changed: 'newer', 'd/x': '' });
      const dst = folder(join(work, 'dst'), { changed: 'old', 'gone/y': '' });
      const [from, to] = [snapshot(src), snapshot(dst)];
      const at = placed(way, `${src}/`, `${dst}/`, peer);
      const options = { archive: true, delete: true, ...at.far };
      const planned = await plan(at.source, at.destination, options);
      same(src, from);
      same(dst, to);
      expect(planned.stats.transferredFiles).toBe(3);
      // Seen when it is applied, and not before.
      writeFileSync(join(src, 'later'), 'x');
      const applied = planned.apply();
      const events = await eventsOf(applied);
      expect((await applied).exitCode).toBe(0);
      const made = itemized(events).filter((line) => !(line.endsWith(' later') || line.endsWith(' ./')));
      const meant = itemized(planned.changes).filter((line) => !line.endsWith(' ./'));
      const key = (line: string) => line.slice(12);
      expect(made.map(key).sort()).toEqual(meant.map(key).sort());
      expect(readdirSync(dst).sort()).toEqual(['changed', 'd', 'later', 'new']);
      expect((await plan(at.source, at.destination, options)).changes).toEqual([]);
    }),
  );

  test.each(ways)('%s: verify finds what differs, whatever times and sizes say, and writes nothing', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), {
        equal: '1',
        other: 'abc',
        missing: 'm',
        'dir/empty/': '',
        mode: '',
      });
      const dst = folder(join(work, 'dst'), {
        equal: '1',
        other: 'abd',
        'extra/y': '',
        'dir/': '',
        mode: '',
      });
      symlinkSync('one', join(src, 'link'));
      symlinkSync('two', join(dst, 'link'));
      writeFileSync(bytes(`${dst}/caf\xe9`), '');
      for (const dir of [src, dst]) utimesSync(join(dir, 'other'), 1_000_000, 1_000_000);
      utimesSync(join(src, 'equal'), 2_000_000, 2_000_000);
      chmodSync(join(src, 'mode'), 0o600);
      const [from, to] = [snapshot(src), snapshot(dst)];
      const at = placed(way, `${src}/`, `${dst}/`, peer);
      const { equal, differences } = await verify(at.source, at.destination, at.far);
      expect(equal).toBe(false);
      expect(differences.map(({ path, difference }) => `${difference} ${path}`).sort()).toEqual([
        'content link',
        'content other',
        'extra caf\ufffd',
        'extra extra',
        'extra extra/y',
        'missing dir/empty',
        'missing missing',
      ]);
      const strict = await verify(at.source, at.destination, { perms: true, ...at.far });
      expect(strict.differences).toContainEqual({ path: 'mode', kind: 'file', difference: 'attributes' });
      const kept = await verify(at.source, at.destination, {
        delete: false,
        removeSourceFiles: true,
        ...at.far,
      });
      expect(kept.differences.filter(({ difference }) => difference === 'extra')).toEqual([]);
      same(src, from);
      same(dst, to);
      await sync(at.source, at.destination, {
        recursive: true,
        links: true,
        delete: true,
        checksum: true,
        ...at.far,
      });
      expect(await verify(at.source, at.destination, at.far)).toMatchObject({ equal: true, differences: [] });
    }),
  );
});

test('a source that cannot be read verifies nothing', () =>
  withWorkspace(async (work) => {
    mkdirSync(join(work, 'dst'));
    expect(await failureOf(verify(join(work, 'none'), join(work, 'dst')))).toMatchObject({ exitCode: 23 });
  }));

test('verifying with what is not there finds all missing, and makes nothing', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const { differences } = await verify(`${src}/`, join(work, 'dst'));
    expect(differences.map(({ difference }) => difference)).toEqual(['missing', 'missing']);
    expect(existsSync(join(work, 'dst'))).toBe(false);
  }));
