import fc from 'fast-check';
import { expect, it } from 'vitest';
import { longestLine, ruleLines } from '../../../ts/filter/rule-lines.ts';

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

it('gives the same rules however a file is cut', () => {
  const letters = fc.constantFrom('a', ' ', '\r', '\n', '\0', '#', 'x'.repeat(longestLine - 1));
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 7000 }),
      (parts, words, from0, size) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const given = (lines: ReturnType<typeof ruleLines>) =>
          [...lines].filter(({ text, isTooLong }) => text !== '' || isTooLong);
        expect(given(ruleLines(cut(bytes, size), words, from0))).toEqual(
          given(ruleLines([bytes], words, from0)),
        );
      },
    ),
  );
});

it('numbers lines as an editor does', () => {
  const lines = [
    ...ruleLines([Buffer.from('a\r'), Buffer.from('\nb\rc\n'), Buffer.from('\nd')], false, false),
  ];
  expect(lines.map(({ text }) => text)).toEqual(['a', 'b', 'c', '', 'd']);
});

it('holds no more of a line than it may have', () => {
  const long = Buffer.alloc(longestLine, 'x');
  const lines = [
    ...ruleLines([long.subarray(1), Buffer.from('\n'), long, long, Buffer.from('\ny')], false, false),
  ];
  expect(lines.map(({ text, isTooLong }) => [text.length, isTooLong])).toEqual([
    [longestLine - 1, false],
    [0, true],
    [1, false],
  ]);
});
