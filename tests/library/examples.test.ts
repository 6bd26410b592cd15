/** Each program of `examples/` does what it says. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { request } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ours, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { soon } from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';
import { folder, withoutNotice } from './places.ts';

const examples = join(repositoryRoot, 'examples');
const env = { REMOTE_RSYNC: remoteCommand(ours()) };
const present = existsSync(examples);

/** Runs one where the package is installed, beside a source and a destination that has fallen behind it. */
async function example(work: string, name: string, args: readonly string[] = [], input = '') {
  mkdirSync(join(work, 'node_modules'));
  symlinkSync(repositoryRoot, join(work, 'node_modules', 'oc-rsync'));
  folder(join(work, 'src'), { a: 'x'.repeat(2_000_000), 'dir/b c': 'new' });
  folder(join(work, 'dst'), { 'dir/b c': 'older', gone: '' });
  const file = join(work, 'example.mjs');
  symlinkSync(join(examples, name), file);
  const node = [process.execPath, '--preserve-symlinks-main', '--preserve-symlinks', file];
  const { code, stdout, stderr } = await run([...node, ...args], { cwd: work, env, input });
  return { code, stdout, stderr: withoutNotice(stderr) };
}

const mirrored = (work: string) => {
  expect(readdirSync(join(work, 'dst')).filter((name) => name !== '.before')).toEqual(['a', 'dir']);
  expect(readFileSync(join(work, 'dst/dir/b c'), 'utf8')).toBe('new');
};

// A copy of the clone for another user has none.
test.skipIf(!present)('each has a test, and is named in the document', () => {
  const file = join(repositoryRoot, 'docs', 'library.md');
  const document = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const names = readdirSync(examples);
  expect(names).toEqual([
    'abort.mjs',
    'backup.mjs',
    'express-upload.mjs',
    'mirror-over-duplex.mjs',
    'mirror-over-ssh2.mjs',
    'plan-and-confirm.mjs',
  ]);
  expect(names.filter((name) => document?.includes(`(../examples/${name})`) === false)).toEqual([]);
});

test.skipIf(!present)('backup', () =>
  withWorkspace(async (work) => {
    const { code, stdout, stderr } = await example(work, 'backup.mjs', ['src', 'dst']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^(\d+ % of (at least )?2000003 bytes {2}.*\n)+2 of 4 files transferred, 0 vanished\n$/,
    );
    expect(stdout).toContain('100 % of 2000003 bytes');
    mirrored(work);
    expect(readFileSync(join(work, 'dst/.before/dir/b c'), 'utf8')).toBe('older');
    expect(existsSync(join(work, 'dst/.before/gone'))).toBe(true);
  }),
);

test.skipIf(!present)('backup of what is not there', () =>
  withWorkspace(async (work) => {
    const { code, stderr } = await example(work, 'backup.mjs', ['none', 'dst']);
    expect(code).toBe(23);
    expect(stderr).toMatch(/none: No such file or directory\n/);
  }),
);

test.skipIf(!present)('abort', () =>
  withWorkspace(async (work) => {
    const { code, stdout, stderr } = await example(work, 'abort.mjs', ['src', 'dst', '1']);
    expect([code, stderr]).toEqual([20, '']);
    expect(stdout).toMatch(/^ended early: .*timeout\n$/);
    expect(readdirSync(join(work, 'dst')).sort()).toEqual(['dir', 'gone']);
  }),
);

test.skipIf(!present).each([
  ['yes', 'done: 2 files transferred'],
  ['no', 'nothing was changed'],
])('plan and confirm: %s', (answer, end) =>
  withWorkspace(async (work) => {
    const args = ['src', 'dst'];
    const { code, stdout, stderr } = await example(work, 'plan-and-confirm.mjs', args, `${answer}\n`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('delete  gone\n');
    expect(stdout).toContain('create  a\n');
    expect(stdout).toContain('change  dir/b c\n');
    expect(stdout).toMatch(new RegExp(`Make these \\d+ changes\\? ${end}\n$`));
    if (answer === 'yes') mirrored(work);
    else expect(readdirSync(join(work, 'dst')).sort()).toEqual(['dir', 'gone']);
  }),
);

test.skipIf(!present)('mirror over a duplex', () =>
  withWorkspace(async (work) => {
    const to = `there:${join(work, 'dst')}`;
    const { code, stdout, stderr } = await example(work, 'mirror-over-duplex.mjs', ['src', to]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^there: .* --server .*\n2 files transferred, 1 deleted\n$/);
    mirrored(work);
  }),
);

/** Those of npm that an example takes are where the clone is. */
const needs = (name: string) => !present || !existsSync(join(repositoryRoot, 'node_modules', name));

test.skipIf(needs('ssh2') || sshdMissing() !== null)('mirror over ssh2', () =>
  withWorkspace(async (work) => {
    const sshd = await startSshd(join(work, 'sshd'));
    try {
      folder(join(work, 'src'), { a: 'x'.repeat(2_000_000), 'dir/b c': 'new' });
      folder(join(work, 'dst'), { 'dir/b c': 'older', gone: '' });
      const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', sshd.hostKey], { encoding: 'utf8' }).split(
        ' ',
      )[1]!;
      const to = `${userInfo().username}@127.0.0.1:${join(work, 'dst')}`;
      const mirror = (given: Record<string, string>) =>
        run([process.execPath, join(examples, 'mirror-over-ssh2.mjs'), join(work, 'src'), to], {
          env: {
            ...env,
            SSH_PORT: `${sshd.port}`,
            SSH_KEY: sshd.clientKey,
            SSH_HOST_KEY: fingerprint,
            ...given,
          },
        });
      const stranger = await mirror({ SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}` });
      expect([stranger.code, stranger.stdout]).toEqual([10, '']);
      expect(withoutNotice(stranger.stderr)).toMatch(/verification failed/i);
      const { code, stdout, stderr } = await mirror({});
      expect([code, withoutNotice(stderr)]).toEqual([0, '']);
      expect(stdout).toBe('2 files transferred, 1 deleted\n');
      mirrored(work);
      const none = await mirror({ REMOTE_RSYNC: '/no/such/rsync' });
      expect([none.code, none.stdout]).toEqual([12, '']);
      expect(none.stderr).toMatch(/no\/such\/rsync/);
    } finally {
      await sshd.stop();
    }
  }),
);

test.skipIf(needs('express'))('express upload', () =>
  withWorkspace(async (work) => {
    const child = spawn(process.execPath, [join(examples, 'express-upload.mjs'), work, '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const url = line.toString().trim();
      const begin = async () =>
        ((await (await fetch(`${url}/uploads`, { method: 'POST' })).json()) as { id: string }).id;
      const put = (id: string, name: string, body: string) =>
        fetch(`${url}/uploads/${id}/files/${name}`, { method: 'PUT', body });
      const publish = async (id: string, tree: string) => {
        const answer = await fetch(`${url}/uploads/${id}/publish/${tree}`, { method: 'POST' });
        const text = (await answer.text()).trim();
        const isLines = answer.headers.get('content-type')?.includes('json') === true;
        const lines = isLines
          ? text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
          : [];
        return { status: answer.status, lines };
      };
      const site = join(work, 'trees/site');

      const first = await begin();
      for (const [name, body] of [
        ['index.html', 'one'],
        ['css/a%20b.css', 'style'],
      ] as const)
        expect((await put(first, name, body)).status).toBe(204);
      const { status, lines } = await publish(first, 'site');
      expect(status).toBe(200);
      expect(lines.filter(({ type }) => type === 'item').map(({ path }) => path)).toContain('css/a b.css');
      expect(lines.at(-2)).toMatchObject({ type: 'end', exitCode: 0 });
      expect(lines.at(-1)).toEqual({ published: 'site' });
      expect(lstatSync(site).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(site, 'css/a b.css'), 'utf8')).toBe('style');
      const style = statSync(join(site, 'css/a b.css')).ino;
      const old = realpathSync(site);

      const second = await begin();
      for (const [name, body] of [
        ['index.html', 'two'],
        ['css/a%20b.css', 'style'],
      ] as const)
        await put(second, name, body);
      expect((await publish(second, 'site')).lines.at(-1)).toEqual({ published: 'site' });
      expect(readFileSync(join(site, 'index.html'), 'utf8')).toBe('two');
      expect(statSync(join(site, 'css/a b.css')).ino).toBe(style);
      expect(await soon(() => !existsSync(old), 3000)).toBe(true);

      // What was published stays, whatever comes of another try.
      expect((await publish(second, 'site')).status).toBe(404);
      expect((await put(second, 'late', 'x')).status).toBe(404);

      const third = await begin();
      for (const name of ['..%2Fx', '%2e%2e/x', 'a/%2e%2e%2f%2e%2e%2fx'])
        expect([400, 404]).toContain((await put(third, name, 'x')).status);
      expect((await put('0'.repeat(36), 'x', 'x')).status).toBe(404);
      expect((await publish(third, '..')).status).not.toBe(200);
      expect((await publish(third, '.hidden')).status).toBe(400);
      expect((await publish('0'.repeat(36), 'site')).status).toBe(404);

      await put(third, 'a', 'a file');
      const under = await put(third, 'a/b', 'no folder');
      expect([under.status, await under.json()]).toEqual([409, { error: 'EEXIST' }]);
      const half = request(`${url}/uploads/${third}/files/half`, { method: 'PUT' });
      half.on('error', () => {});
      half.setHeader('content-length', 100);
      half.write('x'.repeat(50));
      const parts = () => readdirSync(join(work, 'incoming')).filter((name) => name.startsWith('.')).length;
      expect(await soon(() => parts() === 1)).toBe(true);
      half.destroy();
      expect(await soon(() => parts() === 0)).toBe(true);
      expect(readdirSync(join(work, 'incoming', third))).toEqual(['a']);

      // Of two for one tree the later one is refused, or replaces what the other has put there: nothing else is left.
      const fourth = await begin();
      await put(fourth, 'fourth', 'x');
      const both = await Promise.all([publish(third, 'other'), publish(fourth, 'other')]);
      expect(both.map(({ status }) => status)).toContain(200);
      expect(readdirSync(join(work, 'trees/other')).length).toBe(1);
      expect(readFileSync(join(site, 'index.html'), 'utf8')).toBe('two');
      expect(readdirSync(work).sort()).toEqual(['incoming', 'releases', 'trees']);
      expect(readdirSync(join(work, 'releases')).length).toBe(2);
      expect(readdirSync(join(work, 'trees'))).toEqual(['other', 'site']);
    } finally {
      child.kill();
      await ended;
    }
  }),
);
