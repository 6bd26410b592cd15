/** Extended attributes, small files and devices: what a kernel says of a path itself, and of what a link leads to only when asked. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SysError } from '../../ts/errors.ts';
import { withFakeSuper } from '../../ts/kernel/fake-super.ts';
import { Extra, type Tree, type Xattrs } from '../../ts/kernel/kernel.ts';
import { Lacks, type StatTable } from '../../ts/kernel/stat-table.ts';
import { canExtras } from '../support/extras.ts';
import { eachKernel } from './lanes.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-attributes-'));
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'sub/file'), 'content');
  writeFileSync(join(dir, 'outside'), 'secret');
  symlinkSync('../outside', join(dir, 'sub/link'));
  symlinkSync('sub', join(dir, 'door'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const failure = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SysError) return error.code;
    throw error;
  }
  return '';
};

eachKernel('small files', (kernel) => {
  let tree: Tree;
  beforeEach(() => {
    tree = kernel.openTree(dir);
  });
  afterEach(() => tree.close());

  it('are read and written whole, and never through a link', () => {
    expect(tree.readSmall('sub/file', 100)).toBe('content');
    expect(tree.readSmall('sub/file', 3)).toBe('con');
    expect(failure(() => tree.readSmall('sub/link', 100))).toBe('ELOOP');
    expect(failure(() => tree.readSmall('door/file', 100))).toBe('ELOOP');
    tree.writeSmall('sub/file', '\xffnew', 0o600);
    tree.writeSmall('sub/made', '', 0o640);
    expect(readFileSync(join(dir, 'sub/file'), 'latin1')).toBe('\xffnew');
    expect(statSync(join(dir, 'sub/made')).size).toBe(0);
    expect(failure(() => tree.writeSmall('sub/link', 'x', 0o600))).toBe('ELOOP');
    expect(readFileSync(join(dir, 'outside'), 'latin1')).toBe('secret');
  });

  it('have no size as devices, where they are none', () => {
    expect(tree.deviceSize('sub/file') === 0 || kernel.name === 'native').toBe(true);
    expect(failure(() => tree.deviceSize('sub/none'))).toBe('ENOENT');
  });
});

describe.skipIf(!canExtras)('with attributes', () => {
  eachKernel('extended attributes', (kernel) => {
    if (!kernel.can.xattrs) {
      it('are not there, and said to be', () => expect(kernel.openTree(dir).xattrs).toBeUndefined());
      return;
    }
    let tree: Tree;
    let calls: Xattrs;
    beforeEach(() => {
      tree = kernel.openTree(dir);
      calls = tree.xattrs as Xattrs;
    });
    afterEach(() => tree.close());

    it('are listed, read, set and removed, of the tree itself too', () => {
      for (const path of ['', 'sub', 'sub/file', join(dir, 'sub/file')]) {
        calls.set(path, 'user.one', Buffer.from('value\xff', 'latin1'));
        calls.set(path, 'user.long', Buffer.alloc(3000, 7));
        calls.set(path, 'user.empty', Buffer.alloc(0));
        expect([...calls.list(path)].sort()).toEqual(['user.empty', 'user.long', 'user.one']);
        expect(Buffer.from(calls.get(path, 'user.one') as Uint8Array).toString('latin1')).toBe('value\xff');
        expect(calls.get(path, 'user.long')?.length).toBe(3000);
        expect(calls.get(path, 'user.empty')?.length).toBe(0);
        for (const name of calls.list(path)) calls.remove(path, name);
        expect(calls.list(path)).toEqual([]);
      }
    });

    it('say what is missing', () => {
      expect(calls.get('sub/file', 'user.none')).toBeUndefined();
      expect(failure(() => calls.get('sub/none', 'user.none'))).toBe('ENOENT');
      expect(failure(() => calls.remove('sub/file', 'user.none'))).toBe('ENODATA');
      expect(failure(() => calls.list('sub/none'))).toBe('ENOENT');
    });

    it('are of what a link leads to where that is asked for', () => {
      calls.set('sub', 'user.one', Buffer.from('x'));
      calls.set('outside', 'user.one', Buffer.from('yy'));
      for (const [path, length] of [
        ['door', 1],
        ['sub', 1],
        ['sub/link', 2],
        ['outside', 2],
      ] as const) {
        expect(calls.get(path, 'user.one', true)?.length).toBe(length);
        expect(calls.get(path, 'user.none', true)).toBeUndefined();
      }
      expect(failure(() => calls.get('sub/none', 'user.one', true))).toBe('ENOENT');
      const confined = kernel.openTree(join(dir, 'sub'), { confined: true });
      expect(failure(() => confined.xattrs?.get('link', 'user.one', true))).not.toBe('');
      confined.close();
    });

    it('and ACLs that are not there are told with a status', async () => {
      const names = ['bare', 'noted', 'listed', 'door', 'none'];
      tree.mkdir('all', 0o755);
      for (const name of ['bare', 'noted', 'listed']) tree.writeSmall(`all/${name}`, '', 0o644);
      tree.mkdir('all/dir', 0o755);
      tree.mkdir('all/heir', 0o755);
      tree.symlink('noted', 'all/door');
      calls.set('all/noted', 'user.one', Buffer.from('x'));
      spawnSync('setfacl', ['-m', 'u:12:r', join(dir, 'all/listed')]);
      spawnSync('setfacl', ['-d', '-m', 'u:12:r', join(dir, 'all/heir')]);
      const { AccessAcl, DefaultAcl, Xattrs } = Lacks;
      const lacks: Record<string, number> = {
        bare: AccessAcl | Xattrs,
        noted: AccessAcl,
        listed: 0,
        dir: AccessAcl | DefaultAcl | Xattrs,
        heir: AccessAcl,
        door: Xattrs,
        none: 0,
      };
      const all = Extra.Acls | Extra.Xattrs;
      for (const lookFor of [all, Extra.Acls, Extra.Xattrs, 0]) {
        const asked =
          (lookFor & Extra.Acls ? AccessAcl | DefaultAcl : 0) | (lookFor & Extra.Xattrs ? Xattrs : 0);
        const tables = [
          tree.scan('all', { lookFor }),
          await tree.scanAsync('all', { lookFor }),
          ...((await tree.scanMany(['all'], { lookFor }, 99)) as StatTable[]),
        ];
        for (const table of tables)
          for (let row = 0; row < table.count; row++)
            expect(table.lacks(row), table.name(row)).toBe(lacks[table.name(row)] & asked);
        const packed = Buffer.from(names.join(''));
        const runs = new Uint32Array(names.length * 3);
        names.forEach((name, k) => {
          runs.set([0, packed.indexOf(name), name.length], 3 * k);
        });
        const few = [
          tree.lstatMany('all', names, lookFor),
          await tree.lstatRuns({ dirs: ['all'], names: packed, runs }, lookFor),
        ];
        for (const table of few)
          names.forEach((name, k) => {
            expect(table.lacks(k), name).toBe(lacks[name] & asked);
          });
      }
      // What a link leads to has its own.
      const followed = tree.scan('all', { lookFor: all, follow: true });
      for (let row = 0; row < followed.count; row++)
        if (followed.name(row) === 'door') expect(followed.lacks(row)).toBe(0);
    });

    it('are those of a link itself, and not reached through one', () => {
      calls.set('outside', 'user.one', Buffer.from('x'));
      expect(calls.list('sub/link')).toEqual([]);
      expect(failure(() => calls.set('sub/link', 'user.one', Buffer.from('y')))).toBe('EPERM');
      expect(failure(() => calls.list('door/file'))).toBe('ELOOP');
      expect(
        spawnSync('getfattr', ['-n', 'user.one', '--only-values', join(dir, 'outside')]).stdout.toString(),
      ).toBe('x');
    });

    it('hold what --fake-super notes', () => {
      const fake = withFakeSuper(kernel, () => expect.fail('a note is unreadable')).openTree(dir);
      fake.symlink('../any/where', 'sub/noted');
      fake.mknod('sub/null', 0o020666, 1, 3);
      fake.mkdir('sub/dir', 0o7000);
      fake.setMeta('sub/file', { mode: 0o4500, uid: 12, gid: 13 });
      fake.setMeta('sub/dir', { mode: 0o1000 });
      const stat = (path: string) => {
        const row = fake.lstat(path);
        return [row.mode().toString(8), row.uid() === 12, row.rdevMajor(), row.rdevMinor()];
      };
      expect(stat('sub/noted')).toEqual(['120777', false, 0, 0]);
      expect(fake.readlink('sub/noted')).toBe('../any/where');
      expect(stat('sub/null')).toEqual(['20666', false, 1, 3]);
      expect(stat('sub/file')).toEqual(['104500', true, 0, 0]);
      expect(stat('sub/dir')).toEqual(['41000', false, 0, 0]);
      // What is there is a plain file of ours, to be used.
      expect(tree.lstat('sub/null').mode()).toBe(0o100666);
      expect(tree.lstat('sub/file').mode()).toBe(0o100700);
      const scanned = fake.scan('sub', { links: true });
      const found: Record<string, string> = {};
      for (let k = 0; k < scanned.count; k++)
        found[scanned.name(k)] = `${scanned.mode(k).toString(8)} ${scanned.isLink(k) ? scanned.link(k) : ''}`;
      expect(found.noted).toBe('120777 ../any/where');
      expect(found.link).toBe('120777 ../outside');
      expect(found.null).toBe('20666 ');
      // A note that says what is there anyway goes.
      const { uid, gid } = statSync(join(dir, 'sub/file'));
      fake.setMeta('sub/file', { mode: 0o644, uid, gid });
      expect(calls.list('sub/file')).toEqual([]);
      fake.close();
    });
  });
});
