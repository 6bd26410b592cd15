/** Mistakes of a program that calls the library, and what it is told of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { list, type RunOptions, serve, sync } from '../../ts/index.ts';
import { repositoryRoot } from '../support/peers.ts';
import { refusingShell } from '../support/rsh.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder } from './places.ts';

describe('an option of the library that is none', () => {
  test.each([
    [{ args: '-a' }, 'args are texts or bytes'],
    [{ args: [1] }, 'args are texts or bytes'],
    [{ cwd: 3 }, 'cwd is text or bytes'],
    [{ signal: {} }, 'signal is an AbortSignal'],
    [{ signal: null }, 'signal is an AbortSignal'],
    [{ onEvent: 'me' }, 'onEvent is a function'],
  ])('%j', (options, message) =>
    withWorkspace(async (cwd) => {
      folder(join(cwd, 'src'), { a: '1' });
      const run = sync(`${cwd}/src/`, `${cwd}/dst`, options as unknown as RunOptions);
      const { code, message: said } = await failureOf(run);
      expect([code, said]).toEqual(['ERR_RSYNC_SYNTAX', `syntax or usage error (code 1): ${message}`]);
      expect(existsSync(join(cwd, 'dst'))).toBe(false);
    }),
  );

  test('of a server', async () => {
    const signal = {} as AbortSignal;
    const failure = await failureOf(serve({ modules: { m: { path: '/' } }, port: 0, signal }));
    expect(failure.message).toBe('syntax or usage error (code 1): signal is an AbortSignal');
  });
});

describe('a listener that is async', () => {
  test('and rejects ends the server', () =>
    withWorkspace(async (cwd) => {
      const cause = new Error('no room for it');
      const server = await serve({
        modules: { m: { path: cwd } },
        parameters: { useChroot: false },
        address: '127.0.0.1',
        port: 0,
        onLog: () => Promise.reject(cause),
      });
      await list(`rsync://127.0.0.1:${server.port}/m/`).catch(() => {});
      expect(await failureOf(server.closed)).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause });
    }));

  test.each(['start', 'item', 'end'])('and rejects at %s ends the run', (when) =>
    withWorkspace(async (cwd) => {
      folder(join(cwd, 'src'), { a: '1', b: '2' });
      const cause = new Error('no room for it');
      const run = sync('src/', 'dst', {
        cwd,
        recursive: true,
        async onEvent({ type }) {
          if (type === when) throw cause;
        },
      });
      expect(await failureOf(run)).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause });
    }),
  );

  test('and rejects when the run is over is heard of by the process', () =>
    withWorkspace(async (cwd) => {
      folder(join(cwd, 'src'), { a: '1' });
      const library = pathToFileURL(join(repositoryRoot, 'dist', 'index.mjs')).href;
      writeFileSync(
        join(cwd, 'late.mjs'),
        `import { sync } from '${library}';
         process.on('unhandledRejection', ({ message }) => console.log(message));
         const late = () => new Promise((_, reject) => setTimeout(reject, 200, new Error('late')));
         const { exitCode } = await sync('src/', 'dst', {
           recursive: true,
           onEvent: ({ type }) => type === 'end' && late(),
         });
         console.log(exitCode);`,
      );
      const { stdout } = spawnSync(process.execPath, ['late.mjs'], { cwd, encoding: 'utf8' });
      expect(stdout).toBe('0\nlate\n');
    }));
});

describe('the message of the error', () => {
  test('of an aborted run says why, and speaks of no signal', async () => {
    const aborted = async (reason?: unknown) =>
      (await failureOf(sync('a', 'b', { signal: AbortSignal.abort(reason) }))).message;
    expect(await aborted(new Error('out of time'))).toBe('aborted: out of time');
    expect(await aborted('text')).toBe('aborted');
  });

  test('of a remote shell that failed is what it said', () =>
    withWorkspace(async (cwd) => {
      const rsh = refusingShell(cwd, 255, 'ssh: Could not resolve hostname there');
      folder(join(cwd, 'src'), { a: '1' });
      const { exitCode, message } = await failureOf(sync('src/', 'there:x', { cwd, recursive: true, rsh }));
      expect(exitCode).toBe(255);
      expect(message).toMatch(
        /^unexplained error \(code 255\): ssh: Could not resolve hostname there\nrsync: connection unexpectedly closed .*$/,
      );
    }));
});
