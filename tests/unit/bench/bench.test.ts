/** What a bench says of its figures, and whether it sees that a copy is none. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { axisOf, barsOf, drawPicture } from '../../../ts/bench/chart.ts';
import type { Result } from '../../../ts/bench/compare.ts';
import { isBenchCall } from '../../../ts/bench/options.ts';
import { lacking, needed } from '../../../ts/bench/room.ts';
import { chosen, standardScenarios } from '../../../ts/bench/scenarios.ts';
import { geometricMean, median } from '../../../ts/bench/summary.ts';
import { markdown } from '../../../ts/bench/table.ts';
import { shortVersion } from '../../../ts/bench/tools.ts';
import { differences, readTree } from '../../../ts/bench/tree.ts';

describe('a copy that is none', () => {
  let root: string;
  const pause = async () => {};
  const make = (name: string) => {
    const dir = join(root, name);
    mkdirSync(join(dir, 'd'), { recursive: true });
    writeFileSync(join(dir, 'd/file'), 'content', { mode: 0o644 });
    symlinkSync('d/file', join(dir, 'link'));
    for (const path of ['d/file', 'd', '.']) utimesSync(join(dir, path), 1e9, 1e9);
    return dir;
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'oc-rsync-tree-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const changes: [string, (dir: string) => void, string[]][] = [
    ['nothing', () => {}, []],
    ['other content', (dir) => rewrite(dir, 'CONTENT'), ['d/file differs: other content']],
    ['another length', (dir) => rewrite(dir, 'more content'), ['d/file differs: 12 instead of 7']],
    [
      'another time',
      (dir) => utimesSync(join(dir, 'd/file'), 1e9, 1e9 + 1),
      ['d/file differs: time 2001-09-09T01:46:41.000000000Z instead of 2001-09-09T01:46:40.000000000Z'],
    ],
    [
      'another mode',
      (dir) => chmodSync(join(dir, 'd/file'), 0o600),
      ['d/file differs: mode 100600 instead of 100644'],
    ],
    ['another target', (dir) => relink(dir, 'd'), ['link differs: d instead of d/file']],
    ['a missing file', (dir) => without(dir, 'd/file'), ['d/file is missing']],
    ['one too many', (dir) => also(dir, 'more'), ['more is too much']],
  ];
  const rewrite = (dir: string, text: string) => {
    writeFileSync(join(dir, 'd/file'), text);
    utimesSync(join(dir, 'd/file'), 1e9, 1e9);
  };
  const relink = (dir: string, target: string) => {
    rmSync(join(dir, 'link'));
    symlinkSync(target, join(dir, 'link'));
    utimesSync(dir, 1e9, 1e9);
  };
  const without = (dir: string, name: string) => {
    rmSync(join(dir, name));
    utimesSync(join(dir, 'd'), 1e9, 1e9);
  };
  const also = (dir: string, name: string) => {
    writeFileSync(join(dir, name), '');
    utimesSync(dir, 1e9, 1e9);
  };

  test.each(changes)('%s', async (_, change, expected) => {
    const [source, copy] = [make('source'), make('copy')];
    change(copy);
    expect(differences(await readTree(source, pause), await readTree(copy, pause))).toEqual(expected);
  });

  test('how much there is', async () => {
    expect((await readTree(make('source'), pause)).amount).toEqual({ bytes: 7, files: 1 });
  });
});

test('what is a call of the bench', () => {
  const fails = () => true;
  const runs = () => false;
  expect(isBenchCall(['bench'], fails)).toBe(true);
  expect(isBenchCall(['bench'], runs)).toBe(false);
  expect(isBenchCall(['bench', '--help'], runs)).toBe(true);
  expect(isBenchCall(['bench', '--runs=3', '--frobnicate'], fails)).toBe(true);
  expect(isBenchCall(['bench', 'dest', '--help'], fails)).toBe(false);
  expect(isBenchCall(['bench', '-a'], fails)).toBe(false);
  expect(isBenchCall(['a', '--runs=3'], fails)).toBe(false);
});

test('scenarios by name, by beginning, and those that nobody has asked for', () => {
  const all = ['a', 'a-b', 'c', 'c-d'].map((name) => ({
    name,
    wire: 'local',
    from: 'x',
    args: [],
    optional: name === 'c-d',
  }));
  const names = (only?: string) => chosen(all, only).map(({ name }) => name);
  expect(names()).toEqual(['a', 'a-b', 'c']);
  expect(names('a')).toEqual(['a']);
  expect(names('a-,c')).toEqual(['a-b', 'c']);
  expect(names('c-d')).toEqual(['c-d']);
  expect(() => names('b')).toThrow("no scenario 'b'");
  expect(() => names('a,')).toThrow("no scenario ''");
});

test('room is for all that is there at a time', () => {
  const [big] = standardScenarios;
  const MiB = 1024 ** 2;
  // The source, and twice the copy.
  expect(needed([big!], 1)).toEqual({ bytes: 3 * 307 * MiB, files: 2 });
  const room = { bytes: 10 * MiB, inodes: 5, inMemory: false };
  expect(lacking({ bytes: 10 * MiB, files: 5 }, room)).toBe(undefined);
  expect(lacking({ bytes: 11 * MiB, files: 5 }, room)).toBe('11 MiB are needed, and 10 MiB are free');
  expect(lacking({ bytes: 1, files: 6 }, room)).toBe('6 inodes are needed, and 5 are free');
  expect(lacking({ bytes: 1, files: 6 }, { ...room, inodes: undefined })).toBe(undefined);
});

test('means', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(geometricMean([0.5, 2])).toBeCloseTo(1);
  expect(geometricMean([])).toBe(undefined);
});

test('versions in short', () => {
  expect(shortVersion({ version: 'rsync  version 3.5.0  protocol version 32' })).toBe('rsync 3.5.0');
  expect(shortVersion({ version: 'rsync  version v3.2.7  protocol version 31' })).toBe('rsync 3.2.7');
  expect(shortVersion({ version: 'unknown' })).toBe('unknown');
});

const usage = (wall: number) => ({ wall, cpu: wall / 2, rss: 2048 });
const result = (name: string, rsync: number, ours: number, goal?: number): Result => ({
  name,
  goal,
  args: [],
  medians: { rsync: usage(rsync), ours: usage(ours) },
  runs: { rsync: [usage(rsync)], ours: [usage(ours * 0.9), usage(ours), usage(ours * 1.1)] },
  failed: {},
  commands: {},
  amount: undefined,
  verified: true,
});

test('a table has the ratios, and says what failed', () => {
  const failed = {
    ...result('b', 1, 1),
    medians: { rsync: usage(1) },
    failed: { ours: { why: 'differs', text: '' } },
  };
  const lines = markdown([result('a', 2, 1, 0.6), failed as Result], ['rsync', 'ours'], 'rsync').split('\n');
  expect(lines[2]).toMatch(
    /^\| a +\| 2\.000 s, 1\.000 s, 2 MiB +\| 1\.000 s \(x0\.50\), 0\.500 s \(x0\.50\), 2 MiB \| x0\.60 \|$/,
  );
  expect(lines[3]).toMatch(/^\| b +\| 1\.000 s, 0\.500 s, 2 MiB +\| WRONG RESULT +\| +\|$/);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});

test('bars are coloured by rsync and the goal, and cut where one is far too long', () => {
  const without = { ...result('e', 1, 1), medians: { ours: usage(1) } };
  const bars = barsOf(
    [result('a', 2, 1, 0.6), result('b', 2, 1.5, 0.6), result('c', 2, 3), result('d', 1, 9), without],
    { isCompared: true, titleOf: (name) => name },
  );
  expect(bars.map(({ state }) => state)).toEqual(['reached', 'faster', 'slower', 'slower']);
  expect(axisOf(bars)).toEqual({ max: 4, steps: [0, 1, 2, 3, 4], isRatio: true });
  const { svg } = drawPicture([{ title: 'All', bars }], { title: 'Times', caption: 'here' });
  expect(svg).toContain('×0.50');
  expect(svg).toContain('width="12.50%"');
  expect(svg).toContain('width="100.00%"');
});

test('without rsync bars are of seconds', () => {
  const alone = { ...result('a', 1, 0.3), medians: { ours: usage(0.3) } };
  const bars = barsOf([alone], { isCompared: false, titleOf: (name) => name });
  expect(bars[0]).toMatchObject({ state: 'alone', value: 0.3 });
  expect(axisOf(bars).isRatio).toBe(false);
});
