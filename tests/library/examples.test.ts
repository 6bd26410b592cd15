/** Each program of `examples/` does what it says. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ours, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
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
  expect(names).toEqual(['abort.mjs', 'backup.mjs', 'mirror-over-duplex.mjs', 'plan-and-confirm.mjs']);
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
