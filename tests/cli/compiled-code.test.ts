/** The compiled code that one run leaves for the next, and the folders where none is left. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';

/** Without it nothing grows. */
const tellsBirth = (() => {
  const made = mkdtempSync(join(tmpdir(), 'oc-rsync-birth-'));
  const { birthtimeMs } = statSync(made);
  rmSync(made, { recursive: true });
  return birthtimeMs > 0;
})();

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'oc-rsync-home-'));
  mkdirSync(join(home, '.cache'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = () => join(home, '.cache', 'oc-rsync');
/** Of which runs, and of which part. */
const kept = () => readdirSync(folder()).map((name) => /-([a-z]+-[a-z-]+)$/.exec(name)?.[1]);
const entryOf = (part: string) =>
  join(folder(), readdirSync(folder()).find((name) => name.endsWith(`-run-${part}`))!);
/** The largest, of what does the work. */
const engineEntry = () => entryOf('engine');

/** When what was kept was last seen to be enough: in an hour, so that no run looks, or so long ago that the next does. */
function reviewedAt(when: 'later' | 'ago'): void {
  const time = Date.now() / 1000 + (when === 'later' ? 3600 : -60);
  for (const name of readdirSync(folder())) utimesSync(join(folder(), name), time, time);
}

function run(...args: string[]): string {
  return runWith({ HOME: home }, ...args);
}

function runWith(variables: Record<string, string>, ...args: string[]): string {
  const { XDG_CACHE_HOME: _, ...env } = process.env;
  const program = join(repositoryRoot, 'dist', 'oc-rsync.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { ...env, ...variables },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

function copy(content: string): string {
  writeFileSync(join(home, 'from'), content);
  run('-I', join(home, 'from'), join(home, 'to'));
  return readFileSync(join(home, 'to'), 'utf8');
}

it('keeps code of runs, and runs from it', () => {
  expect(copy('first')).toBe('first');
  expect(kept()).toEqual(expect.arrayContaining(['run-main', 'run-front', 'run-engine']));
  expect(kept()).not.toContain('run-daemon');
  const before = readFileSync(engineEntry());
  const { ino } = statSync(engineEntry());
  reviewedAt('later');
  expect(copy('again')).toBe('again');
  expect(readFileSync(engineEntry()).equals(before)).toBe(true);
  expect(statSync(engineEntry()).ino).toBe(ino);
});

it('keeps the code of a part that no run before needed, and leaves the others alone', () => {
  copy('first');
  const { ino } = statSync(engineEntry());
  reviewedAt('later');
  run('-I', '--json', join(home, 'from'), join(home, 'to'));
  expect(kept()).toContain('run-view');
  expect(statSync(engineEntry()).ino).toBe(ino);
});

it.skipIf(!tellsBirth)('grows, some time later, by what another run uses', () => {
  copy('first');
  mkdirSync(join(home, 'many', 'deeper'), { recursive: true });
  symlinkSync('deeper', join(home, 'many', 'link'));
  const before = statSync(engineEntry());
  const recursive = ['-rlHi', '--delete', join(home, 'many'), join(home, 'tree')];
  reviewedAt('later');
  run(...recursive);
  expect(statSync(engineEntry()).ino).toBe(before.ino);
  reviewedAt('ago');
  run(...recursive);
  expect(statSync(engineEntry()).size).toBeGreaterThan(1.02 * before.size);
});

it.skipIf(!tellsBirth)('has not grown where a run uses no more, and is not asked again soon', () => {
  copy('first');
  reviewedAt('ago');
  const { ino } = statSync(engineEntry());
  const reviewed = () => statSync(entryOf('main')).mtimeMs;
  run('-n', '-I', join(home, 'from'), join(home, 'to'));
  run('--version');
  expect(reviewed()).toBeLessThan(Date.now() - 30_000);
  copy('again');
  expect(statSync(engineEntry()).ino).toBe(ino);
  expect(reviewed()).toBeGreaterThan(Date.now() - 30_000);
});

it('makes anew what does not fit', () => {
  copy('first');
  const entry = engineEntry();
  const good = readFileSync(entry).length;
  writeFileSync(entry, 'not compiled code');
  expect(copy('second')).toBe('second');
  expect(readFileSync(entry).length).toBeGreaterThan(good / 2);
});

it('keeps what fits of a run that changes how V8 works, too', () => {
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'oc-rsync-many-'));
  try {
    for (let i = 0; i < 6000; i++) mkdirSync(join(scratch, 'from', `${i}`), { recursive: true });
    run('-r', `${scratch}/from/`, join(scratch, 'first'));
    const entry = engineEntry();
    const { ino } = statSync(entry);
    reviewedAt('later');
    run('-r', `${scratch}/from/`, join(scratch, 'second'));
    expect(statSync(entry).ino).toBe(ino);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}, 60_000);

it('keeps nothing where others may write', () => {
  mkdirSync(folder());
  chmodSync(folder(), 0o777);
  expect(copy('first')).toBe('first');
  expect(kept()).toEqual([]);
});

it('keeps nothing where it cannot', () => {
  rmSync(join(home, '.cache'), { recursive: true });
  writeFileSync(join(home, '.cache'), '');
  expect(copy('first')).toBe('first');
});

it('keeps nothing of what changes nothing, or where it is not wanted', () => {
  writeFileSync(join(home, 'from'), '');
  run('--version');
  run('--help');
  run('-n', join(home, 'from'), join(home, 'to'));
  run(join(home, 'from'));
  runWith({ HOME: home, OC_RSYNC_CODE_CACHE: 'off' }, join(home, 'from'), join(home, 'to'));
  expect(readdirSync(join(home, '.cache'))).toEqual([]);
});

it('does not ask V8 for code that can be kept nowhere', () => {
  const hook = join(home, 'hook.cjs');
  const asked = join(home, 'asked');
  writeFileSync(
    hook,
    `const script = require('vm').Script.prototype, create = script.createCachedData;
    script.createCachedData = function () { require('fs').writeFileSync(${JSON.stringify(asked)}, ''); return create.call(this); };`,
  );
  writeFileSync(join(home, 'from'), '');
  const copied = (variables: Record<string, string>): boolean => {
    rmSync(asked, { force: true });
    runWith({ ...variables, NODE_OPTIONS: `--require ${hook}` }, '-I', join(home, 'from'), join(home, 'to'));
    return existsSync(asked);
  };
  expect(copied({ HOME: join(home, 'absent') })).toBe(false);
  expect(copied({ HOME: home, OC_RSYNC_CODE_CACHE: 'off' })).toBe(false);
  expect(copied({ HOME: home })).toBe(true);
});

it('makes neither the home folder nor its .cache', () => {
  writeFileSync(join(home, 'from'), '');
  runWith({ HOME: join(home, 'absent') }, join(home, 'from'), join(home, 'to'));
  rmSync(join(home, '.cache'), { recursive: true });
  run(join(home, 'from'), join(home, 'to'));
  expect(readdirSync(home).sort()).toEqual(['from', 'to']);
});

it.skipIf(process.getuid?.() !== 0)(
  'takes nothing from a folder of another user, and leaves nothing there',
  () => {
    copy('first');
    const entry = engineEntry();
    writeFileSync(entry, 'not compiled code');
    chownSync(join(home, '.cache'), 65534, 65534);
    expect(copy('second')).toBe('second');
    expect(readFileSync(entry, 'utf8')).toBe('not compiled code');
  },
);

it('goes through no link, and removes nothing but its own', () => {
  const other = join(home, 'other');
  mkdirSync(other);
  symlinkSync(other, folder());
  expect(copy('first')).toBe('first');
  expect(readdirSync(other)).toEqual([]);
  rmSync(folder());
  mkdirSync(folder(), { mode: 0o700 });
  const [mine, old] = [join(folder(), 'notes'), join(folder(), `v1.2.3-x64-${'0'.repeat(16)}-run-engine`)];
  for (const path of [mine, old]) {
    writeFileSync(path, '');
    utimesSync(path, 1, 1);
  }
  expect(copy('second')).toBe('second');
  expect(readdirSync(folder())).toContain('notes');
  expect(readdirSync(folder())).not.toContain(basename(old));
});
