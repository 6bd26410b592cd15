/** Backups on another file system, where neither a link nor a rename leads. */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SysError } from '../../../ts/errors.ts';
import type { Tree } from '../../../ts/kernel/kernel.ts';
import { createPortableKernel } from '../../../ts/kernel/portable/index.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { makeBackup } from '../../../ts/roles/backup.ts';
import type { RoleContext } from '../../../ts/roles/context.ts';
import { testHost } from '../../support/host.ts';

const EXDEV = 18;
const ENOTDIR = 20;
let dir: string;
let tree: Tree;
let said: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-backup-'));
  said = [];
  const real = createPortableKernel(testHost()).openTree(dir);
  const refuse = (call: string) => () => {
    throw new SysError(EXDEV, 'EXDEV', call);
  };
  tree = Object.create(real, {
    link: { value: refuse('link') },
    rename: { value: refuse('rename') },
  }) as Tree;
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function context(options: Partial<ReturnType<typeof defaultOptions>>): RoleContext {
  return {
    options: { ...defaultOptions(), links: true, times: true, backupDir: 'saved', suffix: '', ...options },
    report: { info: () => true, trace() {}, print: (_code: string, line: string) => said.push(line) },
    negotiated: { protocol: 32 },
    amRoot: false,
  } as unknown as RoleContext;
}

test('a file is copied with its attributes, and goes where it shall be away', async () => {
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd/file'), 'content', { mode: 0o640 });
  utimesSync(join(dir, 'd/file'), 1000, 1_000_000_000);
  expect(await makeBackup(context({}), tree, 'd/file', false, 'receiver')).toBe(0);
  expect(readFileSync(join(dir, 'saved/d/file'), 'utf8')).toBe('content');
  const { mode, mtimeMs } = lstatSync(join(dir, 'saved/d/file'));
  expect([mode & 0o7777, mtimeMs]).toEqual([0o640, 1_000_000_000_000]);
  expect(said).toEqual(['backed up d/file to saved/d/file']);
  expect(readFileSync(join(dir, 'd/file'), 'utf8')).toBe('content');
  expect(await makeBackup(context({}), tree, 'd/file', true, 'generator')).toBe(0);
  expect(() => lstatSync(join(dir, 'd/file'))).toThrow('ENOENT');
});

test('a symbolic link is made again; without --links it stays', async () => {
  symlinkSync('nowhere', join(dir, 'link'));
  expect(await makeBackup(context({ links: false }), tree, 'link', true, 'generator')).toBe(0);
  expect(said).toEqual(['make_bak: skipping non-regular file link']);
  expect(await makeBackup(context({}), tree, 'link', true, 'generator')).toBe(0);
  expect(readlinkSync(join(dir, 'saved/link'))).toBe('nowhere');
  expect(() => lstatSync(join(dir, 'link'))).toThrow('ENOENT');
});

test('what cannot be copied is told, and stays', async () => {
  writeFileSync(join(dir, 'file'), 'content');
  writeFileSync(join(dir, 'saved'), '');
  expect(await makeBackup(context({}), tree, 'file', true, 'receiver')).toBe(ENOTDIR);
  expect(said.join('\n')).toMatch(/^rsync: \[receiver\] .*saved\/file": Not a directory \(20\)/);
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('content');
});
