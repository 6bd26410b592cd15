import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { Item } from '../../../ts/wire/constants.ts';
import { entry, makeReport, negotiated } from './real-rsync.ts';

const info = (given: Partial<ReturnType<typeof defaultOptions>['info']>) => ({
  info: { ...defaultOptions().info, ...given },
});

describe('what is said', () => {
  it('ends lines, escapes what a client shows, and keeps line ends and a leading carriage return', () => {
    const { report, heard } = makeReport({});
    report.print('info', 'a\nb');
    report.print('warning', 'w');
    report.write('client', '\rmeter\r');
    report.print('log', 'nobody hears this');
    expect(heard.said).toEqual([
      ['info', 'a\\#012b\n'],
      ['warning', 'w\n'],
      ['info', '\rmeter\r'],
    ]);
  });

  it('shows everything with -8', () => {
    const { report, heard } = makeReport({ eightBitOutput: true });
    report.print('info', '\xe9\x01');
    expect(heard.text).toBe('\xe9\\#001\n');
  });

  it('is silent about information with -q, and never about errors', () => {
    const { report, heard } = makeReport({ quiet: true });
    report.print('info', 'i');
    report.print('client', 'c');
    report.startFlistProgress('building file list');
    report.print('error', 'e');
    expect(heard.text).toBe('e\n');
  });

  it('remembers transfer errors only', () => {
    const { report } = makeReport({});
    report.print('error', 'e');
    report.print('warning', 'w');
    expect(report.gotXferError).toBe(false);
    report.print('error-xfer', 'x');
    expect(report.gotXferError).toBe(true);
  });

  it('goes to the client unescaped from a server, in codes that an old client knows', () => {
    const { report, heard } = makeReport({}, { server: true });
    report.print('error', '\x01');
    report.negotiated = negotiated({ protocol: 29 });
    report.print('error', 'e');
    report.print('warning', 'w');
    expect(heard.said).toEqual([
      ['error', '\x01\n'],
      ['error-xfer', 'e\n'],
      ['info', 'w\n'],
    ]);
  });

  it('starts a new line behind an open one', () => {
    const { report, heard } = makeReport(info({ flist: 2 }));
    report.startFlistProgress('building file list');
    report.flistProgress(99);
    report.flistProgress(100);
    report.flistProgress(200);
    report.print('warning', 'careful');
    report.flistProgress(300);
    report.finishFlistProgress(301);
    expect(heard.text).toBe(
      'building file list ... \n 100 files...\r 200 files...\r\ncareful\n 300 files...\r301 files to consider\n',
    );
    const plain = makeReport(info({ flist: 1 }));
    plain.report.startFlistProgress('receiving file list');
    plain.report.finishFlistProgress(1);
    expect(plain.heard.text).toBe('receiving file list ... done\n');
  });

  it('writes a log of all but what is only for the client', () => {
    const lines: string[] = [];
    const { report } = makeReport({}, { log: { format: '%n', write: (text) => lines.push(text) } });
    report.print('info', 'i');
    report.print('client', 'c');
    report.print('log', 'l');
    expect(lines).toEqual(['i\n', 'l\n']);
  });
});

describe('lines about items', () => {
  const unchanged = 0;
  it('shows changed items with -i, all with -ii or -ivv, names with -v', () => {
    const lines = (options: Parameters<typeof makeReport>[0], iflags: number, mode = 0o100644) => {
      const { report, heard } = makeReport(options);
      report.negotiated = negotiated();
      report.maybeLogItem(entry({ mode, path: 'p' }), iflags, '');
      return heard.text;
    };
    const times = true;
    expect(lines({ itemize: 1, times }, Item.ReportTime)).toBe('.f..t...... p\n');
    expect(lines({ itemize: 1, times }, unchanged)).toBe('');
    expect(lines({ itemize: 2, times }, unchanged)).toBe('.f          p\n');
    expect(lines({ itemize: 1, times, ...info({ name: 2 }) }, unchanged)).toBe('.f          p\n');
    expect(lines(info({ name: 1 }), Item.ReportTime)).toBe('');
    expect(lines(info({ name: 1 }), Item.ReportTime, 0o040755)).toBe('p/\n');
    expect(lines(info({ name: 1 }), Item.LocalChange | Item.IsNew)).toBe('p\n');
    expect(lines({}, Item.LocalChange | Item.IsNew)).toBe('');
  });

  it('shows a hard link of which only the leader is new', () => {
    const { report, heard } = makeReport({ itemize: 1 });
    report.maybeLogItem(entry({ path: 'p' }), Item.LocalChange | Item.XnameFollows, 'leader');
    expect(heard.text).toBe('hf          p => leader\n');
  });

  it('says nothing on a server, whatever --log-format tells it', () => {
    const { report, heard } = makeReport({ outFormat: '%i%I', outFormatGiven: true }, { server: true });
    report.maybeLogItem(entry(), Item.ReportTime, '');
    report.logItem(entry(), Item.Transfer, '');
    expect(heard.said).toEqual([]);
    expect(report.formatHasI).toBe(2);
    expect(report.logBeforeTransfer).toBe(false);
  });

  it('knows how much a server was asked to itemize', () => {
    const level = (outFormat: string) =>
      makeReport({ outFormat, outFormatGiven: true }, { server: true }).report.formatHasI;
    expect([level('%i'), level('%o'), level('X')]).toEqual([1, 0, 0]);
  });

  it('logs before the transfer unless the line needs its outcome', () => {
    const early = (outFormat: string) =>
      makeReport({ outFormat, outFormatGiven: true }).report.logBeforeTransfer;
    expect([early('%n'), early('%n %b'), early('%c'), early('%-40C')]).toEqual([true, false, false, false]);
    expect(makeReport({}).report.logBeforeTransfer).toBe(false);
    expect(makeReport({ itemize: 1 }).report.logBeforeTransfer).toBe(true);
  });
});

describe('deletions', () => {
  it.each([
    [{ itemize: 1 }, '*deleting   d/\n'],
    [info({ name: 1, del: 1 }), 'deleting d/\n'],
    [info({ del: 1 }), 'deleting d/\n'],
    [{ outFormat: '%o %n', outFormatGiven: true }, 'del. d/\n'],
    [{ outFormat: '%n', outFormatGiven: true }, 'deleting d/\n'],
    [{}, ''],
  ])('%j', (options, expected) => {
    const { report, heard } = makeReport(options);
    report.logDelete('d', 0o040000);
    expect(heard.text).toBe(expected);
  });

  it('are told to the client by a server, with a NUL behind a directory', () => {
    const { report, heard } = makeReport({ itemize: 1 }, { server: true });
    report.logDelete('d', 0o040000);
    report.logDelete('f', 0o100000);
    expect(heard.deletions).toEqual(['d\0', 'f']);
    const client = makeReport({ itemize: 1 });
    for (const payload of heard.deletions) client.report.peerDeleted(payload);
    expect(client.heard.text).toBe('*deleting   d/\n*deleting   f\n');
  });
});
