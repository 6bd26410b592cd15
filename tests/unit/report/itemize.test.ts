import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { itemString } from '../../../ts/report/itemize.ts';
import { Item } from '../../../ts/wire/constants.ts';
import { haveRsync, realRsync, withFolder } from './real-rsync.ts';

const context = { transferSign: '>', times: true, linkTimes: true } as const;
const regular = 0o100644;
const dir = 0o040755;
const link = 0o120777;

describe('item strings', () => {
  const cases: [string, number, number, string][] = [
    ['new file', Item.Transfer | Item.IsNew, regular, '>f+++++++++'],
    ['unknown file', Item.Transfer | Item.MissingData, regular, '>f?????????'],
    ['rewritten', Item.Transfer, regular, '>f.........'],
    ['size and time', Item.Transfer | Item.ReportSize | Item.ReportTime, regular, '>f.st......'],
    ['checksum', Item.Transfer | Item.ReportChange, regular, '>fc........'],
    ['all attributes', Item.ReportPerms | Item.ReportOwner | Item.ReportGroup, regular, '.f...pog...'],
    ['access', Item.ReportAtime, regular, '.f......u..'],
    ['creation', Item.ReportCrtime, regular, '.f......n..'],
    ['access and creation', Item.ReportAtime | Item.ReportCrtime, regular, '.f......b..'],
    ['acl and xattr', Item.ReportAcl | Item.ReportXattr, dir, '.d.......ax'],
    ['unchanged', 0, regular, '.f         '],
    ['new directory', Item.LocalChange | Item.IsNew, dir, 'cd+++++++++'],
    ['directory time', Item.ReportTime, dir, '.d..t......'],
    ['new target', Item.LocalChange | Item.ReportChange | Item.ReportTime, link, 'cLc.t......'],
    ['link time that cannot be set', Item.ReportTime | Item.ReportTimeFail, link, '.L..T......'],
    ['a symlink has no size', Item.ReportSize | Item.ReportPerms, link, '.L...p.....'],
    ['hard link', Item.LocalChange | Item.XnameFollows | Item.IsNew, regular, 'hf+++++++++'],
    ['hard link that was there', Item.LocalChange | Item.XnameFollows, regular, 'hf         '],
    ['device', Item.LocalChange | Item.IsNew, 0o060644, 'cD+++++++++'],
    ['fifo', Item.LocalChange | Item.IsNew, 0o010644, 'cS+++++++++'],
    ['deletion', Item.Deleted, dir, '*deleting  '],
  ];
  it.each(cases)('%s', (_name, iflags, mode, expected) => {
    expect(itemString(iflags, mode, context)).toBe(expected);
  });

  it('says T where times are not preserved, and < for what goes to another machine', () => {
    const flags = Item.Transfer | Item.ReportTime;
    expect(itemString(flags, regular, { ...context, times: false })).toBe('>f..T......');
    expect(itemString(flags, regular, { ...context, transferSign: '<' })).toBe('<f..t......');
    expect(itemString(Item.ReportTime, link, { ...context, linkTimes: false })).toBe('.L..T......');
  });
});

it.skipIf(!haveRsync)('says what rsync says of the same changes', () => {
  withFolder((folder) => {
    const sh = (script: string) => execFileSync('sh', ['-c', `cd ${folder} && ${script}`]);
    sh(
      'mkdir s && cd s && echo a >size && echo b >time && echo c >mode && echo d >same && ln -s x lnk && mkdir sub' +
        ' && touch -hd @1000000000 * . && cp -a . ../d && cd ../d && echo longer >size && touch -d @1100000000 time sub' +
        ' && chmod 600 mode && rm lnk && ln -s y lnk && touch -hd @1000000000 lnk && echo e >gone' +
        ' && touch -d @1000000000 . && cd ../s && echo f >new && touch -d @1000000000 .',
    );
    const said = realRsync(['-aii', '--delete', '--out-format=%i|%n', `${folder}/s/`, `${folder}/d/`]);
    const t = Item.Transfer;
    const lines = [
      `*deleting  |gone`,
      `${itemString(Item.ReportTime, dir, context)}|./`,
      `${itemString(Item.LocalChange | Item.ReportChange, link, context)}|lnk`,
      `${itemString(Item.ReportPerms, regular, context)}|mode`,
      `${itemString(t | Item.IsNew, regular, context)}|new`,
      `${itemString(0, regular, context)}|same`,
      `${itemString(t | Item.ReportSize | Item.ReportTime, regular, context)}|size`,
      `${itemString(t | Item.ReportTime, regular, context)}|time`,
      `${itemString(Item.ReportTime, dir, context)}|sub/`,
    ];
    // Whether the top folder's time differs depends on the deletion; its line is not the point.
    const steady = (all: string[]) => all.filter((line) => !line.endsWith('|./')).sort();
    expect(steady(said.trimEnd().split('\n'))).toEqual(steady(lines));
  });
});
