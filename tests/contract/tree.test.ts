import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { SysError } from '../../ts/errors.ts';
import type { Kernel, Tree } from '../../ts/kernel/kernel.ts';
import type { StatTable } from '../../ts/kernel/stat-table.ts';
import { eachKernel, failure, isRoot, scratch } from './lanes.ts';

const oddNames = [
  'plain',
  'with space',
  'new\nline',
  '\xff\xfe\x80',
  'caf\xc3\xa9',
  '-dash',
  '.dot',
  'x'.repeat(255),
];

function bytes(path: string, name = ''): Buffer {
  return Buffer.from(name === '' ? path : `${path}/${name}`, 'latin1');
}

/** Everything of a row, in the terms of `fs.lstat`. */
function row(table: StatTable, i: number) {
  const ns = (seconds: number, rest: number) => BigInt(seconds) * 1_000_000_000n + BigInt(rest);
  return {
    size: BigInt(table.size(i)),
    mtimeNs: ns(table.mtime(i), table.mtimeNsec(i)),
    atimeNs: ns(table.atime(i), table.atimeNsec(i)),
    dev: BigInt(table.dev(i)),
    ino: (BigInt(table.inoHigh(i)) << 32n) | BigInt(table.inoLow(i)),
    mode: BigInt(table.mode(i)),
    uid: BigInt(table.uid(i)),
    gid: BigInt(table.gid(i)),
    nlink: BigInt(table.nlink(i)),
  };
}

function expected(stat: fs.BigIntStats) {
  const { size, mtimeNs, atimeNs, dev, ino, mode, uid, gid, nlink } = stat;
  return { size, mtimeNs, atimeNs, dev, ino, mode, uid, gid, nlink };
}

function code(call: () => unknown): string {
  const error = failure(call);
  expect(error).toBeInstanceOf(SysError);
  expect((error as SysError).errno).toBeGreaterThan(0);
  expect((error as SysError).syscall).not.toBe('');
  return (error as SysError).code;
}

eachKernel('device numbers', (kernel) => {
  const work = scratch();
  it.skipIf(!isRoot || !kernel.can.mknod)('that no device can have are refused, not cut down', () => {
    withTree(kernel, work.path, (tree) => {
      for (const [major, minor] of [
        [4096, 1],
        [1, 1 << 20],
        [0xffffffff, 0xffffffff],
      ])
        expect(code(() => tree.mknod('device', fs.constants.S_IFCHR | 0o644, major!, minor!))).toBe('EINVAL');
      expect(fs.existsSync(`${work.path}/device`)).toBe(false);
    });
  });
});

eachKernel('what was admitted to a tree', (kernel) => {
  const work = scratch();
  it('is read from where its link led then', () => {
    const dir = work.path;
    fs.mkdirSync(`${dir}/tree/a`, { recursive: true });
    fs.mkdirSync(`${dir}/out/sub`, { recursive: true });
    fs.writeFileSync(`${dir}/out/sub/f`, 'x');
    fs.symlinkSync('../../out', `${dir}/tree/a/link`);
    withTree(kernel, `${dir}/tree`, (tree) => {
      expect(code(() => tree.scan('a/link'))).toBe('ELOOP');
      expect(code(() => tree.lstat('a/link/sub/f'))).toBe('ELOOP');
      tree.admit('a/link');
      tree.admit('a/link');
      expect(tree.scan('a/link').count).toBe(1);
      expect(tree.lstat('a/link/sub/f').size()).toBe(1);
      // What takes its place later gains nothing, nor does a link below it.
      fs.rmSync(`${dir}/tree/a/link`);
      fs.symlinkSync('/etc', `${dir}/tree/a/link`);
      fs.symlinkSync('/etc', `${dir}/out/etc`);
      expect(tree.scan('a/link').count).toBe(2);
      expect(code(() => tree.lstat('a/link/passwd'))).toBe('ENOENT');
      expect(code(() => tree.lstat('a/link/etc/passwd'))).toBe('ELOOP');
      expect(code(() => tree.scan('a/link/etc'))).toBe('ELOOP');
      expect(tree.lstat('a/link').isLink()).toBe(true);
    });
  });
  it.runIf(process.platform === 'linux')(
    'is what a way of the caller leads to, whatever has its name',
    () => {
      const dir = fs.mkdtempSync(`${work.path}/way-`);
      for (const name of ['tree', 'seen', 'planted']) fs.mkdirSync(`${dir}/${name}`);
      fs.writeFileSync(`${dir}/seen/f`, 'x');
      fs.symlinkSync('../planted', `${dir}/tree/link`);
      const fd = fs.openSync(`${dir}/seen`, 'r');
      withTree(kernel, `${dir}/tree`, (tree) => {
        expect(code(() => tree.admit('link', `${dir}/nowhere`))).toBe('ENOENT');
        expect(code(() => tree.lstat('link/f'))).toBe('ELOOP');
        tree.admit('link', `/proc/self/fd/${fd}/.`);
        fs.closeSync(fd);
        expect(tree.lstat('link/f').size()).toBe(1);
        expect(tree.scan('link').count).toBe(1);
      });
    },
  );
  it.each([{ trustedLinks: true }, {}, { trustedLinks: true, followParents: 'below' as const }])(
    'is left through no link where its name is absolute (%o)',
    (options) => {
      const dir = fs.mkdtempSync(`${work.path}/named-`);
      for (const name of ['tree', 'far/kept/sub', 'out']) fs.mkdirSync(`${dir}/${name}`, { recursive: true });
      for (const name of ['tree/f', 'out/g', 'far/kept/g']) fs.writeFileSync(`${dir}/${name}`, 'x');
      fs.symlinkSync('far', `${dir}/way`);
      const tree = kernel.openTree(`${dir}/tree`, options);
      try {
        const base = `${dir}/way/kept`;
        expect(code(() => tree.admit(`${dir}/nowhere`))).toBe('ENOENT');
        tree.admit(base);
        tree.link('f', `${base}/sub/f`);
        expect(fs.existsSync(`${dir}/far/kept/sub/f`)).toBe(true);
        // What takes a place below it, or that of what led there, gains nothing.
        fs.rmSync(`${dir}/far/kept/sub`, { recursive: true });
        fs.symlinkSync(`${dir}/out`, `${dir}/far/kept/sub`);
        fs.rmSync(`${dir}/way`);
        fs.symlinkSync('out', `${dir}/way`);
        tree.admit(base);
        expect(code(() => tree.link('f', `${base}/sub/f`))).toBe('ELOOP');
        expect(code(() => tree.rename('f', `${base}/sub/f`))).toBe('ELOOP');
        expect(code(() => tree.scan(`${base}/sub`))).toBe('ELOOP');
        expect(tree.lstat(`${base}/g`).size()).toBe(1);
        expect(fs.readdirSync(`${dir}/out`)).toEqual(['g']);
        // Removed, it is looked for again.
        fs.rmSync(`${dir}/far/kept`, { recursive: true });
        fs.mkdirSync(`${dir}/out/kept`);
        tree.admit(base);
        tree.link('f', `${base}/f`);
        expect(fs.readdirSync(`${dir}/out/kept`)).toEqual(['f']);
      } finally {
        tree.close();
      }
    },
  );
  it('must be a directory', () => {
    const dir = work.path;
    fs.writeFileSync(`${dir}/f`, '');
    withTree(kernel, dir, (tree) => {
      expect(code(() => tree.admit('f'))).toBe('ENOTDIR');
      expect(code(() => tree.admit('none'))).toBe('ENOENT');
    });
  });
});

function withTree(kernel: Kernel, path: string, use: (tree: Tree) => void, confined = false): void {
  const tree = kernel.openTree(path, { confined });
  try {
    use(tree);
  } finally {
    tree.close();
  }
}

eachKernel('reading a tree', (kernel) => {
  const dir = scratch();

  it('gives every entry of a directory with its stat, names as bytes', async () => {
    const path = dir.at('scan');
    fs.mkdirSync(path);
    for (const name of oddNames) fs.writeFileSync(bytes(path, name), name);
    fs.utimesSync(bytes(path, 'plain'), '-5.5', '-315619200.25');
    fs.mkdirSync(`${path}/sub`, 0o751);
    fs.symlinkSync(bytes('to/\xffwhere'), `${path}/link`);
    fs.symlinkSync('plain', `${path}/good`);
    const all = [...oddNames, 'sub', 'link', 'good'].sort();
    const tree = kernel.openTree(dir.path);
    for (const table of [tree.scan('scan', { links: true }), await tree.scanAsync('scan', { links: true })]) {
      const names = Array.from({ length: table.count }, (_, i) => table.name(i));
      expect([...names].sort()).toEqual(all);
      for (let i = 0; i < table.count; i++) {
        expect(table.errno(i)).toBe(0);
        const wanted = expected(fs.lstatSync(bytes(path, names[i]), { bigint: true }));
        // Reading a link's target has touched its access time.
        if (table.isLink(i)) wanted.atimeNs = row(table, i).atimeNs;
        expect(row(table, i)).toEqual(wanted);
      }
      expect(table.link(names.indexOf('link'))).toBe('to/\xffwhere');
      expect(table.isLink(names.indexOf('link'))).toBe(true);
      expect(table.isDir(names.indexOf('sub'))).toBe(true);
      expect(table.isRegular(names.indexOf('plain'))).toBe(true);
    }
    const followed = tree.scan('scan', { follow: true });
    const names = Array.from({ length: followed.count }, (_, i) => followed.name(i));
    expect(followed.isRegular(names.indexOf('good'))).toBe(true);
    expect(followed.isLink(names.indexOf('link'))).toBe(true);
    tree.close();
  });

  it('reads the tree itself, an empty directory, and says what fails', async () => {
    fs.mkdirSync(dir.at('empty'));
    fs.writeFileSync(dir.at('file'), 'x');
    const tree = kernel.openTree(dir.path);
    expect(tree.scan('empty').count).toBe(0);
    expect(tree.scan('').count).toBe(fs.readdirSync(dir.path).length);
    expect(code(() => tree.scan('nowhere'))).toBe('ENOENT');
    expect(code(() => tree.scan('file'))).toBe('ENOTDIR');
    await expect(tree.scanAsync('nowhere')).rejects.toMatchObject({ code: 'ENOENT' });
    tree.close();
    expect(code(() => kernel.openTree(dir.at('nowhere')))).toBe('ENOENT');
    expect(code(() => kernel.openTree(dir.at('file')))).toBe('ENOTDIR');
  });

  it('stats many names at once; what is missing has its errno', () => {
    fs.mkdirSync(dir.at('many'));
    fs.writeFileSync(dir.at('many', 'a'), 'aaa');
    withTree(kernel, dir.path, (tree) => {
      const table = tree.lstatMany('many', ['a', 'none', 'a']);
      expect([table.count, table.errno(0), table.errno(1), table.errno(2)]).toEqual([3, 0, 2, 0]);
      expect([table.size(0), table.name(1), table.name(2)]).toEqual([3, 'none', 'a']);
      const top = tree.lstatMany('', ['many']);
      expect(top.isDir(0)).toBe(true);
    });
  });

  it('reads several directories at once, and tells of each what fails', async () => {
    fs.mkdirSync(dir.at('one'));
    fs.writeFileSync(dir.at('one', 'a'), 'aaa');
    fs.symlinkSync('elsewhere', dir.at('one', 'b'));
    fs.mkdirSync(dir.at('two'));
    fs.writeFileSync(dir.at('notdir'), '');
    const tree = kernel.openTree(dir.path);
    const scanned = await tree.scanMany(['one', 'nowhere', 'two', 'notdir', 'one'], { links: true }, 9);
    const some = await tree.scanMany(['two', 'nowhere', 'one', 'one', 'two'], {}, 2);
    expect(some.map((table) => (table as StatTable).count)).toEqual([0, undefined, 2]);
    expect((await tree.scanMany(['two', 'one'], {}, 0)).length).toBe(1);
    tree.close();
    expect(scanned.map((table) => (table instanceof SysError ? table.code : table.count))).toEqual([
      2,
      'ENOENT',
      0,
      'ENOTDIR',
      2,
    ]);
    for (const table of [scanned[0], scanned[4]] as StatTable[]) {
      const names = [table.name(0), table.name(1)];
      expect([...names].sort()).toEqual(['a', 'b']);
      expect(table.size(names.indexOf('a'))).toBe(3);
      expect(table.link(names.indexOf('b'))).toBe('elsewhere');
      for (let i = 0; i < 2; i++)
        expect(row(table, i).ino).toBe(fs.lstatSync(dir.at('one', names[i]), { bigint: true }).ino);
    }
  });

  it('stats names of several directories at once, wherever their bytes lie', async () => {
    fs.mkdirSync(dir.at('runs'));
    fs.writeFileSync(bytes(dir.path, 'runs/\xff'), 'four');
    fs.symlinkSync('runs', dir.at('way'));
    const names = Buffer.from('..\xffrunsno', 'latin1');
    const at = (directory: number, from: number, length: number) => [directory, from, length];
    const runs = [at(0, 3, 4), at(1, 2, 1), at(1, 7, 2), at(2, 2, 1), at(3, 2, 1), at(0, 0, 2), at(1, 2, 1)];
    const tree = kernel.openTree(dir.path);
    const table = await tree.lstatRuns({
      dirs: ['', 'runs', 'way', 'gone'],
      names,
      runs: Uint32Array.from(runs.flat()),
    });
    tree.close();
    expect(table.count).toBe(7);
    expect(table.isDir(0)).toBe(true);
    expect([table.size(1), table.size(6)]).toEqual([4, 4]);
    expect(row(table, 1)).toEqual(expected(fs.lstatSync(bytes(dir.path, 'runs/\xff'), { bigint: true })));
    const { ENOENT, ELOOP, EXDEV } = constants.errno;
    expect([2, 3, 4, 5].map((i) => table.errno(i))).toEqual([ENOENT, ELOOP, ENOENT, EXDEV]);
  });

  it('stats one path, with and without following a link', () => {
    fs.writeFileSync(dir.at('target'), 'twelve bytes');
    fs.symlinkSync('target', dir.at('to-target'));
    withTree(kernel, dir.path, (tree) => {
      expect(tree.lstat('to-target').isLink()).toBe(true);
      expect(tree.stat('to-target').size()).toBe(12);
      expect(tree.readlink('to-target')).toBe('target');
      expect(row(tree.lstat(dir.at('target')), 0)).toEqual(
        expected(fs.lstatSync(dir.at('target'), { bigint: true })),
      );
      expect(code(() => tree.lstat('nothing'))).toBe('ENOENT');
      expect(code(() => tree.readlink('target'))).toBe('EINVAL');
      expect(code(() => tree.lstat('nul\0byte'))).toBe('EINVAL');
    });
  });

  it('tells the numbers of a device', () => {
    withTree(kernel, '/', (tree) => {
      const table = tree.lstat('dev/null');
      expect([table.rdevMajor(), table.rdevMinor()]).toEqual([1, 3]);
    });
  });

  it('stays valid when the directory is renamed', () => {
    fs.mkdirSync(dir.at('before/sub'), { recursive: true });
    fs.writeFileSync(dir.at('before/sub/f'), 'x');
    withTree(kernel, dir.at('before'), (tree) => {
      fs.renameSync(dir.at('before'), dir.at('after'));
      expect(tree.lstat('sub/f').size()).toBe(1);
    });
  });

  it('sees a directory that took the place of another', () => {
    fs.mkdirSync(dir.at('swap/sub'), { recursive: true });
    withTree(kernel, dir.at('swap'), (tree) => {
      tree.mkdir('sub/old', 0o700);
      tree.rmdir('sub/old');
      tree.rmdir('sub');
      tree.mkdir('sub', 0o700);
      tree.mkdir('sub/new', 0o700);
      expect(fs.readdirSync(dir.at('swap/sub'))).toEqual(['new']);
    });
  });
});

describe.skipIf(process.platform === 'win32')('confinement', () => {
  eachKernel('confinement', (kernel) => {
    const dir = scratch();

    it('goes through no symbolic link on the way, and not out of the tree', async () => {
      fs.mkdirSync(dir.at('outside'));
      fs.writeFileSync(dir.at('outside/f'), 'secret');
      fs.mkdirSync(dir.at('tree/inside'), { recursive: true });
      fs.symlinkSync('../outside', dir.at('tree/link'));
      fs.symlinkSync(dir.at('outside'), dir.at('tree/absolute'));
      fs.symlinkSync('../outside/f', dir.at('tree/file'));
      const tree = kernel.openTree(dir.at('tree'));
      const refused = ['ELOOP', 'ENOTDIR', 'EXDEV'];
      for (const way of ['link/f', 'absolute/f', '../outside/f', 'inside/../../outside/f']) {
        expect(refused, way).toContain(code(() => tree.lstat(way)));
        expect(refused, way).toContain(code(() => tree.unlink(way)));
        expect(refused, way).toContain(code(() => tree.mkdir(`${way}2`, 0o755)));
        expect(refused, way).toContain(code(() => tree.rename('inside', `${way}3`)));
        expect(refused, way).toContain(code(() => tree.openSend(sendRequest(kernel, way))));
        expect(tree.setMeta(way, { mode: 0o777 })).toBeGreaterThan(0);
        const { status } = await tree.sendMany([way], Buffer.alloc(100), plainDigest);
        expect(status[0]).toBeGreaterThan(0);
      }
      expect(refused).toContain(code(() => tree.scan('link')));
      expect(refused).toContain(code(() => tree.openSend(sendRequest(kernel, 'file'))));
      tree.close();
      expect(fs.readdirSync(dir.at('outside'))).toEqual(['f']);
      expect(fs.lstatSync(dir.at('outside/f')).mode & 0o777).not.toBe(0o777);
    });

    it('takes absolute paths as they stand, unless the tree is a daemon module', () => {
      fs.mkdirSync(dir.at('module'));
      fs.writeFileSync(dir.at('elsewhere'), 'x');
      withTree(kernel, dir.at('module'), (tree) => {
        expect(tree.lstat(dir.at('elsewhere')).size()).toBe(1);
      });
      withTree(
        kernel,
        dir.at('module'),
        (tree) => {
          expect(() => tree.lstat(dir.at('elsewhere'))).toThrow(SysError);
          expect(() => tree.openSend(sendRequest(kernel, dir.at('elsewhere')))).toThrow(SysError);
        },
        true,
      );
    });

    it('notices a parent that becomes a link', () => {
      fs.mkdirSync(dir.at('race/sub'), { recursive: true });
      fs.mkdirSync(dir.at('victim'));
      withTree(kernel, dir.at('race'), (tree) => {
        tree.mkdir('sub/one', 0o755);
        fs.rmSync(dir.at('race/sub'), { recursive: true });
        fs.symlinkSync(dir.at('victim'), dir.at('race/sub'));
        expect(() => tree.mkdir('sub/two', 0o755)).toThrow(SysError);
      });
      expect(fs.readdirSync(dir.at('victim'))).toEqual([]);
    });
  });
});

const plainDigest = { name: 'md5', seed: 0, seedFirst: true } as const;
function sendRequest(kernel: Kernel, path: string) {
  return { path, digest: plainDigest, encoder: kernel.openEncoder({ name: 'none', level: 0, threads: 0 }) };
}

eachKernel('changing a tree', (kernel) => {
  const dir = scratch();

  it('makes and removes entries of every kind', () => {
    fs.mkdirSync(dir.at('ops'));
    withTree(kernel, dir.at('ops'), (tree) => {
      tree.mkdir('d', 0o700);
      tree.mkdir('d/\xff', 0o700);
      tree.symlink('\xfe/target', 'd/\xff/link');
      expect(fs.readlinkSync(bytes(dir.at('ops'), 'd/\xff/link'), 'latin1')).toBe('\xfe/target');
      fs.writeFileSync(dir.at('ops/f'), 'data');
      tree.link('f', 'd/hard');
      expect(fs.statSync(dir.at('ops/f')).nlink).toBe(2);
      tree.rename('d/hard', 'd/\xff/moved');
      expect(tree.lstat('d/\xff/moved').nlink()).toBe(2);
      expect(code(() => tree.mkdir('d', 0o700))).toBe('EEXIST');
      expect(code(() => tree.rmdir('d'))).toBe('ENOTEMPTY');
      expect(code(() => tree.link('nothing', 'x'))).toBe('ENOENT');
      tree.unlink('d/\xff/moved');
      tree.unlink('d/\xff/link');
      tree.rmdir('d/\xff');
      tree.rmdir('d');
      expect(fs.readdirSync(dir.at('ops'))).toEqual(['f']);
      expect(code(() => tree.unlink('d'))).toBe('ENOENT');
    });
  });

  it('makes fifos and devices, or says that it cannot', () => {
    withTree(kernel, dir.path, (tree) => {
      if (!kernel.can.mknod) {
        expect(code(() => tree.mknod('fifo', 0o010644, 0, 0))).toBe('ENOSYS');
        return;
      }
      tree.mknod('fifo', 0o010644, 0, 0);
      expect(fs.lstatSync(dir.at('fifo')).isFIFO()).toBe(true);
      if (!isRoot) return;
      tree.mknod('null', 0o020644, 1, 3);
      const table = tree.lstat('null');
      expect([table.rdevMajor(), table.rdevMinor()]).toEqual([1, 3]);
    });
  });

  const slack = kernel.can.nanoseconds ? 0n : 1000n;
  const times: [number, number][] = [
    [1_700_000_000, 123_456_789],
    [0, 0],
    [-1, 0],
    [-6, 500_000_000],
    [-315_619_200, 1000],
    [4_294_967_296, 0],
    [1_234_567_890, 999_999_000],
  ];
  it.each(times)('sets the time %d s %d ns', (seconds, nanoseconds) => {
    fs.rmSync(dir.at('timed'), { force: true });
    fs.rmSync(dir.at('timed-link'), { force: true });
    fs.writeFileSync(dir.at('timed'), '');
    fs.symlinkSync('nowhere', dir.at('timed-link'));
    const wanted = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    withTree(kernel, dir.path, (tree) => {
      for (const name of kernel.can.linkTimes ? ['timed', 'timed-link'] : ['timed']) {
        const before = fs.lstatSync(dir.at(name), { bigint: true }).atimeNs;
        expect(tree.setMeta(name, { mtime: seconds, mtimeNsec: nanoseconds })).toBe(0);
        const stat = fs.lstatSync(dir.at(name), { bigint: true });
        expect(distance(stat.mtimeNs, wanted)).toBeLessThanOrEqual(slack);
        expect(distance(stat.atimeNs, before)).toBeLessThanOrEqual(slack);
        expect(tree.setMeta(name, { atime: seconds, atimeNsec: nanoseconds })).toBe(0);
        expect(distance(fs.lstatSync(dir.at(name), { bigint: true }).atimeNs, wanted)).toBeLessThanOrEqual(
          slack,
        );
      }
    });
  });

  it('never moves a time over a second', () => {
    fs.writeFileSync(dir.at('near'), '');
    const seconds = [-1_700_000_000, -5, -1, 0, 1, 1_700_000_000, 4_294_967_295, 2 ** 33 + 1];
    const parts = [1, 499, 500, 999, 1000, 1001, 500_000_000, 999_998_999, 999_999_000];
    for (let part = 999_999_001; part < 1e9; part += 37) parts.push(part);
    withTree(kernel, dir.path, (tree) => {
      for (const second of seconds) {
        for (const part of parts) {
          expect(tree.setMeta('near', { mtime: second, mtimeNsec: part })).toBe(0);
          const table = tree.lstat('near');
          const account = `${second} ${part}: ${table.mtimeNsec()}`;
          expect(table.mtime(), account).toBe(second);
          const off = Math.abs(table.mtimeNsec() - part);
          expect(off, account).toBeLessThan(kernel.can.nanoseconds ? 1 : second > 2 ** 33 ? 4000 : 2000);
        }
      }
      expect(tree.losses?.has('nanoseconds')).toBe(kernel.can.nanoseconds ? undefined : true);
    });
  });

  it('loses nothing of a time that it can keep', () => {
    fs.writeFileSync(dir.at('kept'), '');
    withTree(kernel, dir.path, (tree) => {
      for (const [mtime, mtimeNsec] of [
        [1_700_000_000, 0],
        [1_700_000_000, 500_000_000],
        [-6, 250_000_000],
      ]) {
        tree.setMeta('kept', { mtime, mtimeNsec });
        expect([tree.lstat('kept').mtime(), tree.lstat('kept').mtimeNsec()]).toEqual([mtime, mtimeNsec]);
      }
      expect([...(tree.losses ?? [])]).toEqual([]);
    });
  });

  it('sets modes of files and directories, never through a link', () => {
    fs.writeFileSync(dir.at('modes'), '', { mode: 0o600 });
    fs.mkdirSync(dir.at('modes-dir'));
    fs.symlinkSync('modes', dir.at('modes-link'));
    withTree(kernel, dir.path, (tree) => {
      expect(tree.setMeta('modes', { mode: 0o104751 })).toBe(0);
      expect(fs.lstatSync(dir.at('modes')).mode & 0o7777).toBe(0o4751);
      expect(tree.setMeta('modes-dir', { mode: 0o041777 })).toBe(0);
      expect(fs.lstatSync(dir.at('modes-dir')).mode & 0o7777).toBe(0o1777);
      expect(tree.setMeta('modes-link', { mode: 0o777, mtime: 5 })).toBe(0);
      expect(fs.lstatSync(dir.at('modes')).mode & 0o7777).toBe(0o4751);
      expect(fs.lstatSync(dir.at('modes')).mtimeMs).not.toBe(5000);
      expect(tree.setMeta('missing', { mode: 0o600 })).toBe(2);
    });
  });

  it.runIf(isRoot)('sets the owner before the mode', () => {
    fs.writeFileSync(dir.at('owned'), '');
    fs.symlinkSync('owned', dir.at('owned-link'));
    withTree(kernel, dir.path, (tree) => {
      expect(tree.setMeta('owned', { uid: 1234, gid: 4321, mode: 0o106755 })).toBe(0);
      const stat = fs.lstatSync(dir.at('owned'));
      expect([stat.uid, stat.gid, stat.mode & 0o7777]).toEqual([1234, 4321, 0o6755]);
      expect(tree.setMeta('owned-link', { uid: 77 })).toBe(0);
      expect(fs.lstatSync(dir.at('owned-link')).uid).toBe(77);
      expect(fs.lstatSync(dir.at('owned')).uid).toBe(1234);
      expect(tree.setMeta('owned', { gid: 5 })).toBe(0);
      expect([fs.lstatSync(dir.at('owned')).uid, fs.lstatSync(dir.at('owned')).gid]).toEqual([1234, 5]);
    });
  });

  it.skipIf(isRoot)('gives no mode to a file whose owner cannot be set', () => {
    fs.writeFileSync(dir.at('file'), '');
    fs.chmodSync(dir.at('file'), 0o600);
    withTree(kernel, dir.path, (tree) => {
      expect(tree.setMeta('file', { uid: 0, gid: 0, mode: 0o4755, mtime: 1000 })).toBe(constants.errno.EPERM);
      expect(tree.setMeta('file', { mtime: 2000, mode: 0o640 })).toBe(0);
    });
    const stat = fs.lstatSync(dir.at('file'));
    expect([stat.mode & 0o7777, stat.mtimeMs]).toEqual([0o640, 2_000_000]);
  });

  it('copies a whole file, and leaves nothing where it cannot', async () => {
    const data = Buffer.alloc(300_000, 'copy me ');
    fs.writeFileSync(dir.at('original'), data);
    fs.writeFileSync(dir.at('old-copy'), 'old');
    const tree = kernel.openTree(dir.path);
    await tree.copyFile('original', 'copy', 0o640);
    expect(fs.readFileSync(dir.at('copy'))).toEqual(data);
    // Whose it shall be is not known yet.
    expect(fs.statSync(dir.at('copy')).mode & 0o7777).toBe(0o600);
    await tree.copyFile('original', 'old-copy', 0o600);
    expect(fs.readFileSync(dir.at('old-copy'))).toEqual(data);
    await expect(tree.copyFile('nothing', 'fresh', 0o600)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(fs.existsSync(dir.at('fresh'))).toBe(false);
    await expect(tree.copyFile('original', 'no/where', 0o600)).rejects.toMatchObject({ code: 'ENOENT' });
    tree.close();
  });
});

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

eachKernel('links that are followed', (kernel) => {
  const work = scratch();
  const make = () => {
    const [inside, outside] = [fs.mkdtempSync(`${work.path}/in`), fs.mkdtempSync(`${work.path}/out`)];
    fs.writeFileSync(`${outside}/secret`, 'x');
    fs.mkdirSync(`${inside}/a`);
    fs.mkdirSync(`${inside}/real/b`, { recursive: true });
    fs.writeFileSync(`${inside}/real/b/file`, 'x');
    return { inside, outside };
  };

  it('lead to what lies below the tree', () => {
    const { inside, outside } = make();
    fs.symlinkSync('../real/./b', `${inside}/a/in`);
    fs.symlinkSync('in/../b/../../a/in', `${inside}/a/twice`);
    fs.symlinkSync('../..', `${inside}/a/up`);
    fs.symlinkSync(outside, `${inside}/a/out`);
    fs.symlinkSync('loop', `${inside}/a/loop`);
    const tree = kernel.openTree(inside, { followParents: 'below' });
    try {
      expect(tree.lstat('a/in/file').isRegular()).toBe(true);
      expect(tree.lstat('a/twice/file').isRegular()).toBe(true);
      for (const path of ['a/out/secret', 'a/up/x', 'a/loop/x'])
        expect(
          code(() => tree.lstat(path)),
          path,
        ).toBe('ELOOP');
    } finally {
      tree.close();
    }
  });

  it('lead anywhere where that is asked for', async () => {
    const { inside, outside } = make();
    fs.symlinkSync(outside, `${inside}/a/out`);
    fs.symlinkSync('out/secret', `${inside}/a/file`);
    const digest = plainDigest;
    const names = {
      dirs: ['a', 'a/out'],
      names: Buffer.from('filesecret'),
      runs: Uint32Array.of(0, 0, 4, 1, 4, 6),
    };
    const plain = kernel.openTree(inside, { followParents: 'anywhere' });
    const tree = kernel.openTree(inside, { followParents: 'anywhere', followFiles: true });
    try {
      expect(tree.lstat('a/out/secret').isRegular()).toBe(true);
      expect(tree.stat('a/file').size()).toBe(1);
      expect(tree.scan('a/out').name(0)).toBe('secret');
      const followed = await tree.fileSums(names, Float64Array.of(1, 1), digest);
      expect([...followed.status]).toEqual([0, 0]);
      expect(followed.sums.subarray(0, 16)).toEqual(followed.sums.subarray(16));
      const refused = await plain.fileSums(names, Float64Array.of(1, 1), digest);
      expect([...refused.status].map((errno) => errno !== 0)).toEqual([true, false]);
      const sent = await tree.sendMany(['a/file', 'a/out/secret'], Buffer.alloc(100), digest);
      expect([...sent.status]).toEqual([0, 0]);
      expect([...(await plain.sendMany(['a/file'], Buffer.alloc(100), digest)).status]).not.toEqual([0]);
    } finally {
      plain.close();
      tree.close();
    }
  });

  it('lead nowhere else when a directory is exchanged for one', async () => {
    const { inside, outside } = make();
    fs.symlinkSync(outside, `${inside}/link`);
    const exchanging = `const { renameSync } = require('node:fs'); process.chdir(${JSON.stringify(inside)});
      const pause = new Int32Array(new SharedArrayBuffer(4));
      require('node:fs').writeSync(1, 'on');
      for (let n = 0; ; n++) for (const other of ['real/b', 'link']) {
        renameSync(other, 'a/b');
        // Now and then long enough to be found.
        if (n % 100 === 0) Atomics.wait(pause, 0, 0, 3);
        renameSync('a/b', other);
      }`;
    const child = spawn(process.execPath, ['-e', exchanging], { stdio: ['ignore', 'pipe', 'ignore'] });
    let found = 0;
    try {
      await once(child.stdout, 'data');
      const end = Date.now() + Number(process.env.OC_RSYNC_RACE_SECONDS ?? '1') * 1000;
      while (Date.now() < end) {
        for (let i = 0; i < 50; i++) {
          const tree = kernel.openTree(inside, { followParents: i % 2 === 0 ? 'below' : undefined });
          try {
            expect(['ELOOP', 'ENOENT', 'ENOTDIR']).toContain(code(() => tree.lstat('a/b/secret')));
            if (attempted(() => tree.lstat('a/b/file'))) found++;
          } finally {
            tree.close();
          }
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      child.kill('SIGKILL');
    }
    expect(found).toBeGreaterThan(0);
  });
});

function attempted(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SysError);
    return false;
  }
}

eachKernel('a tree beneath a module', (kernel) => {
  const work = scratch();
  /** A folder around a module, and in the module links that stay in it and links that do not. */
  const made = (name: string) => {
    const outer = `${work.path}/${name}`;
    const module = `${outer}/module`;
    fs.mkdirSync(`${module}/sub/deep`, { recursive: true });
    fs.mkdirSync(`${module}/other`);
    for (const file of [`${outer}/out`, `${module}/in`, `${module}/other/file`]) fs.writeFileSync(file, file);
    const links = {
      in: '../in',
      out: '../../out',
      far: `${outer}/out`,
      dir: '../other',
      away: '../..',
      top: outer,
    };
    for (const [link, target] of Object.entries(links)) fs.symlinkSync(target, `${module}/sub/${link}`);
    return { outer, module };
  };

  it('is reached by ways that do not lead out', () => {
    const { outer, module } = made('ways');
    for (const dir of [outer, `${module}/sub/away`, `${module}/sub/top`, `${module}/../module`, '/'])
      expect(['ELOOP', 'EXDEV']).toContain(code(() => kernel.openTree(dir, { beneath: module })));
    const tree = kernel.openTree(`${module}/sub/dir`, { beneath: module });
    expect(tree.lstat('file').isRegular()).toBe(true);
    tree.close();
  });

  it('shows nothing beside it', () => {
    const { outer, module } = made('looks');
    const tree = kernel.openTree(`${module}/sub`, {
      beneath: module,
      followFiles: true,
      followParents: 'below',
    });
    for (const path of ['in', `${module}/in`, `${module}/sub/dir/file`, `${module}/sub/in`])
      expect(tree.stat(path).isRegular()).toBe(true);
    expect(tree.lstat(module).isDir()).toBe(true);
    for (const path of [
      'out',
      'far',
      `${outer}/out`,
      `${module}/sub/away/out`,
      `${module}/sub/out`,
      '/etc/passwd',
    ])
      expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.stat(path)));
    for (const path of ['out', 'far', 'away/out', 'top/out', `${outer}/out`])
      expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.readSmall(path, 100)));
    expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.admit('away')));
    tree.close();
  });

  it('changes nothing beside it', () => {
    const { outer, module } = made('changes');
    const tree = kernel.openTree(module, { beneath: module, trustedLinks: true });
    for (const path of [`${outer}/x`, `${module}/sub/away/x`, `${module}/sub/top/x`, 'sub/away/x'])
      expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.mkdir(path, 0o777)));
    for (const path of [`${outer}/out`, `${module}/sub/away/out`, 'sub/top/out'])
      expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.unlink(path)));
    expect(['ELOOP', 'EXDEV']).toContain(code(() => tree.rename('in', `${outer}/moved`)));
    tree.mkdir(`${module}/made`, 0o777);
    tree.rename('in', `${module}/sub/dir/moved`);
    tree.close();
    expect(fs.readdirSync(outer).sort()).toEqual(['module', 'out']);
    expect(fs.existsSync(`${module}/other/moved`)).toBe(true);
  });
});
