/** Who listens to a run, how, and what becomes of the run: slow ones, some who leave, some who throw. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type SyncEvent, sync } from '../../ts/index.ts';
import { ours } from '../support/peers.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder, placed, ways } from './places.ts';

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, k) => [`d${k % 97}/f${k}`, '']));
const big = 'the new content '.repeat(400_000);

/** Beginnings of files that were not finished. */
const unfinished = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(^|\/)\.[^/]+\.\w{6}$/.test(name),
  );

describe.each(ways)('%s', (way) => {
  test('an aborted run leaves nothing half done', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1', big });
      const dst = folder(join(work, 'dst'), { big: 'the old one' });
      const at = placed(way, `${src}/`, `${dst}/`, ours());
      const controller = new AbortController();
      const why = new Error('enough');
      const going = sync(at.source, at.destination, {
        recursive: true,
        bwlimit: 1500,
        ...at.far,
        signal: controller.signal,
        onEvent(event) {
          if (event.type === 'progress' && event.path === 'big') controller.abort(why);
        },
      });
      const error = await failureOf(going);
      expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', exitCode: 20, exitName: 'RERR_SIGNAL' });
      expect(error.cause).toBe(why);
      // The far end learns of it a moment later.
      if (way !== 'local') await sleep(700);
      expect(readFileSync(join(dst, 'big'), 'latin1').slice(0, 20)).toBe('the old one');
      expect(unfinished(dst)).toEqual([]);
      await sync(at.source, at.destination, { recursive: true, ...at.far });
      expect(readFileSync(join(dst, 'big'), 'latin1') === big).toBe(true);
    }));

  test('a listener that throws ends the run, which rejects with what it threw', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1', big });
      const at = placed(way, `${src}/`, join(work, 'dst'), ours());
      const why = new Error('not so');
      const onEvent = (event: SyncEvent) => {
        if (event.type === 'item' && event.path === 'a') throw why;
      };
      const options = { recursive: true, bwlimit: 1500, ...at.far, onEvent };
      const error = await failureOf(sync(at.source, at.destination, options));
      expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: why });
      if (way !== 'local') await sleep(700);
      expect(existsSync(join(work, 'dst', 'big'))).toBe(false);
      expect(unfinished(join(work, 'dst'))).toEqual([]);
    }));

  test('who leaves the loop early leaves the run as it is', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), many(300));
      const at = placed(way, `${src}/`, join(work, 'dst'), ours());
      const going = sync(at.source, at.destination, { recursive: true, ...at.far });
      let heard = 0;
      for await (const event of going) if (event.type === 'item' && ++heard === 3) break;
      const { stats } = await going;
      expect(heard).toBe(3);
      expect(stats.createdFiles).toBe(300 + 97 + 1);
    }));

  test('the run waits for who is slow, and nothing is lost', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), many(6000));
      const at = placed(way, `${src}/`, join(work, 'dst'), ours());
      const going = sync(at.source, at.destination, { recursive: true, ...at.far });
      let items = 0;
      const done = going.then(() => 'done');
      for await (const event of going) {
        if (event.type === 'item') items++;
        // So long that a run which did not wait would be over.
        if (items === 1 && event.type === 'item') {
          const first = await Promise.race([done, sleep(2500, 'waits')]);
          expect(first).toBe('waits');
        }
      }
      expect(items).toBe(6000 + 97 + 1);
    }));
});

test.each(['start', 'end'])('a listener that throws at the %s is heard', (type) =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const why = new Error('not so');
    const onEvent = (event: SyncEvent) => {
      if (event.type === type) throw why;
    };
    const error = await failureOf(sync(`${src}/`, join(work, 'dst'), { recursive: true, onEvent }));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', exitCode: 20, cause: why });
    expect(existsSync(join(work, 'dst', 'a'))).toBe(type === 'end');
  }),
);

test('an abort before the run begins changes nothing', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const going = sync(`${src}/`, join(work, 'dst'), { recursive: true, signal: AbortSignal.abort() });
    const events = await eventsOf(going);
    const error = await failureOf(going);
    expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', stats: undefined });
    expect((error.cause as Error).name).toBe('AbortError');
    expect(events.map(({ type }) => type)).toEqual(['end']);
    expect(existsSync(join(work, 'dst'))).toBe(false);
  }));

test('an abort ends a run that is still being connected', () =>
  withWorkspace(async (work) => {
    const started = performance.now();
    const signal = AbortSignal.timeout(300);
    const error = await failureOf(sync(work, 'sleep:x', { rsh: 'sh -c "exec sleep 30"', signal }));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: { name: 'TimeoutError' } });
    expect(performance.now() - started).toBeLessThan(5000);
  }));

test('an abort frees a run that waits for who is slow', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), many(6000));
    const controller = new AbortController();
    const going = sync(`${src}/`, join(work, 'dst'), { recursive: true, signal: controller.signal });
    // Takes nothing at all.
    going[Symbol.asyncIterator]();
    setTimeout(() => controller.abort(), 1500);
    expect(await failureOf(going)).toMatchObject({ code: 'ERR_RSYNC_ABORTED' });
    expect(unfinished(join(work, 'dst'))).toEqual([]);
  }));

test('events are to be asked for at once', () =>
  withWorkspace(async (work) => {
    const going = sync(folder(join(work, 'src'), { a: '1' }), join(work, 'dst'), { recursive: true });
    await sleep(1);
    expect(() => going[Symbol.asyncIterator]()).toThrow(/at once/);
    await going;
  }));

test('several can listen at a time, each at its own pace', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), many(50));
    const heard: SyncEvent[] = [];
    const onEvent = (event: SyncEvent) => heard.push(event);
    const going = sync(`${src}/`, join(work, 'dst'), { recursive: true, onEvent });
    const [one, two] = await Promise.all([eventsOf(going), eventsOf(going)]);
    expect(one).toEqual(two);
    expect(heard.filter(({ type }) => type === 'item')).toEqual(one.filter(({ type }) => type === 'item'));
  }));
