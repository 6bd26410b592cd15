/** ACLs and extended attributes for trees, given and read by the system's own tools. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot } from './peers.ts';
import { removeTree } from './workspace.ts';

/** False where the tools are missing, or the file system keeps none. */
export const canExtras = (() => {
  const dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-extras-'));
  const does = (program: string, ...args: string[]) => spawnSync(program, [...args, dir]).status === 0;
  try {
    return (
      does('setfacl', '-dm', 'u::7,g::5,o:5') &&
      does('setfattr', '-n', 'user.a', '-v', 'b') &&
      does('getfattr', '-d') &&
      does('getfacl')
    );
  } finally {
    removeTree(dir);
  }
})();

const env = { ...process.env, LC_ALL: 'C' };

/**
 * Gives names below a folder ACLs and attributes that follow from the names; `behind`: as a destination has them that
 * has fallen behind. What rsync 3.5.0 itself gets wrong in a first run is left out: ACLs with a mask where a sticky bit
 * comes or a set-id bit goes.
 */
export function giveExtras(dir: string, behind: boolean): void {
  if (!existsSync(dir)) return;
  const each = (test: readonly string[], ...command: string[]) => {
    spawnSync('find', [dir, '-mindepth', '1', ...test, '-exec', ...command, '{}', '+'], { env });
  };
  const names = (pattern: string, type = 'f') => ['-type', type, '-name', pattern];
  const xattr = (test: readonly string[], name: string, value: string) =>
    each(test, 'setfattr', '-h', '-n', name, '-v', value);
  each(['(', '-type', 'f', '-o', '-type', 'd', ')', '-perm', '/7000'], 'chmod', 'u-s,g-s,-t');
  xattr(names('[a-h]*'), 'user.short', 'x');
  xattr(names('[b-x]*'), 'user.long', 's'.repeat(300));
  xattr(names('*', 'd'), 'user.of-dirs', 'd'.repeat(40));
  each(names('[f-z]*'), 'setfacl', '-m', 'u:7:r,g:9:rw');
  each(names('[A-Za-m]*', 'd'), 'setfacl', '-dm', 'u:5:rwx,g:6:r');
  if (isRoot)
    xattr(['-name', '*a*', '(', '-type', 'f', '-o', '-type', 'l', ')'], 'trusted.t', 't'.repeat(33));
  if (!behind) return;
  xattr(names('[d-z]*'), 'user.long', 'd'.repeat(300));
  xattr(names('*o*'), 'user.extra', '');
  each(names('[a-f]*', 'd'), 'setfacl', '-k');
  each(names('[a-m]*'), 'setfacl', '-m', 'g:11:x');
  each(names('x*'), 'setfacl', '-b');
}

/** All ACLs and attributes below a folder, line by line. */
export function extrasOf(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const command = (line: string) =>
    spawnSync('bash', ['-c', `find . -print0 | sort -z | xargs -0 -r ${line}`], {
      cwd: dir,
      env,
      encoding: 'latin1',
      maxBuffer: 1 << 28,
    }).stdout.split('\n');
  return [...command('getfattr -h -d -m-'), ...command('getfacl -n')];
}

/** Gives all files in a folder one attribute, for `attributed` to count. */
export function attribute(folder: string): void {
  const { status } = spawnSync('sh', ['-c', 'setfattr -n user.a -v b "$1"/*', 'sh', folder]);
  if (status !== 0) throw new Error(`no attributes in ${folder}`);
}

/** How many files in a folder have what `attribute` gives. */
export function attributed(folder: string): number {
  const command = 'getfattr -d "$1"/* | grep -c user.a=';
  return Number(spawnSync('sh', ['-c', command, 'sh', folder], { encoding: 'utf8' }).stdout);
}
