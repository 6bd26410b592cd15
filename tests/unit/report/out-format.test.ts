import { chmodSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatHas } from '../../../ts/options/log-format.ts';
import type { ItemEntry } from '../../../ts/report/report.ts';
import { Item } from '../../../ts/wire/constants.ts';
import { entry, haveRsync, makeReport, negotiated, realRsync, withFolder } from './real-rsync.ts';

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

const formats = [
  '%i %n%L',
  '%n%L',
  '%o %f %l',
  '[%10n|%-10n|%2n|%20L|%-20L]',
  '%p %5%|%%|%%n|%h|%a|%m|%P|%u|%z|%Z',
  "%'l %'''l %12'l %-12'l| %010l",
  '%U %G %010U %-6G|',
  '%M %B',
  '%5i|%-14i|%i%i',
  'plain',
  '%o%',
  '%n%20',
  "%'",
  '%123456789012345678901234n',
  '%000000000000000000000000000000%o %n',
  "%-000000000000000000000000000000%'l",
];

describe.skipIf(!haveRsync)('renders as rsync does', () => {
  it.each(formats)('%s', (format) => {
    withFolder((dir) => {
      const source = `${dir}/s`;
      mkdirSync(`${source}/dir`, { recursive: true });
      writeFileSync(`${source}/file`, '');
      truncateSync(`${source}/file`, 1234567);
      chmodSync(`${source}/file`, 0o4750);
      utimesSync(`${source}/file`, 1e9, 1e9);
      utimesSync(`${source}/dir`, 1e9, 1e9);
      chmodSync(`${source}/dir`, 0o755);
      symlinkSync('target', `${source}/link`);
      const shown = realRsync([
        '-nogtpl',
        '--dirs',
        `--out-format=${format}`,
        `${source}/file`,
        `${source}/dir`,
        `${source}/link`,
        `${dir}/d/`,
      ]);
      const { report, heard } = makeReport({
        outFormat: format,
        outFormatGiven: true,
        owner: true,
        group: true,
        times: true,
        dryRun: true,
      });
      report.negotiated = negotiated();
      const known = { uid, gid, root: source };
      const entries: [ItemEntry, number][] = [
        [entry({ ...known, path: 'file', mode: 0o104750, mtime: 1e9 }), Item.Transfer | Item.IsNew],
        [
          entry({ ...known, path: 'link', mode: 0o120777, size: 6, linkTarget: 'target' }),
          Item.LocalChange | Item.IsNew,
        ],
        [
          entry({ ...known, path: 'dir', mode: 0o040755, mtime: 1e9, size: 0 }),
          Item.LocalChange | Item.IsNew,
        ],
      ];
      for (const [each, iflags] of entries) report.logItem(each, iflags, '');
      // Sizes of directories, the time of the link and the process number depend on the machine.
      const steady = (text: string) =>
        text
          .split('\n')
          .filter((line) => !line.startsWith('created directory'))
          .filter((line, k) => k === 0 || !/%[^ ]*[lMp]/.test(format) || line === '')
          .map((line) => (format.startsWith('%p') ? line.replace(/^\d+/, 'PID') : line));
      expect(steady(heard.text)).toEqual(steady(shown));
    });
  });
});

it('finds escapes behind quotes, minus and width, and not behind a percent', () => {
  expect(formatHas('x%-10n', 'n')).toBe(true);
  expect(formatHas('%000000000000000000000000000000C', 'C')).toBe(false);
  expect(formatHas('%000000000000000000000000000000%C', 'C')).toBe(true);
  expect(formatHas("%'''l", 'l')).toBe(true);
  expect(formatHas('%%i', 'i')).toBe(false);
  expect(formatHas('%z%i', 'i')).toBe(true);
  expect(formatHas('100%', 'i')).toBe(false);
});

it('tells the leader of a hard link', () => {
  const { report, heard } = makeReport({ itemize: 1 });
  report.logItem(entry(), Item.LocalChange | Item.XnameFollows | Item.IsNew, 'dir/first');
  expect(heard.text).toBe('hf+++++++++ dir/name => dir/first\n');
});

it('shows digests as the usual tools do, and blanks where there is none', () => {
  const { report, heard } = makeReport({ outFormat: '%C|', outFormatGiven: true });
  report.negotiated = negotiated({ transferDigest: { name: 'xxh64', seed: 0, seedFirst: true } });
  report.transferSum = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0xef);
  report.logItem(entry(), Item.Transfer, '');
  report.logItem(entry(), Item.ReportTime, '');
  report.negotiated = negotiated({ transferDigest: { name: 'md5', seed: 0, seedFirst: true } });
  report.transferSum = new Uint8Array(16).fill(0x1a);
  report.logItem(entry(), Item.Transfer, '');
  expect(heard.text).toBe(`ef07060504030201|\n${' '.repeat(16)}|\n${'1a'.repeat(16)}|\n`);
});

it('shows zeros for what a dry run did not send, and nothing for other files', () => {
  const { report, heard } = makeReport({ outFormat: '%C|', outFormatGiven: true, dryRun: true });
  report.negotiated = negotiated();
  report.logItem(entry(), Item.Transfer | Item.IsNew, '');
  report.logItem(entry({ mode: 0o120777 }), Item.LocalChange | Item.IsNew, '');
  const theirs = withFolder((dir) => {
    writeFileSync(`${dir}/a`, 'x');
    symlinkSync('a', `${dir}/l`);
    return haveRsync
      ? realRsync(['-nl', '--out-format=%C|', `${dir}/a`, `${dir}/l`, `${dir}/new`])
      : heard.text;
  });
  expect(heard.text).toBe(theirs.replace(/^created.*\n/, ''));
});

it('counts the bytes of an item in the direction it went', () => {
  let written = 100;
  let read = 7;
  const counters = { written: () => written, read: () => read };
  const { report, heard } = makeReport({ outFormat: '%b %c', outFormatGiven: true }, { counters });
  report.startItem();
  written += 5000;
  read += 3;
  report.logItem(entry(), Item.Transfer, '');
  report.logItem(entry(), Item.ReportTime, '');
  expect(heard.text).toBe('5000 3\n0 0\n');
  expect(report.logBeforeTransfer).toBe(false);
});

it("knows a daemon's escapes", () => {
  const daemon = {
    host: 'h',
    address: '10.0.0.1',
    module: 'mod',
    modulePath: '/srv',
    user: 'me',
    dir: () => 'sub',
  };
  const written: string[] = [];
  const log = { format: '%o %h [%a] %m (%u) %f %P %l', write: (text: string) => written.push(text) };
  const { report } = makeReport({ server: true }, { server: true, sender: true, daemon, log });
  report.logItem(entry({ path: './a', size: 5 }), Item.Transfer, '', 'log');
  expect(written).toEqual(['send h [10.0.0.1] mod (me) sub/a /srv 5\n']);
});
