/** Runs that fail, or lose something on the way: what they reject with, and what they leave. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RsyncError, type SyncEvent, sync } from '../../ts/index.ts';
import { bytes } from '../support/bytes.ts';
import { isRoot, ours, referencePeer } from '../support/peers.ts';
import { cuttingShell } from '../support/rsh.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder, lsh, placed, ways } from './places.ts';

const reference = referencePeer();
const peers = [ours(), ...(reference === null ? [] : [reference])];

/** What root cannot read either is not there. */
const unreadable = { name: 'secret', errno: isRoot ? 2 : 13 };

describe.each(peers)('with $name at the other end', (peer) => {
  test.each(ways)('%s: exit 23 names each file and its reason', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { good: '1', secret: '2' });
      const dst = join(work, 'dst');
      if (isRoot) rmSync(join(src, 'secret'));
      else chmodSync(join(src, 'secret'), 0);
      const at = placed(way, '', '', peer);
      const source = (name: string) => (way === 'pull' ? `lh:${src}/${name}` : `${src}/${name}`);
      const events: SyncEvent[] = [];
      const error = await failureOf(
        sync([source('good'), source(unreadable.name)], way === 'push' ? `lh:${dst}/` : `${dst}/`, {
          ...at.far,
          onEvent: (event) => events.push(event),
        }),
      );
      expect(error).toBeInstanceOf(RsyncError);
      expect(error).toMatchObject({
        name: 'RsyncError',
        code: 'ERR_RSYNC_PARTIAL',
        exitCode: 23,
        exitName: 'RERR_PARTIAL',
        retryable: false,
        // A sender counts what it was asked for, as rsync's does, before it opens it.
        stats: { transferredFiles: isRoot || way === 'pull' ? 1 : 2 },
      });
      const path = join(src, unreadable.name);
      expect(error.failures).toEqual([
        { path, errno: unreadable.errno, reason: isRoot ? 'No such file or directory' : 'Permission denied' },
      ]);
      expect(error.message).toContain(path);
      expect(error.stderrTail).toContain(`"${path}"`);
      expect(events.filter(({ type }) => type === 'failure')).toEqual([
        { type: 'failure', ...error.failures[0] },
      ]);
      expect(events.at(-1)).toMatchObject({ type: 'end', exitCode: 23 });
      expect(readdirSync(dst)).toEqual(['good']);
    }),
  );

  test.each(ways)('%s: a missing parent of the destination', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1' });
      const at = placed(way, `${src}/`, join(work, 'no/where'), peer);
      const error = await failureOf(sync(at.source, at.destination, { recursive: true, ...at.far }));
      expect(error).toMatchObject({ code: 'ERR_RSYNC_FILEIO', exitCode: 11 });
      expect(error.stderrTail).toMatch(/mkdir ".*\/no\/where" failed: No such file or directory \(2\)/);
      expect(error.failures.map(({ path, errno }) => [path, errno])).toEqual([[join(work, 'no/where'), 2]]);
      expect(existsSync(join(work, 'no'))).toBe(false);
    }),
  );

  test('names that are no UTF-8 fail as bytes', () =>
    withWorkspace(async (work) => {
      for (const way of ways) {
        const at = placed(way, `${work}/`, join(work, 'dst/'), peer);
        const source = bytes(`${at.source}a"b\xe9`);
        const { failures } = await failureOf(sync(source, at.destination, at.far));
        expect(failures).toEqual([
          {
            path: `${work}/a"b\ufffd`,
            pathBytes: Uint8Array.from(bytes(`${work}/a"b\xe9`)),
            reason: 'No such file or directory',
            errno: 2,
          },
        ]);
      }
    }));
});

test('vanished sources are told of and fail nothing', () =>
  withWorkspace(async (work) => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`f${k}`, 'x'.repeat(50_000)]));
    const src = folder(join(work, 'src'), { ...files, zzz: 'goes' });
    const options = { recursive: true, bwlimit: 4000, rsh: lsh, rsyncPath: ours().command.join(' ') };
    const going = sync(`${src}/`, `lh:${join(work, 'dst')}`, {
      ...options,
      onEvent(event) {
        if (event.type === 'item' && event.path === 'f1') rmSync(join(src, 'zzz'), { force: true });
      },
    });
    const result = await going;
    expect(result.exitCode).toBe(24);
    expect(result.vanished).toEqual([{ path: join(src, 'zzz'), reason: 'vanished' }]);
    expect(readdirSync(join(work, 'dst')).length).toBe(40);
  }));

test('a connection that breaks can be tried again', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: 'x'.repeat(500_000) });
    const options = { rsh: cuttingShell(work, { back: 20 }), rsyncPath: ours().command.join(' ') };
    const error = await failureOf(sync(`${src}/a`, `lh:${work}/dst`, options));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_STREAMIO', exitCode: 12, retryable: true });
    expect(existsSync(join(work, 'dst'))).toBe(false);
  }));

test('what a remote shell says is heard, and its exit value told', () =>
  withWorkspace(async (work) => {
    const env = { ...process.env, LSH_FAIL: '7' };
    const going = sync(folder(join(work, 'src'), {}), 'lh:/nowhere', { rsh: lsh, env });
    const events = await eventsOf(going);
    const error = await failureOf(going);
    expect(error.exitCode).toBe(12);
    expect(error.stderrTail).toContain('lsh: refused as asked');
    expect(events).toContainEqual({ type: 'message', level: 'error', text: 'lsh: refused as asked' });
    const none = await failureOf(sync(work, 'lh:/nowhere', { rsh: join(work, 'no-such-shell') }));
    expect(none.exitCode).toBe(14);
  }));

test('-v and the like are told as messages, line by line', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { 'a\nb': '1' });
    const events = await eventsOf(sync(`${src}/`, join(work, 'dst'), { recursive: true, verbose: true }));
    const texts = events.flatMap((event) => (event.type === 'message' ? [event.text] : []));
    expect(texts).toContain('sending incremental file list');
    expect(texts).toContain('a\nb');
    expect(texts.some((text) => /^sent \d+ bytes {2}received/.test(text))).toBe(true);
  }));

test('a run that fails says so where nobody listens', () =>
  withWorkspace(async (work) => {
    writeFileSync(join(work, 'file'), 'old');
    const error = await failureOf(sync(join(work, 'none'), join(work, 'file')));
    expect(error.failures.length).toBeGreaterThan(0);
    expect(readFileSync(join(work, 'file'), 'utf8')).toBe('old');
  }));
