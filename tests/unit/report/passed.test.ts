import { expect, test } from 'vitest';
import { PassedBytes } from '../../../ts/report/passed.ts';

test('counts what is before an entry once, list by list', () => {
  const list = (count: number, each: number) => ({
    ndxStart: 1,
    count,
    bytesOf: (from: number, to: number) => (to - from) * each,
  });
  const [first, second] = [list(10, 100), list(5, 1)];
  const passed = new PassedBytes();
  expect(passed.upTo(first, 3)).toBe(300);
  expect(passed.upTo(second, 1)).toBe(301);
  // A file that has to come again.
  expect(passed.upTo(first, 1)).toBe(301);
  expect(passed.upTo(first, first.count)).toBe(1001);
  expect(passed.upTo(first, first.count)).toBe(1001);
  expect(passed.upTo(second, second.count)).toBe(1005);
});
