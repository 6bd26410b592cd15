/** Passwords that the caller is asked for, and nobody else. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { list, type RunOptions, sync } from '../../ts/index.ts';
import { type Daemon, daemonUser, startDaemon } from '../support/daemon.ts';
import { onPath, referencePeer, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder, withoutNotice } from './places.ts';

const reference = referencePeer();

describe.skipIf(reference === null)('a daemon that asks for a password', () => {
  let daemon: Daemon;
  let left: () => void;
  const over = new Promise<void>((resolve) => {
    left = resolve;
  });
  beforeAll(
    () =>
      new Promise<void>((resolve, reject) => {
        withWorkspace(async (dir) => {
          daemon = await startDaemon(reference!, dir);
          folder(daemon.folder('auth'), { secret: '1' });
          resolve();
          await over;
        }).catch(reject);
      }),
  );
  afterAll(async () => {
    await daemon.stop();
    left();
  });

  const { name, password } = daemonUser;
  const env = { PATH: process.env.PATH };
  const from = () => daemon.url.replace('//', `//${name}@`);
  const get = (options: RunOptions) => list(`${from()}/auth/`, { env, ...options });

  test.each([
    ['says it', () => password],
    ['says it later', async () => password],
  ])('is answered by who %s, once', async (_, prompt) => {
    const asked: string[] = [];
    const { entries } = await get({
      prompt(question) {
        asked.push(question);
        return prompt();
      },
    });
    expect(entries.map(({ path }) => path)).toEqual(['.', 'secret']);
    expect(asked).toEqual(['Password: ']);
  });

  test('RSYNC_PASSWORD comes first', async () => {
    const prompt = () => {
      throw new Error('asked');
    };
    await get({ env: { ...env, RSYNC_PASSWORD: password }, prompt });
  });

  test.each([
    ['a wrong one', () => 'guess'],
    ['none', () => undefined],
    ['what is no text', () => 7 as unknown as string],
    ['nobody to ask', undefined],
  ])('%s is refused', async (_, prompt) => {
    const error = await failureOf(get({ prompt }));
    expect(error).toMatchObject({ exitCode: 5, code: 'ERR_RSYNC_STARTCLIENT' });
    expect(error.message).toContain('auth failed on module auth');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no keyring');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no keyring'))],
  ])('one that %s ends the run', async (_, prompt) => {
    const error = await failureOf(get({ prompt }));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: { message: 'no keyring' } });
  });

  test('one that never answers is left by an abort', async () => {
    const controller = new AbortController();
    const prompt = () => {
      setTimeout(() => controller.abort(), 50);
      return new Promise<string>(() => {});
    };
    const error = await failureOf(get({ prompt, signal: controller.signal }));
    expect(error.code).toBe('ERR_RSYNC_ABORTED');
  });

  test('two runs at once are asked each for its own', async () => {
    const [good, bad] = await Promise.allSettled([
      get({ prompt: async () => password }),
      get({ prompt: async () => 'guess' }),
    ]);
    expect([good!.status, bad!.status]).toEqual(['fulfilled', 'rejected']);
  });

  const alone = onPath('setsid');
  test.skipIf(alone === null)('neither standard input nor the terminal of the process is asked', () =>
    withWorkspace(async (work) => {
      const library = join(repositoryRoot, 'dist', 'index.mjs');
      const program = `
        const { sync } = await import(${JSON.stringify(library)});
        const error = await sync(process.argv[1], 'dst/').catch((error) => error);
        console.log(error.exitCode);
        process.stdin.setEncoding('utf8').on('data', (text) => console.log(text.trim()));`;
      const args = ['--input-type=module', '-e', program, `${from()}/auth/`];
      // In a session of its own it has no terminal, and rsync would read this.
      const command = [alone!, '-w', process.execPath, ...args];
      const { stdout, stderr } = await run(command, { cwd: work, env, input: `${password}\n` });
      expect([stdout, withoutNotice(stderr)]).toEqual([`5\n${password}\n`, '']);
      expect(readdirSync(work)).toEqual([]);
    }),
  );

  test('what is no function is a mistake', async () => {
    const error = await failureOf(sync('a', 'b', { prompt: 'secret' as unknown as () => string }));
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('prompt is a function') });
  });
});
