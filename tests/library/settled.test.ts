/** `reject: false`: results of runs that failed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { list, plan, RsyncError, type SyncEvent, sync, verify } from '../../ts/index.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder } from './places.ts';

const reject = false;

test('a run that failed resolves with what came of it', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const sources = [join(src, 'a'), join(src, 'none')];
    const result = await sync(sources, join(work, 'dst/'), { reject });
    const failures = [{ path: join(src, 'none'), reason: 'No such file or directory', errno: 2 }];
    expect(result).toMatchObject({ exitCode: 23, failures, vanished: [], stats: { transferredFiles: 1 } });
    expect(result.error).toBeInstanceOf(RsyncError);
    expect(result.error).toMatchObject({ code: 'ERR_RSYNC_PARTIAL', failures });
    expect(existsSync(join(work, 'dst/a'))).toBe(true);
  }));

test('one that did not has no error', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const result = await sync(`${src}/`, join(work, 'dst'), { recursive: true, reject });
    expect(result).toMatchObject({ exitCode: 0, failures: [], error: undefined });
    const { exitCode, error } = await verify(`${src}/`, join(work, 'dst'), { reject });
    expect([exitCode, error]).toEqual([0, undefined]);
  }));

test('plan, list and verify give what they had', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { a: '1' });
    const sources = [`${src}/`, join(work, 'none')];
    const planned = await plan(sources, join(work, 'dst'), { recursive: true, reject });
    expect(planned.exitCode).toBe(23);
    expect(planned.changes.map(({ path }) => path)).toEqual(['.', 'a']);
    expect(await failureOf(planned.apply())).toMatchObject({ exitCode: 23 });
    expect(await list(join(work, 'none'), { reject })).toMatchObject({ exitCode: 23, entries: [] });
    const seen = await verify(sources, join(work, 'dst'), { reject });
    expect(seen).toMatchObject({ equal: false, exitCode: 23 });
  }));

test('mistakes and aborts resolve too', () =>
  withWorkspace(async (cwd) => {
    const none = await sync('a', 'b', { cwd, reject, archiv: true } as unknown as { reject: false });
    expect(none).toMatchObject({ exitCode: 1, stats: undefined, error: { code: 'ERR_RSYNC_SYNTAX' } });
    const cause = new Error('enough');
    const aborted = await sync('a', 'b', { cwd, reject, signal: AbortSignal.abort(cause) });
    expect(aborted).toMatchObject({ exitCode: 20, error: { code: 'ERR_RSYNC_ABORTED', cause } });
    const onEvent = ({ type }: SyncEvent) => {
      if (type === 'end') throw cause;
    };
    folder(cwd, { a: '' });
    const thrown = await sync('a', 'b', { cwd, reject, onEvent });
    expect(thrown.error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause });
  }));

test('events end without a throw', () =>
  withWorkspace(async (cwd) => {
    const events: SyncEvent[] = [];
    const going = sync('none', 'dst/', { cwd, reject });
    for await (const event of going) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'end', exitCode: 23 });
    expect((await going).error?.exitCode).toBe(23);
  }));

test('without it, and with true, they reject', () =>
  withWorkspace(async (cwd) => {
    for (const options of [{}, { reject: undefined }, { reject: true }] as const)
      expect(await failureOf(sync('none', 'dst/', { cwd, ...options }))).toMatchObject({ exitCode: 23 });
  }));
