/** Scripts that take options tell what they are, and do nothing with one that there is not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';

const scripts = [
  'bench',
  'build',
  'check',
  'conformance',
  'library-options',
  'manual',
  'notices',
  'option-table',
  'prebuild',
  'profile',
  'setup-peers',
  'soak',
  'test',
];
const script = (name: string, ...words: string[]) =>
  run([process.execPath, join(repositoryRoot, 'scripts', `${name}.mjs`), ...words], { timeout: 20_000 });

describe.each(scripts)('scripts/%s.mjs', (name) => {
  test('--help prints its head comment', async () => {
    const { code, stdout, stderr } = await script(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    const text = readFileSync(join(repositoryRoot, 'scripts', `${name}.mjs`), 'latin1');
    expect(text).toContain(stdout.split('\n', 1)[0]);
    expect(stdout).not.toMatch(/^[*/ ]|\*\//);
  });

  test('an option that there is not', async () => {
    expect(await script(name, '--nonsense')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${name}: there is no --nonsense (--help tells what there is)\n`,
    });
  });
});

test.each([
  ['--json needs a value', ['bench', '--json']],
  ['--runs takes a number, not many', ['bench', '--runs', 'many']],
  ['it takes no word like 5', ['soak', '5']],
])('%s', async (message, [name, ...words]) => {
  const { code, stdout, stderr } = await script(name!, ...words);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`: ${message} (`);
});

test('what conformance is not told it does without', async () => {
  const { code, stderr } = await script('conformance', '--upstream', '/nowhere');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^conformance: \/nowhere holds no /);
});
