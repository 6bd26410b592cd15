import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { Statistics } from '../../../ts/report/statistics.ts';
import { printSummary } from '../../../ts/report/view/summary.ts';
import { haveRsync, makeReport, realRsync, withFolder } from './real-rsync.ts';

/** Reads the numbers of a `--no-h --stats` block. */
function parse(text: string): Statistics {
  const stats = new Statistics();
  const number = (label: string) => Number(new RegExp(`${label}: ([\\d.]+)`).exec(text)?.[1] ?? 0);
  const types = (label: string) => {
    const line = new RegExp(`${label}: .*`).exec(text)?.[0] ?? '';
    return ['dir', 'link', 'dev', 'special'].map((type) =>
      Number(new RegExp(`${type}: (\\d+)`).exec(line)?.[1] ?? 0),
    );
  };
  stats.numFiles = number('Number of files');
  [stats.numDirs, stats.numLinks, stats.numDevices, stats.numSpecials] = types('Number of files');
  stats.createdFiles = number('Number of created files');
  [stats.createdDirs, stats.createdLinks, stats.createdDevices, stats.createdSpecials] =
    types('Number of created files');
  stats.deletedFiles = number('Number of deleted files');
  [stats.deletedDirs, stats.deletedLinks, stats.deletedDevices, stats.deletedSpecials] =
    types('Number of deleted files');
  stats.transferredFiles = number('Number of regular files transferred');
  stats.totalSize = number('Total file size');
  stats.transferredSize = number('Total transferred file size');
  stats.literal = number('Literal data');
  stats.matched = number('Matched data');
  stats.flistSize = number('File list size');
  stats.flistBuildMs = number('File list generation time') * 1000;
  stats.flistTransferMs = number('File list transfer time') * 1000;
  stats.totalWritten = number('Total bytes sent');
  stats.totalRead = number('Total bytes received');
  return stats;
}

function summary(stats: Statistics, level: number, protocol = 32, dryRun = true, seconds = 0): string {
  const { report, heard } = makeReport({
    info: { ...defaultOptions().info, stats: 2 },
    humanReadable: level,
    dryRun,
  });
  printSummary(report, stats, { protocol, seconds });
  return heard.text;
}

describe.skipIf(!haveRsync)('says what rsync says', () => {
  it.each([
    [0, ['--no-h'], 32],
    [1, [], 32],
    [2, ['-h'], 32],
    [3, ['-hh'], 32],
    [1, ['--protocol=30'], 30],
    [1, ['--protocol=28'], 28],
  ] as [number, string[], number][])('human level %i, %j', (level, args, protocol) => {
    withFolder((dir) => {
      mkdirSync(`${dir}/s/sub`, { recursive: true });
      mkdirSync(`${dir}/d/old`, { recursive: true });
      for (let i = 0; i < 20; i++) writeFileSync(`${dir}/s/sub/file${i}`, 'x'.repeat(i * 999));
      writeFileSync(`${dir}/d/old/gone`, '');
      writeFileSync(`${dir}/s/big`, '');
      truncateSync(`${dir}/s/big`, 123456789);
      symlinkSync('x', `${dir}/s/link`);
      const call = (given: string[]) =>
        realRsync(['-an', '--delete', '--stats', ...given, `${dir}/s/`, `${dir}/d/`]);
      const protocolArgs = args.filter((arg) => arg.startsWith('--protocol'));
      const stats = parse(call(['--no-h', ...protocolArgs]));
      const said = call(args);
      // A few bytes more or less are exchanged from run to run; they are below 1000, so never in units.
      const again = parse(said.replaceAll(',', ''));
      stats.totalWritten = again.totalWritten;
      stats.totalRead = again.totalRead;
      // Times differ from run to run, and whether they are zero decides about lines.
      const steady = (text: string) => text.replace(/File list (generation|transfer) time.*\n/g, '');
      // The real run may have met the tick of a second.
      const ours = [0, 1].map((seconds) => steady(summary(stats, level, protocol, true, seconds)));
      expect(ours).toContain(steady(said));
    });
  });
});

it('leaves out the times that nobody measured, and says so of a run that was no dry run', () => {
  const stats = new Statistics();
  stats.totalRead = 1;
  expect(summary(stats, 1, 32, false)).not.toMatch(/seconds|DRY/);
  stats.flistBuildMs = 1;
  expect(summary(stats, 1)).toContain(
    'File list generation time: 0.001 seconds\nFile list transfer time: 0.000 seconds\n',
  );
});

it('is silent without -v or --stats', () => {
  const { report, heard } = makeReport({});
  printSummary(report, new Statistics(), { protocol: 32, seconds: 1 });
  expect(heard.said).toEqual([]);
});
