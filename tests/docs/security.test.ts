/** Each test that docs/security.md points at is there: its file, and its name in it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';
import { testEnvironment } from '../support/run.ts';
import { documents } from './documents.ts';

const { text } = documents.find(({ name }) => name === 'docs/security.md')!;
/** What "row" means: a row of tests/support/hostile-rows.ts, by whichever of them plays it. */
const hostile = ['tests/attack/hostile.test.ts', 'tests/daemon/hostile.test.ts'];

interface Pointer {
  /** Who has the test: one of these files. */
  readonly files: readonly string[];
  /** Its name, or a part of it; `…` and `N` stand for anything. */
  readonly title: string;
}

/** The pointers of a row of the table: a file or the word "row", and the titles behind it. */
function pointersOf(cell: string): Pointer[] {
  let files = hostile;
  const found: Pointer[] = [];
  const parts = /`([\w/.-]+\.(?:test\.ts|rs))`|\brows? (?=")|'([^'"]*"[^']*)'|"([^"]+)"/g;
  for (const [all, file, ...titles] of cell.matchAll(parts)) {
    const title = titles.find((one) => one !== undefined);
    if (title !== undefined) found.push({ files, title });
    else files = file === undefined ? hostile : [file];
    if (all.startsWith('row')) files = hostile;
  }
  return found;
}

const rows = [...text.matchAll(/^\| (\d{4}-\d+) \| .* \| (.*) \|$/gm)].map(
  ([, cve, cell]) => [cve!, pointersOf(cell!)] as const,
);
const named = [...new Set(text.match(/\btests\/[\w/-]+\.test\.ts\b/g))];

/** All titles of the named files, whole: vitest makes them from tables, and cuts them where it lists them itself. */
const listing = `
  import { createVitest } from 'vitest/node';
  const vitest = await createVitest('test', { watch: false, chaiConfig: { truncateThreshold: 0 } });
  const { testModules } = await vitest.collect(process.argv.slice(1));
  const found = testModules.flatMap(({ moduleId, children }) =>
    [...children.allTests()].map(({ fullName }) => ({ file: moduleId, name: fullName })));
  await vitest.close();
  process.stdout.write(JSON.stringify(found));`;

function allTitles(): readonly { readonly name: string; readonly file: string }[] {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', listing, ...named],
    { cwd: repositoryRoot, encoding: 'utf8', maxBuffer: 1 << 24, env: testEnvironment(wholeTables) },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.slice(stdout.indexOf('[{')));
}
/** Of the kernel that has all of them. */
const wholeTables = {
  OC_RSYNC_KERNEL: undefined,
  OC_RSYNC_SAMPLE: undefined,
  OC_RSYNC_FEWER: undefined,
  OC_RSYNC_ALL: '1',
};
let titles: ReturnType<typeof allTitles>;

function isThere({ files, title }: Pointer): boolean {
  const words = title.split(/…|\bN\b/).map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(words.join('.*'));
  const [first = ''] = files;
  if (first.endsWith('.rs')) return pattern.test(readFileSync(join(repositoryRoot, first), 'utf8'));
  return titles.some(
    ({ name, file }) =>
      files.some((one) => file.endsWith(`/${one}`)) &&
      pattern.test(name.replaceAll('\\"', '"').replaceAll(' > ', ' ')),
  );
}

describe('docs/security.md', () => {
  beforeAll(() => {
    titles = allTitles();
  });

  test('points at tests in each of its rows', () => {
    expect(rows.length).toBeGreaterThan(40);
    // Some rows name the files alone, or say why there is nothing to be tested.
    expect(rows.filter(([, pointers]) => pointers.length > 0).length).toBeGreaterThan(35);
  });

  test.each(rows)('%s', (_, pointers) => {
    const missing = pointers.filter((pointer) => !isThere(pointer));
    expect(missing).toEqual([]);
  });
});
