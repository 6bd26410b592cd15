import { describe, expect, it } from 'vitest';
import type { Tree } from '../../../ts/kernel/kernel.ts';
import { StatTable, statRowBytes } from '../../../ts/kernel/stat-table.ts';
import { attrsFor, nothingToChange } from '../../../ts/metadata/attributes.ts';
import {
  AttrFlag,
  type AttributeOptions,
  Differs,
  differences,
  everything,
  fileLooksUnchanged,
  linkLooksUnchanged,
  type Present,
  sameTime,
  unchangedAttrs,
  type Wanted,
} from '../../../ts/metadata/compare.ts';
import { defaultPerms, destMode } from '../../../ts/metadata/modes.ts';
import { backupName, partialDirName, temporaryName, uniqueSuffix } from '../../../ts/metadata/names.ts';
import { Item } from '../../../ts/wire/constants.ts';

interface Row {
  mode: number;
  size?: number;
  mtime?: number;
  nsec?: number;
  uid?: number;
  gid?: number;
}

function table(row: Row): Present {
  const bytes = new Uint8Array(statRowBytes);
  const f64 = new Float64Array(bytes.buffer);
  const u32 = new Uint32Array(bytes.buffer);
  f64[0] = row.size ?? 0;
  f64[1] = row.mtime ?? 0;
  u32[10] = row.nsec ?? 0;
  u32[12] = row.mode;
  u32[13] = row.uid ?? 0;
  u32[14] = row.gid ?? 0;
  return { stats: new StatTable(bytes, 1), row: 0, tree: {} as Tree, path: '' };
}

const file: Wanted = {
  mode: 0o100644,
  size: 0,
  mtime: 100,
  mtimeNsec: 5,
  atime: 0,
  uid: 7,
  gid: 8,
  skipGroup: false,
  accessAcl: -1,
  defaultAcl: -1,
  xattrs: -1,
};
const archive: AttributeOptions = {
  perms: true,
  executability: false,
  times: true,
  atimes: false,
  owner: true,
  group: true,
  amRoot: true,
  omitDirTimes: false,
  omitLinkTimes: false,
  modifyWindow: 0,
  canNanoseconds: true,
  canLinkTimes: true,
  acls: undefined,
  xattrs: undefined,
};
const same: Row = { mode: 0o100644, mtime: 100, nsec: 5, uid: 7, gid: 8 };
const given = (meta: object) =>
  Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined));

describe('attributes', () => {
  it('change nothing, and allocate nothing, when all is as it should be', () => {
    expect(attrsFor(file, table(same), archive)).toBe(nothingToChange);
  });

  it('are all set on a file just made', () => {
    const change = attrsFor(file, undefined, archive);
    expect(given(change.meta)).toEqual({ mode: 0o644, uid: 7, gid: 8, mtime: 100, mtimeNsec: 5 });
    const plain = attrsFor(file, undefined, { ...archive, owner: false, group: false, times: false });
    expect(given(plain.meta)).toEqual({ mode: 0o644 });
  });

  it('differ one by one', () => {
    const changed = (row: Partial<Row>, options: Partial<AttributeOptions> = {}) => {
      const change = attrsFor(file, table({ ...same, ...row }), { ...archive, ...options });
      return [change.changed, given(change.meta)];
    };
    expect(changed({ mode: 0o100600 })).toEqual([Item.ReportPerms, { mode: 0o644 }]);
    expect(changed({ mtime: 99 })).toEqual([Item.ReportTime, { mtime: 100, mtimeNsec: 5 }]);
    expect(changed({ nsec: 6 })).toEqual([0, {}]);
    expect(changed({ nsec: 6 }, { modifyWindow: -1 })[0]).toBe(Item.ReportTime);
    expect(changed({ mtime: 102 }, { modifyWindow: 2 })).toEqual([0, {}]);
    expect(changed({ uid: 1 })).toEqual([Item.ReportOwner, { uid: 7 }]);
    expect(changed({ uid: 1 }, { amRoot: false })).toEqual([0, {}]);
    expect(changed({ gid: 1 }, { amRoot: false })).toEqual([Item.ReportGroup, { gid: 8 }]);
  });

  it('compare times exactly after data was written, as far as they can be set', () => {
    const later = table({ ...same, nsec: 6 });
    expect(attrsFor(file, later, archive, AttrFlag.AccurateTime).changed).toBe(Item.ReportTime);
    const coarse = { ...archive, canNanoseconds: false };
    expect(attrsFor(file, later, coarse, AttrFlag.AccurateTime)).toBe(nothingToChange);
    const millisecondLater = table({ ...same, nsec: 1_000_000 });
    expect(attrsFor(file, millisecondLater, coarse, AttrFlag.AccurateTime).changed).toBe(Item.ReportTime);
    expect(attrsFor(file, table({ ...same, mtime: 1 }), archive, AttrFlag.SkipTimes)).toBe(nothingToChange);
  });

  it('leave a group alone that cannot be set', () => {
    expect(attrsFor({ ...file, skipGroup: true }, table({ ...same, gid: 1 }), archive)).toBe(nothingToChange);
  });

  it('set setuid again after a change of owner took it away', () => {
    const change = attrsFor({ ...file, mode: 0o104755 }, table({ ...same, mode: 0o104755, uid: 1 }), archive);
    expect(given(change.meta)).toEqual({ uid: 7, mode: 0o4755 });
    expect(change.changed).toBe(Item.ReportOwner);
  });

  it('of symbolic links are owner, group and perhaps times', () => {
    const link = { ...file, mode: 0o120777 };
    const row = { ...same, mode: 0o120700, mtime: 1, uid: 1 };
    expect(given(attrsFor(link, table(row), archive).meta)).toEqual({ uid: 7, mtime: 100, mtimeNsec: 5 });
    const cannot = attrsFor(link, table(row), { ...archive, canLinkTimes: false });
    expect([cannot.timeFailed, given(cannot.meta)]).toEqual([true, { uid: 7 }]);
    expect(given(attrsFor(link, table(row), { ...archive, omitLinkTimes: true }).meta)).toEqual({
      uid: 7,
    });
  });

  it('of directories keep setgid where the directory inherited it', () => {
    const dir = { ...file, mode: 0o040755 };
    const options = { ...archive, perms: false };
    const row = table({ ...same, mode: 0o042755 });
    expect(attrsFor(dir, row, options, AttrFlag.DirCreated)).toBe(nothingToChange);
    expect(given(attrsFor(dir, row, options).meta)).toEqual({ mode: 0o755 });
    const omit = attrsFor(dir, table({ ...same, mode: 0o040755, mtime: 1 }), {
      ...archive,
      omitDirTimes: true,
    });
    expect(omit).toBe(nothingToChange);
  });

  it('count as unchanged by what is preserved', () => {
    const options = { ...archive, executability: false };
    expect(unchangedAttrs(file, table(same), options)).toBe(true);
    expect(unchangedAttrs(file, table({ ...same, mode: 0o100755 }), options)).toBe(false);
    expect(unchangedAttrs(file, table({ ...same, mode: 0o100600 }), { ...options, perms: false })).toBe(true);
    const executable = { ...options, perms: false, executability: true };
    expect(unchangedAttrs(file, table({ ...same, mode: 0o100700 }), executable)).toBe(false);
  });
});

describe('what differs', () => {
  it('is told in bits of the item flags, and of the mode that would be set', () => {
    const bits = (row: Partial<Row>, keep: Partial<AttributeOptions> = {}, flags = 0) =>
      differences(file, table({ ...same, ...row }), { ...archive, ...keep }, flags);
    expect(bits({})).toBe(0);
    expect(bits({ size: 1 })).toBe(Item.ReportSize);
    expect(bits({ mode: 0o100600 })).toBe(Item.ReportPerms | Differs.Mode);
    // Without -p an old mode is set to what `destMode` made of it, and nobody is told.
    expect(bits({ mode: 0o100600 }, { perms: false })).toBe(Differs.Mode);
    expect(bits({ mode: 0o100744 }, { perms: false, executability: true })).toBe(
      Item.ReportPerms | Differs.Mode,
    );
    expect(bits({ mtime: 1 }, {}, AttrFlag.SkipTimes)).toBe(0);
    expect(bits({ uid: 1, gid: 1, mtime: 1 })).toBe(Item.ReportOwner | Item.ReportGroup | Item.ReportTime);
  });

  it('covers no less than what is set on a new file', () => {
    const other = table({ mode: 0o100000, mtime: 1, uid: 1, gid: 1 });
    for (const keep of [archive, { ...archive, perms: false }, { ...archive, times: false, group: false }])
      expect(differences(file, other, keep) & ~Item.ReportPerms).toBe(everything(file, keep));
  });

  it('has the times of directories where an alternate is looked for, whatever -O says', () => {
    const dir = { ...file, mode: 0o040755 };
    const row = table({ ...same, mode: 0o040755, mtime: 1 });
    const keep = { ...archive, omitDirTimes: true };
    expect(differences(dir, row, keep)).toBe(0);
    expect(unchangedAttrs(dir, row, keep)).toBe(false);
  });
});

describe('modes that are not preserved', () => {
  const options = { perms: false, executability: false };
  it('are the umask’s for new files and their own for old ones', () => {
    expect(destMode(0o104777, undefined, defaultPerms(0o027), options)).toBe(0o100750);
    expect(destMode(0o100777, 0o100600, 0o755, options)).toBe(0o100600);
    expect(destMode(0o104777, undefined, 0o750, { ...options, perms: true })).toBe(0o104777);
  });
  it('follow executability with -E', () => {
    const exec = { perms: false, executability: true };
    expect(destMode(0o100755, 0o100644, 0o755, exec)).toBe(0o100755);
    expect(destMode(0o100755, 0o100640, 0o755, exec)).toBe(0o100750);
    expect(destMode(0o100755, 0o100710, 0o755, exec)).toBe(0o100710);
    expect(destMode(0o100644, 0o100755, 0o755, exec)).toBe(0o100644);
    expect(destMode(0o040755, 0o040700, 0o755, exec)).toBe(0o040700);
  });
});

describe('names', () => {
  it.each([
    ['foo', '', '.foo.XXXXXX'],
    ['dir/foo', '', 'dir/.foo.XXXXXX'],
    ['dir/.foo', '', 'dir/.foo.XXXXXX'],
    ['foo.', '', '.foo.XXXXXX'],
    ['dir/foo', '/tmp', '/tmp/foo.XXXXXX'],
    ['dir/.foo', 't', 't/.foo.XXXXXX'],
    [`d/${'a'.repeat(255)}`, '', `d/.${'a'.repeat(246)}.XXXXXX`],
    // Cut inside a run of high bytes, the whole run goes.
    [`d/${'\xe9'.repeat(255)}`, '', 'd/.XXXXXX'],
    [`${'a'.repeat(245)}\xc3\xa9bcd`, '', `.${'a'.repeat(245)}.XXXXXX`],
  ])('%s in %j', (path, tempDir, expected) => {
    expect(temporaryName(path, tempDir, 'XXXXXX')).toBe(expected);
  });
  it('says when a temporary name cannot be had', () => {
    expect(temporaryName(`${'d'.repeat(4095)}/f`, '', 'XXXXXX')).toBeUndefined();
  });
  it('are unique', () => {
    const seen = new Set(Array.from({ length: 1000 }, () => uniqueSuffix(Math.random)));
    expect(seen.size).toBe(1000);
    for (const suffix of seen) expect(suffix).toMatch(/^[a-zA-Z0-9]{6}$/);
  });
  it('of backups', () => {
    expect(backupName('a/b', '', '~')).toBe('a/b~');
    expect(backupName('a/b', '/bk', '')).toBe('/bk/a/b');
    expect(backupName('a/b', './bk/', '.old')).toBe('bk/a/b.old');
    expect(backupName('a'.repeat(4095), '', '~')).toBeUndefined();
  });
  it('of partial files', () => {
    expect(partialDirName('a/b', '.part')).toBe('a/.part/b');
    expect(partialDirName('b', '.part')).toBe('.part/b');
    expect(partialDirName('a/b', '/p')).toBe('/p/b');
    expect(partialDirName('a/b', 'p/')).toBe('a/p/b');
  });
});

describe('the quick check', () => {
  const options = { sizeOnly: false, ignoreTimes: false };
  const there = table({ mode: 0o100644, size: 3, mtime: -5, nsec: 9 });
  it('compares size and time', () => {
    const looks = (wanted: Partial<Wanted>, rules = {}, window = 0) =>
      fileLooksUnchanged({ ...file, size: 3, mtime: -5, ...wanted }, there, { ...options, ...rules }, window);
    expect(looks({ mtimeNsec: 0 })).toBe(true);
    expect(looks({ size: 4 })).toBe(false);
    expect(looks({ mtime: -4 })).toBe(false);
    expect(looks({ mtime: -4 }, { sizeOnly: true })).toBe(true);
    expect(looks({}, { ignoreTimes: true })).toBe(false);
    expect(looks({ mtimeNsec: 8 }, {}, -1)).toBe(false);
  });
  it('sees times through a window', () => {
    expect(sameTime(10, 0, 12, 0, 2)).toBe(true);
    expect(sameTime(12, 0, 10, 0, 1)).toBe(false);
    expect(sameTime(10, 1, 10, 2, 0)).toBe(true);
  });
  it('compares the targets of links', () => {
    expect(linkLooksUnchanged('a', 'a')).toBe(true);
    expect(linkLooksUnchanged('a', undefined)).toBe(false);
    expect(linkLooksUnchanged('', '')).toBe(false);
  });
});
