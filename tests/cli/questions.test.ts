/**
 * `help OPTION`, `completion SHELL` and `bench` are ours only where rsync's run of the same words could do nothing
 * (docs/decisions/0051, 0055).
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loneRun } from '../support/lone-run.ts';
import { ours, type Peer, referencePeer } from '../support/peers.ts';

const place = mkdtempSync(join(tmpdir(), 'oc-rsync-questions-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs it in a folder of its own that `prepare` has filled. */
function run(peer: Peer, words: readonly string[], prepare: (folder: string) => void = () => {}) {
  const rsh = 'sh -c "echo seen by the remote shell >&2; exit 1"';
  const { folder, ...said } = loneRun(place, peer, words, { rsh, prepare });
  return { ...said, left: readdirSync(folder, { recursive: true }).map(String).sort() };
}

test('help of a place on another machine goes there', () => {
  const { stdout, stderr } = run(ours(), ['help', 'localhost:archive']);
  expect(stdout).toBe('');
  expect(stderr).toContain('seen by the remote shell');
});

test.each(['-a', 'a', '--archive', 'archive'])('help %s explains', (word) => {
  const { status, stdout, stderr, left } = run(ours(), ['help', word]);
  expect([status, stderr, left]).toEqual([0, '', []]);
  expect(stdout).toMatch(/^-a, --archive\n\n {4}archive mode/);
});

test('help of what is no option proposes others, and ends with 1', () => {
  const { status, stdout, stderr } = run(ours(), ['help', '--archvie']);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe('oc-rsync: there is no option --archvie\nDid you mean --archive?\n');
  expect(run(ours(), ['help', 'archvie']).status).toBe(1);
});

test.each([
  [['-a', '--delte', 'a', 'b'], '--delte', 'Did you mean --delete?\n'],
  [['--exclud=x', 'a', 'b'], '--exclud=x', 'Did you mean --exclude'],
  [['--metrics=1', 'a', 'b'], '--metrics=1', '--metrics goes with --daemon.\n'],
  [['--json', '--delte'], '', ''],
  [['--nonsense', 'a', 'b'], '--nonsense', ''],
  [['-aj', 'a', 'b'], '-aj', ''],
])('behind what is said of %j stands what may have been meant', (words, word, proposal) => {
  const { status, stderr } = run(ours(), words);
  expect(status).toBe(1);
  const [first = '', second, third = ''] = stderr.split(/(?<=\n)/);
  if (word === '') return expect(stderr).toBe('');
  expect(first).toBe(`rsync: ${word}: unknown option\n`);
  expect(second).toMatch(/^rsync error: syntax or usage error \(code 1\) at /);
  expect(third.slice(0, proposal.length)).toBe(proposal);
  expect(third === '').toBe(proposal === '');
});

test('bench --help and help bench explain what bench measures', () => {
  const { status, stdout, stderr, left } = run(ours(), ['bench', '--help']);
  expect([status, stderr, left]).toEqual([0, '', []]);
  expect(stdout).toMatch(/^Usage: oc-rsync bench \[OPTION\]/);
  expect(stdout).toMatch(/^ {2}local-big +First copy/m);
  expect(run(ours(), ['help', 'bench'])).toEqual(run(ours(), ['bench', '--help']));
});

test('completion SHELL prints a script', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { status, stdout } = run(ours(), ['completion', shell]);
    expect(status).toBe(0);
    expect(stdout).toContain(`completion of oc-rsync, made by: oc-rsync completion ${shell}`);
  }
});

const file = (name: string) => (folder: string) => writeFileSync(join(folder, name), 'content');
const dir = (name: string) => (folder: string) => mkdirSync(join(folder, name));
const reference = referencePeer();

describe.skipIf(reference === null)('is what rsync takes it for', () => {
  const cases: [string, string[], ((folder: string) => void)?][] = [
    ['a file called help', ['help', 'archive'], file('help')],
    ['... listed', ['help', '-a'], file('help')],
    ['a directory called help', ['help', 'times'], dir('help')],
    [
      'a link of that name that leads nowhere',
      ['help', 'times'],
      (at) => symlinkSync('gone', join(at, 'help')),
    ],
    ['a destination that is there', ['help', 'backup'], dir('backup')],
    ['a destination that is like no option', ['help', 'dest']],
    ['a destination with a slash', ['help', 'archive/']],
    ['one word', ['help']],
    ['three words', ['help', 'me', 'archive']],
    ['an option first', ['-a', 'help']],
    ['... with a value', ['help', '--suffix=x']],
    ['a question of rsync', ['help', '--help']],
    ['no error', ['help', '--ignore-missing-args']],
    ['a file called completion', ['completion', 'bash'], file('completion')],
    ['a destination called bash', ['completion', 'bash'], dir('bash')],
    ['another shell', ['completion', 'tcsh']],
    ['one of the words that every object has', ['completion', 'toString']],
    ['a file called bench', ['bench'], file('bench')],
    ['... and one of the options of bench', ['bench', '--runs=1'], file('bench')],
    ['... explained by rsync', ['bench', '--help'], file('bench')],
    ['a directory called bench', ['bench'], dir('bench')],
    ['bench and a destination', ['bench', 'dest']],
    ['... explained by rsync', ['bench', 'dest', '--help']],
    ['bench and an option of rsync', ['bench', '-a']],
    ['bench that may be missing', ['bench', '--ignore-missing-args']],
    ['an option before bench', ['-a', 'bench']],
    ['help into bench', ['help', 'bench'], dir('bench')],
  ];
  test.each(cases)('%s', (_, words, prepare) => {
    const [mine, theirs] = [run(ours(), words, prepare), run(reference!, words, prepare)];
    expect([mine.status, mine.left]).toEqual([theirs.status, theirs.left]);
    expect(mine.stdout === '').toBe(theirs.stdout === '');
  });

  test('what is ours does nothing in rsync but fail', () => {
    for (const words of [
      ['help', 'archive'],
      ['help', '-a'],
      ['help', '-avz'],
      ['help', '--files-from'],
      ['help', '--frobnicate'],
      ['completion', 'bash'],
      ['bench'],
      ['bench', '--runs=1'],
      ['bench', '--scenarios', 'tiny', '--html', 'page'],
      ['help', 'bench'],
    ]) {
      const { status, left } = run(reference!, words);
      expect(status, words.join(' ')).toBeGreaterThan(0);
      expect(left).toEqual([]);
      expect(existsSync(join(place, 'archive'))).toBe(false);
    }
  });
});
