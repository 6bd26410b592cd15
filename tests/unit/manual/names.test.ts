/** Options are found in any spelling, and what is nearly one is proposed. */
import { expect, test } from 'vitest';
import { allTopics, headOf } from '../../../ts/manual/entries.ts';
import { explained, unknown } from '../../../ts/manual/explain.ts';
import { allNames, distance, namedBy, namesLike } from '../../../ts/manual/names.ts';
import { daemonTexts, formTexts } from '../../../ts/manual/texts.ts';
import { fixedWords } from '../../../ts/manual/words.ts';
import { allSwitches } from '../../../ts/options/switches.ts';

test.each([
  ['a', ['-a']],
  ['-a', ['-a']],
  ['archive', ['--archive']],
  ['--archive', ['--archive']],
  ['-archive', ['--archive']],
  ['no-times', ['--no-times']],
  ['zc', ['--zc']],
  ['-avz', ['-a', '-v', '-z']],
  // What stands behind -e is its argument.
  ['-ae7', ['-a', '-e']],
  ['--a', []],
  ['-a7', []],
  ['avz', []],
  ['help', ['--help']],
  ['metrics', ['--metrics']],
  ['server', ['--server']],
])('%s names %j', (word, names) => {
  expect(namedBy(word).map(({ name }) => name)).toEqual(names);
});

test('every switch that there is is explained', () => {
  for (const { option, how } of allSwitches()) {
    if (['qsort'].includes(option)) continue;
    if (how.long !== undefined && !['detach'].includes(how.long))
      expect(explained(`--${how.long}`), how.long).toBeDefined();
    if (how.short !== undefined) expect(explained(`-${how.short}`), how.short).toBeDefined();
  }
});

test.each([
  ['--archvie', '--archive'],
  ['recursiv', '--recursive'],
  ['exlcude', '--exclude'],
  ['compress-ch', '--compress-choice'],
  ['no-tiems', '--no-times'],
  ['--Checksum', '--checksum'],
])('%s is like %s', (word, name) => {
  expect(namesLike(word)[0]).toBe(name);
  expect(unknown(word)).toContain(`there is no option ${word}\nDid you mean ${name}`);
});

test('what is like nothing is proposed nothing', () => {
  for (const word of ['dest', 'backup2024-11', 'photos', '--frobnicate']) expect(namesLike(word)).toEqual([]);
  expect(unknown('--frobnicate')).toContain('--help shows them all');
});

test('the distance counts an exchange of neighbours once', () => {
  expect(distance('archvie', 'archive')).toBe(1);
  expect(distance('', 'abc')).toBe(3);
  expect(distance('abc', 'abc')).toBe(0);
});

test('people are not shown what the ends say to each other', () => {
  expect(allNames()).not.toContain('--server');
  expect(allNames()).toContain('--no-times');
});

test('no line is wider than a terminal', () => {
  for (const name of allNames())
    for (const line of explained(name)!.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

/** What their one line says whole. */
const toldByOneLine = /^(--no-i-r|--old-d|--help|-h \(\*\)|--json|--verbose|--server|--sender)$/;

test('each option is told of in more than its line of help', () => {
  const untold = allTopics().flatMap(({ entries }) =>
    entries.filter(({ text }) => text === '').map((entry) => headOf(entry).at(-1)!.split('=')[0]!),
  );
  expect(untold.filter((name) => !toldByOneLine.test(name))).toEqual([]);
});

test('each text is of a form that there is', () => {
  const entries = allTopics().flatMap((topic) => topic.entries);
  const forms = entries.flatMap(({ main, note }) => [main.long, main.short, note?.replace(/^--/, '')]);
  for (const form of Object.keys(formTexts)) {
    expect(forms, form).toContain(form);
    expect(entries.map(({ text }) => text)).toContain(formTexts[form]);
  }
  for (const form of Object.keys(daemonTexts)) expect(explained(`--${form}`), form).toBeDefined();
});

test('levels of flags are completed, and not listed', () => {
  const { all } = fixedWords('info')!;
  expect(all.map(({ word }) => word)).toContain('progress2');
  expect(explained('--info')).not.toContain('progress2');
});
