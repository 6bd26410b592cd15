import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ownsTerminal } from '../../../ts/cli/host.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { testHost } from '../../support/host.ts';
import { haveRsync, makeReport, realRsync, withFolder } from './real-rsync.ts';

function meter(
  level: number,
  options: { incRecurse?: boolean; eof?: boolean; foreground?: () => boolean } = {},
) {
  const time = { now: 1_000_000 };
  const made = makeReport(
    { info: { ...defaultOptions().info, progress: level }, humanReadable: 1 },
    { host: testHost({ now: () => time.now, inForeground: options.foreground ?? (() => true) }) },
  );
  const first = { ndxStart: 1, count: 4 };
  const second = { ndxStart: 6, count: 10 };
  made.report.lists = {
    incRecurse: options.incRecurse ?? true,
    eof: options.eof ?? false,
    held: 14,
    segments: [first, second],
    totals: { entries: 20, size: 3_000_000 },
  };
  return { ...made, time, first, second };
}

it('writes over one line for a file, at most once a second', () => {
  const { report, heard, time, second } = meter(1);
  for (const size of [1, 2, 10_000_000]) report.transferBegins(size);
  const show = report.startProgress(second, 2, 10_000_000);
  show?.(0);
  time.now += 500;
  show?.(500_000);
  time.now += 500;
  show?.(2_000_000);
  time.now += 4000;
  report.endProgress(second, 2, 10_000_000);
  expect(heard.said.map(([, text]) => text)).toEqual([
    '\r              0   0%    0.00kB/s    0:00:00  ',
    '\r      2,000,000  20%    1.91MB/s    0:00:04  ',
    '\r     10,000,000 100%    1.91MB/s    0:00:05 (xfr#3, ir-chk=7/20)\n',
  ]);
});

it('keeps one line for a whole transfer, blank where it got shorter', () => {
  const { report, heard, time, first } = meter(2, { eof: true });
  report.transferBegins(1_000_000);
  report.startProgress(first, 0, 1_000_000)?.(0);
  time.now += 2000;
  report.endProgress(first, 0, 1_000_000);
  report.transferBegins(2_000_000);
  report.startProgress(first, 3, 2_000_000);
  time.now += 2000;
  report.endProgress(first, 0, 2_000_000);
  report.print('info', 'next');
  expect(heard.said.map(([, text]) => text)).toEqual([
    '\r              0   0%    0.00kB/s    0:00:00  ',
    '\r      1,000,000  33%  488.28kB/s    0:00:02 (xfr#1, to-chk=13/20)',
    '\r      3,000,000 100%  732.42kB/s    0:00:04 (xfr#2, to-chk=10/20)',
    '\nnext\n',
  ]);
  expect(heard.text.match(/\n/g)).toHaveLength(2);
});

it('pads a tail that got shorter', () => {
  const { report, heard, first, second } = meter(2);
  report.startProgress(first, 0, 1);
  report.endProgress(first, 0, 1);
  report.startProgress(second, 9, 1);
  report.endProgress(first, 0, 1);
  const [one, two] = heard.said.map(([, text]) => text);
  expect(two.length).toBe(one.length);
  expect(two.endsWith('=0/20) ')).toBe(true);
});

it('stays quiet in the background, but for the end of a file', () => {
  const { report, heard, first } = meter(1, { foreground: () => false });
  report.startProgress(first, 0, 10)?.(5);
  expect(heard.said).toEqual([]);
  report.endProgress(first, 0, 10);
  expect(heard.said).toHaveLength(1);
});

it('does not know when what never moves will end', () => {
  const { report, heard, time, first } = meter(1);
  const show = report.startProgress(first, 0, 1e15);
  show?.(0);
  time.now += 1000;
  show?.(1);
  expect(heard.said.at(-1)?.[1]).toBe('\r              1   0%    0.00kB/s   ??:??:??  ');
});

it.skipIf(!haveRsync).each([1, 2])('ends as rsync does with --info=progress%i', (level) => {
  withFolder((dir) => {
    writeFileSync(`${dir}/one`, 'x'.repeat(1234));
    writeFileSync(`${dir}/two`, 'x'.repeat(56789));
    const said = realRsync(['-r', `--info=progress${level}`, `${dir}/one`, `${dir}/two`, `${dir}/d/`]);
    const { report, heard } = meter(level, { incRecurse: false });
    const list = { ndxStart: 0, count: 2 };
    const totals = { entries: 2, size: 1234 + 56789 };
    report.lists = { incRecurse: true, eof: true, held: 2, segments: [list], totals };
    [1234, 56789].forEach((size, i) => {
      report.transferBegins(size);
      report.progressAtOnce(list, i, size);
    });
    report.listDone(list);
    report.closeLine('info');
    const steady = (text: string) =>
      text.replace(/[ \d]{4}\.\d\d[kMG]B\/s +[\d:]+/g, 'RATE').replace(/^created.*\n/, '');
    expect(steady(heard.text)).toBe(steady(said));
  });
});

it('knows a background process by its terminal', () => {
  expect(ownsTerminal('7 (a) b) S 1 7 7 34816 7 4194304')).toBe(true);
  expect(ownsTerminal('7 (a) b) S 1 7 7 34816 9 4194304')).toBe(false);
  expect(ownsTerminal('7 (node) S 1 7 7 0 -1 4194304')).toBe(true);
});
