import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Charset, escapeLog, escapeText, localeCharset } from '../../../ts/report/escape.ts';
import { haveRsync, realRsync, withFolder } from './real-rsync.ts';

it('leaves plain text alone', () => {
  expect(escapeText('plain \t~\x7f', 'ascii')).toBe('plain \t~\x7f');
  expect(escapeText('a\\b\\#12', 'ascii')).toBe('a\\b\\#12');
});

it('escapes controls, foreign bytes and what looks like an escape', () => {
  expect(escapeText('a\nb\x1b', 'bytes')).toBe('a\\#012b\\#033');
  expect(escapeText('caf\xc3\xa9', 'ascii')).toBe('caf\\#303\\#251');
  expect(escapeText('caf\xc3\xa9', 'utf8')).toBe('caf\xc3\xa9');
  expect(escapeText('\\#123', 'bytes')).toBe('\\#134#123');
});

it('takes the charset from the first variable that is set', () => {
  expect(localeCharset({})).toBe('ascii');
  expect(localeCharset({ LANG: 'de_DE.UTF-8' })).toBe('utf8');
  expect(localeCharset({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe('ascii');
  expect(localeCharset({ LC_CTYPE: 'C.utf8', LANG: 'C' })).toBe('utf8');
  expect(localeCharset({ LC_ALL: '', LANG: 'de_DE.ISO-8859-1@euro' })).toBe('bytes');
});

describe.skipIf(!haveRsync)('shows names as rsync does', () => {
  const units = fc.oneof(
    fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map((c) => Buffer.from(c).toString('latin1')),
    fc.constantFrom(
      '\\#123',
      '\\#',
      '\xc0\x80',
      '\xe0\x80\x80',
      '\xed\xa0\x80',
      '\xf4\x90\x80\x80',
      '\xf0\x80\x80\x80',
      '\xf8\x88\x80\x80\x80',
      '\xe2\x82',
      '\xfc\x84\x80\x80\x80\x80',
      '\xf7\xbf\xbf\xbf',
    ),
  );
  const name = fc
    .array(units, { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join('').replace(/[\0/]/g, '_'))
    .filter((text) => text !== '.' && text !== '..');
  const names = fc.uniqueArray(name, { minLength: 40, maxLength: 120 });
  const lanes: [string, Charset, string[]][] = [
    ['C', 'ascii', []],
    ['C.UTF-8', 'utf8', []],
    ['C.UTF-8', 'bytes', ['-8']],
  ];
  for (const [locale, charset, args] of lanes) {
    it(`in ${locale} ${args}`, () => {
      fc.assert(
        fc.property(names, (list) =>
          withFolder((dir) => {
            for (const each of list) writeFileSync(Buffer.from(`${dir}/${each}`, 'latin1'), '');
            const shown = realRsync(['-n', '-r', ...args, '--out-format=<%n>', `${dir}/`, '/nonexistent/'], {
              LC_ALL: locale,
            });
            const lines = shown
              .trimEnd()
              .split('\n')
              .filter((line) => !/^created directory|^<\.\/>$/.test(line));
            expect(lines.sort()).toEqual(list.map((each) => escapeText(`<${each}>`, charset)).sort());
          }),
        ),
        { numRuns: 3, endOnFailure: true },
      );
    });
  }

  it('in a log', () => {
    fc.assert(
      fc.property(names, (list) =>
        withFolder((dir) => {
          mkdirSync(`${dir}/s`);
          for (const each of list) writeFileSync(Buffer.from(`${dir}/s/${each}`, 'latin1'), '');
          realRsync(['-r', `--log-file=${dir}/log`, '--log-file-format=<%n>', `${dir}/s/`, `${dir}/d/`]);
          const lines = readFileSync(`${dir}/log`, 'latin1')
            .trimEnd()
            .split('\n')
            .map((line) => line.replace(/^\S+ \S+ \[\d+\] /, ''))
            .filter((line) => line.startsWith('<') && line !== '<./>');
          expect(lines.sort()).toEqual(list.map((each) => escapeLog(`<${each}>\n`).slice(0, -1)).sort());
        }),
      ),
      { numRuns: 3, endOnFailure: true },
    );
  });
});
