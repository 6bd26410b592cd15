import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iwildmatch, wildmatch } from '../../../ts/filter/wildmatch.ts';

const cases: readonly [string, string, boolean][] = [
  ['foo', 'foo', true],
  ['bar', 'foo', false],
  ['???', 'foo', true],
  ['??', 'foo', false],
  ['*', 'foo', true],
  ['f*', 'foo', true],
  ['*f', 'foo', false],
  ['*ob*a*r*', 'foobar', true],
  ['*ab', 'aaaaaaabababab', true],
  ['foo\\*', 'foo*', true],
  ['foo\\*bar', 'foobar', false],
  ['f\\\\oo', 'f\\oo', true],
  ['*[al]?', 'ball', true],
  ['[ten]', 'ten', false],
  ['t[a-g]n', 'ten', true],
  ['t[!a-g]n', 'ten', false],
  ['t[^a-g]n', 'ton', true],
  ['a[]]b', 'a]b', true],
  ['a[]-]b', 'a-b', true],
  ['a[]a-]b', 'aab', true],
  [']', ']', true],
  ['foo*bar', 'foo/baz/bar', false],
  ['foo**bar', 'foo/baz/bar', true],
  ['foo?bar', 'foo/bar', false],
  ['foo[/]bar', 'foo/bar', false],
  ['f[^eiu][^eiu]r', 'f/or', false],
  ['**/foo', 'foo', false],
  ['**/foo', '/foo', true],
  ['**/foo', 'bar/baz/foo', true],
  ['*/foo', 'bar/baz/foo', false],
  ['**/bar*', 'foo/bar/baz', false],
  ['**/bar/*', 'deep/foo/bar/baz', true],
  ['**/bar/*/*', 'deep/foo/bar/baz/x', true],
  ['[a-c]b*', 'cbcd', true],
  ['[\\-^]', '-', true],
  ['[[:alpha:]][[:digit:]][[:upper:]]', 'a1B', true],
  ['[[:digit:][:upper:][:space:]]', 'a', false],
  ['[[:digit:][:spaci:]]', '1', false],
  ['[a-c[:digit:]x-z]', '5', true],
  ['[a-c[:digit:]x-z]', 'q', false],
  ['[\\\\-\\]]', '\\', true],
  ['[a-', 'a', false],
  ['[', '[', false],
  ['a\\', 'a\\', false],
  ['-*-*-*-*-*-*-12-*-*-*-m-*-*-*', '-adobe-courier-bold-o-normal--12-120-75-75-m-70-iso8859-1', true],
  ['**/*a*b*g*n*t', 'abcd/abcdefg/abcdefghijk/abcdefghijklmnop.txt', true],
  ['[\xe0-\xef]', '\xe9', true],
];

describe('wildmatch', () => {
  it.each(cases)('%s against %s', (pattern, text, expected) => {
    expect(wildmatch(pattern, text)).toBe(expected);
  });

  it('folds the case of pattern and text', () => {
    expect(iwildmatch('FOO*.[A-C]x', 'foobar.BX')).toBe(true);
    expect(iwildmatch('[[:upper:]]', 'A')).toBe(false);
    expect(wildmatch('FOO', 'foo')).toBe(false);
  });

  it('does not take exponential time', () => {
    expect(wildmatch(`${'*a'.repeat(40)}b`, 'a'.repeat(200))).toBe(false);
    expect(wildmatch(`${'**a'.repeat(40)}b`, 'a/'.repeat(200))).toBe(false);
  });

  it('agrees with a regular expression where the pattern is simple', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '**', '?', '[ab]', '[!a]');
    const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }).map((a) => a.join(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, subject) => {
        const joined = pieces.join('');
        const source = joined.replace(/\*{2,}|\*|\?|\[!a\]|\//g, (m) => {
          if (m === '?') return '[^/]';
          if (m === '[!a]') return '[^a/]';
          if (m === '/') return '/';
          return m === '*' ? '[^/]*' : '[^]*';
        });
        expect(wildmatch(joined, subject)).toBe(new RegExp(`^(?:${source})$`).test(subject));
      }),
      { numRuns: 3000 },
    );
  });
});
