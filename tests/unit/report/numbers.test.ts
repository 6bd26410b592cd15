import { truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bigDecimal, bigNumber, commaNumber } from '../../../ts/report/numbers.ts';
import { haveRsync, realRsync, withFolder } from './real-rsync.ts';

it('groups, and adds a fraction only without a unit', () => {
  expect(bigNumber(0, 1)).toBe('0');
  expect(bigNumber(1234567, 0)).toBe('1234567');
  expect(bigNumber(-1234567, 1)).toBe('-1,234,567');
  expect(bigNumber(123456, 1, '.50')).toBe('123,456.50');
  expect(bigNumber(1500, 2, '.50')).toBe('1.50K');
  expect(bigNumber(-1500, 2)).toBe('-1.50K');
  expect(commaNumber(123456, 3)).toBe('123,456');
  expect(bigDecimal(999.999, 2, 2)).toBe('1000.00');
  expect(bigDecimal(1234.567, 1, 2)).toBe('1,234.57');
  expect(bigDecimal(1234.567, 2, 2)).toBe('1.23K');
  expect(bigDecimal(1234.567, 0, 2)).toBe('1234.57');
});

it.skipIf(!haveRsync)('shows sizes of every magnitude as rsync does', () => {
  const sizes = [
    0,
    1,
    999,
    1000,
    1023,
    1024,
    1536,
    999999,
    1e6,
    1048576,
    123456789,
    999999999,
    1e9,
    5.5e9,
    2 ** 41,
  ];
  withFolder((dir) => {
    for (const size of sizes) {
      writeFileSync(`${dir}/${`${size}`.padStart(20, '0')}`, '');
      truncateSync(`${dir}/${`${size}`.padStart(20, '0')}`, size);
    }
    const shown = realRsync(['-n', '-r', "--out-format=%l %'l %''l %'''l", `${dir}/`, '/nonexistent/']);
    const ours = sizes.map((size) => [0, 1, 2, 3].map((level) => bigNumber(size, level)).join(' '));
    expect(shown.trim().split('\n').slice(-sizes.length)).toEqual(ours);
  });
});
