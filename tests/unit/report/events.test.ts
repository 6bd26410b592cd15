import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RsyncError } from '../../../ts/errors.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';
import type { RunEvents } from '../../../ts/report/events.ts';
import { itemString, shownName } from '../../../ts/report/itemize.ts';
import type { Statistics } from '../../../ts/report/statistics.ts';
import { runClient } from '../../../ts/session/client.ts';
import { testIo } from '../../support/host.ts';
import { entry, haveRsync, makeReport, realRsync, withFolder } from './real-rsync.ts';

it('tells a listener what it says, and of items and deletions that no line shows', () => {
  const told: unknown[][] = [];
  const events: RunEvents = {
    said: (code, text) => void told.push(['said', code, text]),
    item: (each, iflags, leader) => void told.push(['item', each.path, iflags, leader]),
    deleted: (path, mode) => void told.push(['deleted', path, mode]),
    progressed: (path, position, size) => void told.push(['progressed', path, position, size]),
  };
  const { report, heard } = makeReport({}, { events });
  report.print('warning', 'a\nb');
  report.itemDone(entry({ path: 'x' }), 0, '');
  report.logDelete('y', 0o100000);
  const list = { ndxStart: 0, count: 1, path: () => 'z' };
  report.startProgress(list, 0, 10)?.(5);
  report.endProgress(list, 0, 10);
  expect(told).toEqual([
    ['said', 'warning', 'a\nb\n'],
    ['item', 'x', 0, ''],
    ['deleted', 'y', 0o100000],
    ['progressed', 'z', 5, 10],
    ['progressed', 'z', 10, 10],
  ]);
  expect(heard.text).toBe('a\\#012b\n');
});

it('makes nothing for those who do not listen', () => {
  const { report } = makeReport({});
  expect(report.showsProgress).toBe(false);
  expect(report.startProgress({ ndxStart: 0, count: 1 }, 0, 10)).toBe(undefined);
});

/** Runs a command in this process, and keeps what its listener was told. */
async function listen(
  args: string[],
): Promise<{ lines: string[]; ended: Readonly<Statistics>[]; code: number }> {
  const lines: string[] = [];
  const ended: Readonly<Statistics>[] = [];
  const command = parseClientArgs(args, { env: {}, now: Date.now });
  if (command.kind !== 'run') throw new Error('not a run');
  const context = { transferSign: '>', times: true, linkTimes: true } as const;
  const io = testIo(
    {},
    {
      events: {
        item: (each, iflags) =>
          void lines.push(`${itemString(iflags, each.mode, context)} ${shownName(each.path, each.mode)}`),
        deleted: (path, mode) => void lines.push(`*deleting   ${shownName(path, mode)}`),
        ended: (statistics) => void ended.push({ ...statistics }),
      } satisfies RunEvents,
    },
  );
  const code = await runClient(command.options, [...command.args], io).then(
    (end) => end.code,
    (error: RsyncError) => {
      expect(error.statistics).toBeDefined();
      return error.exitCode;
    },
  );
  return { lines, ended, code };
}

describe.skipIf(!haveRsync)('a silent run tells its listener', () => {
  it.each([[['-a', '--delete']], [['-an', '--delete']], [['-a', '--delete', '--progress']]])(
    'what rsync itemizes with %j',
    async (args) => {
      await withFolder(async (dir) => {
        for (const to of ['one', 'two']) {
          mkdirSync(`${dir}/${to}/old`, { recursive: true });
          writeFileSync(`${dir}/${to}/same`, 'same');
          utimesSync(`${dir}/${to}/same`, 1e9, 1e9);
        }
        mkdirSync(`${dir}/s/sub`, { recursive: true });
        writeFileSync(`${dir}/s/same`, 'same');
        utimesSync(`${dir}/s/same`, 1e9, 1e9);
        for (const name of ['a', 'b', 'sub/c']) writeFileSync(`${dir}/s/${name}`, name);
        symlinkSync('a', `${dir}/s/link`);
        // Made in another second, a directory would count as changed.
        for (const folder of ['s', 'one', 'two']) utimesSync(`${dir}/${folder}`, 1.1e9, 1.1e9);
        const { lines, ended, code } = await listen([...args, `${dir}/s/`, `${dir}/one/`]);
        const plain = args.filter((arg) => arg !== '--progress');
        const shown = realRsync([...plain, '-i', '--out-format=%i %n', `${dir}/s/`, `${dir}/two/`]);
        expect(lines.toSorted()).toEqual(shown.trimEnd().split('\n').toSorted());
        expect(code).toBe(0);
        expect(ended).toHaveLength(1);
        expect(ended[0]?.transferredFiles).toBe(3);
      });
    },
  );

  it('of a run that failed, too', async () => {
    await withFolder(async (dir) => {
      writeFileSync(`${dir}/file`, 'content');
      const { ended, code } = await listen(['-a', `${dir}/file`, '/proc/none/none/']);
      expect(code).toBe(11);
      expect(ended).toHaveLength(1);
      expect(ended[0]?.totalSize).toBe(7);
    });
  });
});
