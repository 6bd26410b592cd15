import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SysError } from '../../../ts/errors.ts';
import type { FilterChain } from '../../../ts/filter/index.ts';

/** The real rsync to compare with. */
export const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
export const hasPeer = spawnSync(peer, ['--version']).status === 0;

/** A scratch directory, and what removes it. */
export function scratch(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'oc-rsync-filter-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Makes files with content; a path with a slash at its end is a directory. */
export function makeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(target, content, 'latin1');
  }
}

/** Names that the real rsync lists of the contents of `sources`, sorted. */
export function listedByPeer(args: readonly string[], cwd: string): string[] {
  const output = execFileSync(peer, ['-r', '-8', '--list-only', ...args], {
    cwd,
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const names = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => /^\S+\s+\S+ \S+ \S+ ([\s\S]*)$/.exec(line)?.[1] ?? line);
  return names.filter((name) => name !== '.').sort();
}

/** Names that a sender with `filters` would list of `root`, sorted: a walk as rsync does it. */
export function listedWith(filters: FilterChain, root: string, top = ''): string[] {
  const names: string[] = [];
  const tree = { path: root };
  filters.setRoot(tree);
  const visit = (dir: string) => {
    filters.enterDir(tree, dir);
    const dirs: string[] = [];
    for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (filters.check(path, entry.isDirectory(), 'hide') === 'excluded') continue;
      names.push(path);
      if (entry.isDirectory()) dirs.push(path);
    }
    for (const path of dirs.sort()) visit(path);
  };
  if (top !== '') {
    if (filters.check(top, true, 'hide') === 'excluded') return [];
    names.push(top);
  }
  visit(top);
  return names.sort();
}

/** A `readFile` for trees that exist in memory only. */
export function filesInMemory(files: Readonly<Record<string, string>>): (path: string) => Uint8Array {
  return (path) => {
    const content = files[path];
    if (content === undefined) throw new SysError(2, 'ENOENT', 'open');
    return Buffer.from(content, 'latin1');
  };
}
