import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { expect, it } from 'vitest';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { timeString } from '../../../ts/report/time-string.ts';
import { listLine } from '../../../ts/report/view/list-only.ts';
import { entry, haveRsync, realRsync, withFolder } from './real-rsync.ts';

it.skipIf(!haveRsync)('lists as rsync does, at every level of human-readable', () => {
  withFolder((dir) => {
    const put = (name: string, mode: number, mtime: number, size = 3) => {
      writeFileSync(`${dir}/${name}`, '');
      truncateSync(`${dir}/${name}`, size);
      chmodSync(`${dir}/${name}`, mode);
      lutimesSync(`${dir}/${name}`, mtime, mtime);
    };
    put('a', 0o644, 1704164645);
    put('b', 0o4755, -1, 1234567890);
    put('c', 0o2644, -1e9, 1024);
    put('d', 0o1001, 4e9, 999);
    put('e', 0o7777, 0, 0);
    put('f', 0o6000, 1e9, 12345);
    mkdirSync(`${dir}/g`);
    chmodSync(`${dir}/g`, 0o1777);
    symlinkSync('some/where', `${dir}/h`);
    execFileSync('mkfifo', [`${dir}/i`]);
    for (const [level, args] of [
      [0, ['--no-h']],
      [1, []],
      [2, ['-h']],
      [3, ['-hh']],
    ] as [number, string[]][]) {
      const options = defaultOptions({ humanReadable: level, links: true });
      const ours = [...'abcdefghi'].map((name) => {
        const stat = lstatSync(`${dir}/${name}`);
        return listLine(
          entry({
            path: name,
            mode: stat.mode,
            size: stat.size,
            mtime: Math.floor(stat.mtimeMs / 1000),
            linkTarget: stat.isSymbolicLink() ? readlinkSync(`${dir}/${name}`) : '',
          }),
          options,
        );
      });
      const shown = realRsync(['-rlD', '--list-only', ...args, `${dir}/`]);
      expect(shown.trimEnd().split('\n').slice(1).sort()).toEqual(ours.sort());
    }
  });
});

it('shows no target where links are not preserved, and missing sources', () => {
  const options = defaultOptions({ humanReadable: 1 });
  expect(listLine(entry({ mode: 0o120777, path: 'l', linkTarget: 't', size: 1 }), options)).toMatch(/ l$/);
  expect(listLine(entry({ mode: 0, path: 'gone' }), options)).toBe(`${'*missing'.padEnd(45)} gone`);
});

it('cuts and calculates times that a Date cannot hold', () => {
  expect(timeString(253402300800 + 86400 * 2)).toMatch(/^10000\/01\/0[23] \d\d:\d\d:\d$/);
  expect(timeString(8.7e12 + 146097 * 86400).slice(8)).toBe(timeString(8.7e12).slice(8));
  expect(timeString(1e17)).toBe('(time out of range)');
});
