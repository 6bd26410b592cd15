/** The compiled code that one run leaves for the next, and the folders where none is left. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'oc-rsync-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = () => join(home, '.cache', 'oc-rsync');
const kept = () => readdirSync(folder()).map((name) => name.replace(/^.*-/, ''));

function run(...args: string[]): string {
  const { XDG_CACHE_HOME: _, ...env } = process.env;
  const program = join(repositoryRoot, 'dist', 'oc-rsync.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { ...env, HOME: home },
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

it('keeps code of runs and of questions, and runs from it', () => {
  expect(copy('first')).toBe('first');
  expect(kept()).toEqual(['run']);
  const [entry] = readdirSync(folder());
  const before = readFileSync(join(folder(), entry!));
  expect(copy('again')).toBe('again');
  expect(readFileSync(join(folder(), entry!)).equals(before)).toBe(true);
  const version = run('--version');
  expect(kept().sort()).toEqual(['question', 'run']);
  expect(run('--version')).toBe(version);
});

it('makes anew what does not fit', () => {
  copy('first');
  const entry = join(folder(), readdirSync(folder())[0]!);
  const good = readFileSync(entry).length;
  writeFileSync(entry, 'not compiled code');
  expect(copy('second')).toBe('second');
  expect(readFileSync(entry).length).toBeGreaterThan(good / 2);
});

it('keeps nothing where others may write', () => {
  mkdirSync(folder(), { recursive: true });
  chmodSync(folder(), 0o777);
  expect(copy('first')).toBe('first');
  expect(kept()).toEqual([]);
});

it('keeps nothing where it cannot', () => {
  writeFileSync(join(home, '.cache'), '');
  expect(copy('first')).toBe('first');
});
