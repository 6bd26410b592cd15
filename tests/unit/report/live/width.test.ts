import { expect, test } from 'vitest';
import { columnsOf, cutAtEnd, cutAtFront, textColumns } from '../../../../ts/report/view/live/width.ts';

test.each([
  ['plain', 5],
  ['\u65e5\u672c', 4],
  ['\ud55c\uae00', 4],
  ['\uff21\u3000', 4],
  ['e\u0301', 1],
  ['\u{1f600}', 2],
  ['\uff71', 1],
  ['\u2018\u00e4', 2],
])('%s takes %d columns', (text, columns) => {
  expect(textColumns(text)).toBe(columns);
});

test('a joined picture takes no less than a terminal may draw', () => {
  expect(textColumns('\u{1f469}\u200d\u{1f680}')).toBeGreaterThanOrEqual(2);
  expect(columnsOf('\u200d')).toBe(0);
});

test('a cut never splits a wide character, and a mark stays with its letter', () => {
  expect(cutAtFront('dir/\u65e5\u672c\u8a9e', 7)).toBe('...\u672c\u8a9e');
  expect(cutAtFront('dir/\u65e5\u672c\u8a9e', 8)).toBe('...\u672c\u8a9e');
  expect(cutAtFront('abe\u0301x', 2)).toBe('e\u0301x');
  expect(cutAtFront('abc', 3)).toBe('abc');
  expect(cutAtEnd('\u65e5\u672c', 3)).toBe('\u65e5');
});
