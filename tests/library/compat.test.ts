/** The class in place of npm's `rsync`: beside the wrapper itself, and where the wrapper breaks. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type RsyncClass from '../../ts/compat/rsync.ts';
import { ours, readPeerFile, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';
import { folder, lsh, withoutNotice } from './places.ts';

const require = createRequire(import.meta.url);
const Rsync = require(join(repositoryRoot, 'dist', 'compat', 'rsync.cjs')) as typeof RsyncClass;
const { wrappers } = readPeerFile();

type Chain = (rsync: RsyncClass) => unknown;

const chains: Record<string, Chain> = {
  'the first example': (r) => r.shell('ssh').flags('az').source('/p/source').destination('server:/p/dest'),
  'flags in all forms': (r) =>
    r.flags('a', 'v').flags(['z', 'n']).flags({ r: true, a: false }).flags('v', false),
  'options with values': (r) => r.set('progress').set('--list-only').set('exclude-from', '/p/f').set('a'),
  'unset, and given anew': (r) => r.set('bwlimit', '1').set('bwlimit', '2').set('q').unset('q'),
  patterns: (r) =>
    r
      .patterns('-.git', { action: '+', pattern: '/scripts' })
      .exclude(['a', 'b'])
      .exclude('c', 'e')
      .include('d'),
  accessors: (r) =>
    r.delete().progress().archive().compress().recursive().update().quiet().dirs().links().dry(),
  'more accessors': (r) => r.hardLinks().perms().executability().group().owner().acls().xattrs().times(),
  'named accessors': (r) => r.devices().specials().delete(false).archive(false),
  chmod: (r) => r.chmod('ug=rwx').chmod(['o=r', 'D755']),
  'blanks and quotes': (r) => r.shell('ssh -i "a key"').source(['a b', "it's", 'c(1)']).destination('d "e"'),
};

/** The words that a program gets from a chain; a word that begins a pair is its own. */
function wordsOf(work: string, make: string, chain: Chain): string[] {
  const program = join(work, 'words');
  writeFileSync(program, `#!${process.execPath}\nconsole.log(JSON.stringify(process.argv.slice(2)));\n`);
  chmodSync(program, 0o755);
  const script = `const Rsync = require(${JSON.stringify(make)});
    const command = new Rsync().executable(${JSON.stringify(program)});
    (${chain})(command);
    command.execute(() => {}, (data) => process.stdout.write(data));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

describe.skipIf(wrappers === null)('beside the wrapper', () => {
  test.each(Object.entries(chains))('%s: the program gets the same words', (_, chain) =>
    withWorkspace(async (work) => {
      const theirs = wordsOf(work, join(wrappers!, 'node_modules', 'rsync'), chain);
      expect(wordsOf(work, join(repositoryRoot, 'dist', 'compat', 'rsync.cjs'), chain)).toEqual(theirs);
    }),
  );
});

/** Runs a command to its end. */
function executed(
  command: RsyncClass,
): Promise<{ error: Error | null; code: number | null; cmd: string; out: string; err: string }> {
  let [out, err] = ['', ''];
  return new Promise((resolve) => {
    command.execute(
      (error, code, cmd) => resolve({ error, code, cmd, out, err }),
      (data) => {
        out += data;
      },
      (data) => {
        err += data;
      },
    );
  });
}

test('names with blanks, quotes and what a shell would obey are names', () =>
  withWorkspace(async (work) => {
    const odd = [
      'a b',
      "it's",
      '$(touch pwned)',
      '`touch pwned`',
      ';touch pwned',
      '-n',
      'q"q',
      'back\\slash',
      '*',
    ];
    folder(work, Object.fromEntries(odd.map((name) => [`src/${name}`, name])));
    const command = Rsync.build({
      flags: 'a',
      source: odd.map((name) => `./src/${name}`),
      destination: 'dst & co/',
    });
    command.cwd(work);
    const { error, code, err } = await executed(command);
    expect([error, code, withoutNotice(err)]).toEqual([null, 0, '']);
    expect(readdirSync(join(work, 'dst & co')).sort()).toEqual(odd.sort());
    expect(existsSync(join(work, 'pwned'))).toBe(false);
    // What it shows of itself can be typed.
    const again = command
      .destination('again/')
      .command()
      .replace(/^rsync/, ours().command.join(' '));
    expect((await run(['sh', '-c', again], { cwd: work })).code).toBe(0);
    expect(readdirSync(join(work, 'again')).sort()).toEqual(odd.sort());
  }));

test('output comes as it is written, errors to whom they are for, and the code in the end', () =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { a: 'x' });
    const command = new Rsync().flags('rv').progress().source('src/').source('none').destination('dst');
    command.cwd(work);
    const { error, code, cmd, out, err } = await executed(command);
    expect(code).toBe(23);
    expect(error?.message).toBe('rsync exited with code 23');
    expect(cmd).toBe('rsync -rv --progress src/ none dst');
    expect(out).toMatch(/\ba\n\r? +1 100% /);
    expect(err).toMatch(/link_stat ".*\/none" failed: No such file or directory \(2\)/);
    expect(readFileSync(join(work, 'dst', 'a'), 'utf8')).toBe('x');
  }));

test('its process can be ended, and leaves nothing half done', () =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { big: 'x'.repeat(6_000_000) });
    const command = new Rsync({})
      .flags('r')
      .progress()
      .set('bwlimit', '1000')
      .source('src/')
      .destination('dst');
    command.cwd(work);
    const ended = await new Promise((resolve) => {
      const child = command.execute(
        (error, code) => resolve([error?.message, code]),
        (data) => {
          if (data.includes('%')) child.kill('SIGTERM');
        },
      );
    });
    expect(ended).toEqual(['rsync exited with code 20', 20]);
    expect(readdirSync(join(work, 'dst'))).toEqual([]);
  }));

test('variables, a remote shell, and a program that is not there', () =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { a: 'x' });
    const far = new Rsync().shell(lsh).set('rsync-path', ours().command.join(' ')).flags('r').source('src/');
    far.destination('lh:dst');
    far.cwd(work);
    far.env({ ...process.env, LSH_FAIL: '9' });
    expect((await executed(far)).err).toContain('lsh: refused as asked');
    far.env(process.env);
    expect(await executed(far)).toMatchObject({ error: null, code: 0 });
    expect(existsSync(join(work, 'dst', 'a'))).toBe(true);
    const none = await executed(new Rsync({ executable: join(work, 'none') }).source('a').destination('b'));
    expect(none.error).toMatchObject({ code: 'ENOENT' });
  }));

test('is imported and required as the wrapper was, with its types', () =>
  withWorkspace(async (work) => {
    mkdirSync(join(work, 'node_modules'));
    symlinkSync(repositoryRoot, join(work, 'node_modules', 'oc-rsync'));
    symlinkSync(join(repositoryRoot, 'node_modules', '@types'), join(work, 'node_modules', '@types'));
    const use = `const command = new Rsync().shell('ssh').flags('az').source('/a').destination('b:/c');
console.log(command.command());`;
    const types = `command.execute((error, code, cmd) => [error?.message, code, cmd.length]).kill();`;
    writeFileSync(join(work, 'a.mjs'), `import Rsync from 'oc-rsync/compat/rsync';${use}`);
    writeFileSync(join(work, 'b.cjs'), `const Rsync = require('oc-rsync/compat/rsync');${use}`);
    for (const file of ['a.mjs', 'b.cjs'])
      expect((await run([process.execPath, file], { cwd: work })).stdout).toBe(
        'rsync -az --rsh=ssh /a b:/c\n',
      );
    writeFileSync(join(work, 'a.mts'), `import Rsync from 'oc-rsync/compat/rsync';${use}${types}`);
    writeFileSync(join(work, 'b.cts'), `import Rsync = require('oc-rsync/compat/rsync');${use}${types}`);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      types: ['node'],
    };
    writeFileSync(
      join(work, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.mts', '*.cts'] }),
    );
    const tsc = join(repositoryRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(spawnSync(process.execPath, [tsc, '-p', work], { encoding: 'utf8' }).stdout).toBe('');
  }));
