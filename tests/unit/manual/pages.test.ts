/** Man pages and Markdown: current, complete, and well-formed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { globalParameters, moduleParameters } from '../../../ts/daemon/config/parameters.ts';
import { manualFiles } from '../../../ts/manual/pages/index.ts';
import { sentences } from '../../../ts/manual/pages/mdoc.ts';
import { parameterTexts } from '../../../ts/manual/parameters.ts';
import { allSwitches } from '../../../ts/options/switches.ts';
import { onPath } from '../../support/peers.ts';

const pages = manualFiles();
const manPages = Object.keys(pages).filter((name) => name.startsWith('packaging/man/'));

test.each(Object.keys(pages))('%s is as scripts/manual.mjs writes it', (name) => {
  expect(readFileSync(name, 'utf8')).toBe(pages[name]);
});

test('the package has the man pages', () => {
  const { man } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(man).toEqual(manPages);
  for (const page of man) expect(existsSync(page), page).toBe(true);
});

test.skipIf(onPath('mandoc') === null).each(manPages)('mandoc finds nothing wrong with %s', (name) => {
  const { status, stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', name], {
    encoding: 'utf8',
  });
  expect([stdout, stderr, status]).toEqual(['', '', 0]);
});

test('every option with a help is in both references', () => {
  const man = pages['packaging/man/oc-rsync.1']!.replaceAll('\\-', '-');
  const markdown = pages['docs/options.md']!;
  for (const { how } of allSwitches()) {
    if (how.help === undefined || how.long === undefined) continue;
    expect(man).toContain(`Fl -${how.long}`);
    expect(markdown).toMatch(new RegExp(`\`--${how.long}[\`=]`));
  }
});

test('so is every parameter', () => {
  for (const name of Object.keys({ ...globalParameters, ...moduleParameters })) {
    expect(pages['packaging/man/oc-rsyncd.conf.5']).toContain(`.It Ic ${name.replaceAll('-', '\\-')}\n`);
    expect(pages['docs/options.md']).toContain(`| \`${name}\` |`);
  }
});

test('text is never taken for a request', () => {
  const text = sentences(`.Sh at the start. 'And here. A \\backslash. ${'word '.repeat(16)}.then`);
  expect(text.split('\n').filter((line) => /^[.']/.test(line))).toEqual([]);
  expect(text).toContain('\\ebackslash');
});

test('every letter of a format is told of', () => {
  const source = readFileSync('ts/report/view/out-format.ts', 'utf8');
  const letters = [...source.matchAll(/^ {4}case '([a-zA-Z])':/gm)].map(([, letter]) => `%${letter} `);
  expect(letters.length).toBeGreaterThan(15);
  expect(letters.filter((letter) => !parameterTexts['log format'].includes(letter))).toEqual([]);
});
