/** The tarball, as somebody has it who installs it where there is Node and no compiler. */
import {
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutLosses } from '../support/messages.ts';
import {
  type Environment,
  newProject,
  nodeAlone,
  noInstaller,
  offline,
  type Packed,
  pack,
  runNpm,
} from '../support/package.ts';
import { referencePeer, repositoryRoot } from '../support/peers.ts';
import { type RunResult, run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const hasAddon = existsSync(join(repositoryRoot, 'native/prebuilds', `${process.platform}-${process.arch}`));
const kernels = hasAddon ? ['native', 'portable'] : ['portable'];
const all = (process.env.OC_RSYNC_ALL ?? '') !== '';
/** How each of them installs a tarball; npm brings the others. */
const installers: readonly [name: string, install: (tarball: string) => string[], wanted: boolean][] = [
  ['npm', (tarball) => ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], true],
  ['pnpm', (tarball) => ['exec', '--yes', '--package=pnpm', '--', 'pnpm', 'add', tarball], all],
  ['bun', (tarball) => ['exec', '--yes', '--package=bun', '--', 'bun', 'add', tarball], all],
];

describe.skipIf(noInstaller !== null)('the package', () => {
  let dir: string;
  let packed: Packed;
  beforeAll(async () => {
    dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-package-'));
    packed = await pack(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('holds what runs and what says how, and no more', () => {
    const expected = [
      /^dist\/oc-rsync\.mjs$/,
      /^dist\/parts\/(main|front|engine|remote|portable|batch|daemon|view|bench|manual|trace|scenarios|rolldown-runtime)\.cjs$/,
      /^dist\/library\.cjs$/,
      /^dist\/(index|compat\/rsync)\.(mjs|cjs|d\.mts|d\.cts)$/,
      /^dist\/events\.schema\.json$/,
      /^packaging\/systemd\/[\w@.-]+$/,
      /^packaging\/man\/[\w.-]+\.[15]$/,
      /^(LICENSE|README\.md|CHANGELOG\.md|THIRD_PARTY_NOTICES\.md|package\.json)$/,
    ];
    if (hasAddon) expected.push(/^native\/prebuilds\/\w+-\w+\/oc-rsync(\.glibc|\.musl)?\.node$/);
    for (const part of expected) expect(packed.files.filter((file) => part.test(file))).not.toEqual([]);
    expect(packed.files.filter((file) => !expected.some((part) => part.test(file)))).toEqual([]);
    expect(packed.size).toBeLessThan(8 << 20);
  });

  test('asks for nothing to be run or compiled where it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    for (const script of ['preinstall', 'install', 'postinstall']) expect(scripts).not.toHaveProperty(script);
    // npm compiles where it finds one.
    expect(packed.files).not.toContain('binding.gyp');
  });

  test('is as publint wants it', async () => {
    const tarball = readFileSync(packed.tarball);
    const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  test('has types that every kind of module finds, and that are those of what it loads', async () => {
    const tarball = new Uint8Array(readFileSync(packed.tarball));
    const result = await checkPackage(createPackageFromTarballData(tarball));
    expect(result.types).toEqual({ kind: 'included' });
    expect('problems' in result ? result.problems : []).toEqual([]);
  });

  for (const [name, install] of installers.filter(([, , wanted]) => wanted))
    test(`works where ${name} installs it`, { timeout: 600_000 }, ({ skip }) =>
      withWorkspace(async (place) => {
        const env = nodeAlone(place);
        const project = newProject(place);
        const installed = await runNpm(install(packed.tarball), project, {
          ...env,
          npm_config_store_dir: join(place, 'store'),
          BUN_INSTALL_CACHE_DIR: join(place, 'store'),
        });
        const why = offline(installed);
        if (why !== null) skip(why);
        expect(installed.code, installed.stdout + installed.stderr).toBe(0);
        await refusesItsParts(project, env);
        for (const kernel of kernels) await doesItsJob(join(place, kernel), project, kernel, env);
      }),
    );

  test('a build without cargo says which kernel there will be', () =>
    withWorkspace(async (place) => {
      const build = [process.execPath, join(repositoryRoot, 'scripts/build.mjs'), '--addon-only'];
      const { code, stdout } = await run(build, { cwd: place, env: nodeAlone(place) });
      const kernel = hasAddon
        ? 'the native kernel stays the one that is there'
        : 'the portable kernel will be used';
      expect([code, stdout]).toEqual([0, `oc-rsync: no cargo here, so ${kernel}\n`]);
    }));

  test('npm start takes paths from where it was called, and says nothing of its own', () =>
    withWorkspace(async (place) => {
      mkdirSync(join(place, 'a folder'));
      writeFileSync(join(place, 'a folder/file'), 'content');
      const args = ['--prefix', repositoryRoot, 'start', '--silent', '--', '-a', '--out-format=%n'];
      const { code, stdout, stderr } = await runNpm([...args, 'a folder/', 'copy'], place, nodeAlone(place));
      expect({ code, stdout, stderr: withoutLosses(stderr) }).toEqual({
        code: 0,
        stdout: './\nfile\n',
        stderr: '',
      });
      expect(readFileSync(join(place, 'copy/file'), 'utf8')).toBe('content');
    }));
});

/** What the package does not offer cannot be come by, whatever its name is. */
async function refusesItsParts(project: string, env: Environment): Promise<void> {
  const script = `
    for (const name of ['package.json', 'dist/oc-rsync.mjs', 'dist/parts/main.cjs'])
      try { console.log(name, typeof require('oc-rsync/' + name)); } catch ({ code }) { console.log(name, code); }`;
  const { stdout } = await run([process.execPath, '-e', script], { cwd: project, env });
  expect(stdout.trim().split('\n')).toEqual([
    'package.json object',
    'dist/oc-rsync.mjs ERR_PACKAGE_PATH_NOT_EXPORTED',
    'dist/parts/main.cjs ERR_PACKAGE_PATH_NOT_EXPORTED',
  ]);
}

/** A folder is copied, changed, and copied again, by what was installed and by rsync. */
async function doesItsJob(place: string, project: string, kernel: string, env: Environment): Promise<void> {
  const program = join(project, 'node_modules/.bin/oc-rsync');
  const forced = { ...env, OC_RSYNC_KERNEL: kernel };
  const version = await run([program, '--version', '-V'], { env: forced });
  expect(JSON.parse(version.stdout).kernel.name).toBe(kernel);
  if (reference === null) return;
  await measures(place, program, { ...forced, PATH: process.env.PATH }, reference.command[0]!);

  const since = Date.now();
  mkdirSync(place);
  const source = join(place, 'source');
  makeSource(source);
  for (const change of [() => {}, changeSource]) {
    change(source);
    const args = ['-aHi', '--delete', 'source/'];
    const theirs = await run([...reference.command, ...args, 'theirs'], { cwd: place });
    const mine = await run([program, ...args, 'ours'], { cwd: place, env: forced });
    expect(told(mine, 'ours')).toEqual(told(theirs, 'theirs'));
    const left = ['theirs', 'ours'].map((name) => takeSnapshot(join(place, name), since));
    expect(compareSnapshots(left[0]!, left[1]!)).toEqual([]);
  }
}

/** What was installed measures itself beside rsync, without a clone. */
async function measures(place: string, program: string, env: Environment, peer: string): Promise<void> {
  const page = `${place}.html`;
  const options = ['--scenarios=tiny,pipe-push-small', '--runs=1', '--scale=0.001', `--peer=${peer}`];
  const { code, stdout, stderr } = await run([program, 'bench', ...options, `--html=${page}`], { env });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('All 4 copies are equal to their sources');
  expect(readFileSync(page, 'utf8')).toMatch(/^<!DOCTYPE html>/);
}

const told = ({ code, stdout, stderr }: RunResult, name: string) => ({
  code,
  stdout: stdout.replaceAll(name, 'COPY'),
  stderr: stderr.replaceAll(name, 'COPY'),
});

function makeSource(source: string): void {
  mkdirSync(join(source, 'with space/deep'), { recursive: true });
  mkdirSync(join(source, 'empty'), { mode: 0o750 });
  writeFileSync(join(source, 'large'), Buffer.alloc(1_500_000, 'some text that compresses'));
  writeFileSync(join(source, 'with space/deep/file'), 'content', { mode: 0o640 });
  writeFileSync(join(source, 'old'), 'to be deleted');
  linkSync(join(source, 'large'), join(source, 'with space/same'));
  symlinkSync('../large', join(source, 'with space/link'));
  dress(source, [
    'large',
    'old',
    'with space/deep/file',
    'with space/link',
    'with space/deep',
    'with space',
    'empty',
    '.',
  ]);
}

function changeSource(source: string): void {
  const large = readFileSync(join(source, 'large'));
  large.write('something else', 700_000);
  writeFileSync(join(source, 'large'), large);
  rmSync(join(source, 'old'));
  writeFileSync(join(source, 'empty/no more'), '');
  dress(source, ['large', 'empty/no more', 'empty', '.'], 1_650_000_000);
}

/** Whole seconds: the portable kernel sets no finer times than Node does. */
function dress(source: string, names: readonly string[], time = 1_600_000_000): void {
  for (const name of names) lutimesSync(join(source, name), time, time);
}
