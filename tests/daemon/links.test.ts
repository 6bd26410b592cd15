import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { exchange } from '../support/exchange.ts';
import { isRoot, kernelName, ours } from '../support/peers.ts';
import { shared } from '../support/property.ts';
import { run } from '../support/run.ts';
import { type Standing, standing, standingPreamble } from '../support/standing.ts';
import { test } from '../support/tables.ts';

const program = ours().command;
const seconds = Number(process.env.OC_RSYNC_RACE_SECONDS ?? '1');
const stranger = 65534;
const files = 20;

function fill(dir: string, content: string): void {
  mkdirSync(join(dir, 'deep'), { recursive: true });
  for (let i = 0; i < files; i++) writeFileSync(join(dir, `f${i}`), `${content} ${i}`);
  for (let i = 0; i < files; i++) writeFileSync(join(dir, 'deep', `g${i}`), `${content} ${i}`);
  chmodSync(dir, 0o700);
}

/** All that is below a directory: names, modes, contents. */
function stateOf(dir: string): string {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, mtimeMs, uid } = statSync(path);
      return `${path} ${mode.toString(8)} ${uid} ${mtimeMs} ${entry.isFile() ? readFileSync(path, 'latin1') : ''}`;
    })
    .sort()
    .join('\n');
}

function contentOf(dir: string): string {
  if (!existsSync(dir)) return '';
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name}: ${readFileSync(join(entry.parentPath, entry.name), 'latin1')}`)
    .join('\n');
}

/** Ways to be served: with a boundary; in an inner part of a root of one's own. */
const inner = isRoot && kernelName !== 'portable';
const kinds = [
  { kind: 'use chroot = no', module: 'path = TWIN/m', skip: false },
  { kind: 'an inner part of a chroot', module: 'path = TWIN/./m\nuse chroot = yes', skip: !inner },
].filter(({ skip }) => !skip);

const setup = (module: string) => ({
  config: `[m]\n${module}\nread only = no\n`,
  prepare(dir: string) {
    fill(join(dir, 'm', 'sub.dir'), 'old');
    fill(join(dir, 'out'), 'secret');
    fill(join(dir, 's', 'sub'), 'new');
    symlinkSync('../out', join(dir, 'm', 'sub.link'));
  },
});

const pulls = [
  ['-r'],
  ['-rlR'],
  ['-rc', '--no-i-r'],
  ['-rL'],
  ['-rk'],
  ['-r', '--copy-unsafe-links'],
  ['-r', '--remove-source-files'],
  ['-rz'],
];
const pushes = [
  ['-r'],
  ['-rpt', '-I'],
  ['-rI', '--inplace'],
  ['-rI', '--no-W'],
  ['-rIb'],
  ['-rIb', '--backup-dir=sub/bak'],
  ['-rI', '--partial-dir=sub/part', '--delay-updates'],
  ['-rI', '--temp-dir=sub'],
  ['-r', '--delete'],
  ['-rR', '--mkpath'],
  ['-rt', '--link-dest=/sub'],
  ['-rK'],
  ['-aI'],
  ...(isRoot && kernelName !== 'portable' ? [['-rAXI']] : []),
];

describe.each(kinds)('in a module with $kind, a directory that is exchanged for a link', ({ module }) => {
  const race = (command: (daemon: Standing, round: number) => string[], look: (daemon: Standing) => void) =>
    standing(setup(module), async (daemon) => {
      const { dir } = daemon;
      const before = stateOf(join(dir, 'out'));
      const swapper = exchange(join(dir, 'm', 'sub'));
      try {
        const end = Date.now() + seconds * 1000;
        for (let round = 0; round === 0 || Date.now() < end; round++) {
          const result = await run(command(daemon, round), { cwd: dir, timeout: 20_000 });
          expect(result.timedOut).toBe(false);
          expect(stateOf(join(dir, 'out')), result.stderr).toBe(before);
        }
      } finally {
        swapper.kill('SIGKILL');
      }
      look(daemon);
      expect(daemon.log()).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal/);
    });

  test.each(shared(pulls))('leads no pull anywhere: %s %s', (...options) =>
    race(
      ({ url }, round) => [
        ...program,
        ...options.filter((option) => option !== undefined),
        `${url}/m/${round % 2 === 0 ? '' : 'sub/'}`,
        `to${round % 3}/`,
      ],
      ({ dir }) => {
        for (const name of ['to0', 'to1', 'to2']) expect(contentOf(join(dir, name))).not.toContain('secret');
      },
    ),
  );

  test.each(shared(pushes))('leads no push anywhere: %s %s %s', (...options) =>
    race(
      ({ url }, round) => [
        ...program,
        ...options.filter((option) => option !== undefined),
        ...(round % 2 === 0 ? ['s/', `${url}/m/`] : ['s/sub/', `${url}/m/sub/`]),
      ],
      ({ dir }) => expect(contentOf(join(dir, 'm'))).not.toContain('secret'),
    ),
  );
});

describe.each(kinds)('in a module with $kind, a file that is exchanged for a link', ({ module }) => {
  test.each([['-r'], ['-rc'], ['-rL'], ['-r', '--no-W']])('is not read beyond it: %s %s', (...options) =>
    standing(
      {
        ...setup(module),
        prepare(dir) {
          setup(module).prepare(dir);
          writeFileSync(join(dir, 'm', 'leaf.dir'), 'fine');
          symlinkSync('../out/f0', join(dir, 'm', 'leaf.link'));
        },
      },
      async ({ dir, url }) => {
        const swapper = exchange(join(dir, 'm', 'leaf'));
        try {
          const end = Date.now() + seconds * 1000;
          for (let round = 0; round === 0 || Date.now() < end; round++) {
            const words = options.filter((option) => option !== undefined);
            await run([...program, ...words, `${url}/m/leaf`, `${url}/m/leaf.dir`, 'to/'], { cwd: dir });
            expect(contentOf(join(dir, 'to'))).not.toContain('secret');
          }
        } finally {
          swapper.kill('SIGKILL');
        }
      },
    ),
  );
});

describe.each(kinds)('in a module with $kind, a link that is there already', ({ module }) => {
  const planted = {
    ...setup(module),
    prepare(dir: string) {
      setup(module).prepare(dir);
      symlinkSync('../out', join(dir, 'm', 'way'));
      symlinkSync('way', join(dir, 'm', 'way2'));
      symlinkSync(join(dir, 'out'), join(dir, 'm', 'straight'));
      symlinkSync('../out/f0', join(dir, 'm', 'leaf'));
      if (isRoot)
        for (const name of ['way', 'straight']) lchownSync(join(dir, 'm', name), stranger, stranger);
    },
  };

  test(
    'leads nothing out of it, whatever options name it',
    () =>
      standing(planted, async ({ dir, url, log }) => {
        const before = stateOf(join(dir, 'out'));
        const m = `${url}/m/`;
        const far = (way: string): string[][] => [
          ['-r', 's/sub/', `${m}${way}/`],
          ['-r', 's/sub/f0', `${m}${way}/f0`],
          ['-r', '--mkpath', 's/sub/f0', `${m}${way}/new/f0`],
          ['-rR', 's/./sub/deep/g0', `${m}${way}/`],
          ['-rK', 's/', `${m}${way}`],
          ['-rIb', `--backup-dir=/${way}`, 's/', m],
          ['-rIb', `--backup-dir=${way}/new`, 's/', m],
          ['-rI', `--partial-dir=/${way}`, '--delay-updates', 's/', m],
          ['-rI', `--partial-dir=${way}`, '--delay-updates', 's/', m],
          ['-rI', `--temp-dir=/${way}`, 's/', m],
          ['-rt', `--link-dest=/${way}`, 's/sub/', `${m}linked/`],
          ['-rI', `--copy-dest=/${way}`, 's/sub/', `${m}copied/`],
          ['-r', '--delete', 's/deep/', `${m}${way}/`],
          ['-r', `${m}${way}/`, 'to/'],
          ['-r', `${m}${way}/f0`, 'to/'],
          ['-rL', m, 'to/'],
          ['-rk', m, 'to/'],
          ['-r', '--copy-unsafe-links', m, 'to/'],
          ['-r', '--remove-source-files', `${m}${way}/`, 'to/'],
          ['-rR', `${m}./${way}/f0`, 'to/'],
          ['-r', `${m}${way}/f*`, 'to/'],
          ['-r', `--files-from=:/${way}/f0`, m, 'to/'],
          ['-r', `-M--exclude-from=/${way}/f0`, m, 'to/'],
          ['-r', `${m}${way}/`],
        ];
        for (const way of shared(['way', 'way2', 'straight']))
          for (const args of far(way)) {
            const { stdout, stderr } = await run([...program, ...args], { cwd: dir });
            const what = `${args.join(' ')}\n${stderr}\n${log()}`;
            expect(stateOf(join(dir, 'out')), what).toBe(before);
            expect(contentOf(join(dir, 'to')), what).not.toContain('secret');
            expect(contentOf(join(dir, 'm')), what).not.toContain('secret');
            expect(stdout, what).not.toMatch(/g\d/);
          }
      }),
    120_000,
  );

  test('keeps modes, times and owners beyond it', () =>
    standing(planted, async ({ dir, url }) => {
      const before = stateOf(join(dir, 'out'));
      for (const target of shared(['way/f0', 'leaf', 'way/', 'straight/deep/']))
        for (const options of [['-aI'], ['-aI', '--inplace'], ['-a', '--chmod=777'], ['-aX'], ['-aA']])
          await run(
            [...program, ...options, target.endsWith('/') ? 's/sub/' : 's/sub/f0', `${url}/m/${target}`],
            {
              cwd: dir,
            },
          );
      expect(stateOf(join(dir, 'out'))).toBe(before);
    }));
});

describe.skipIf(!isRoot)("on the way to what a daemon's configuration names, a link of another user", () => {
  /** `TWIN/evil` leads to `TWIN/real`, and is not root's. */
  const plant = (dir: string): void => {
    for (const name of ['real', 'm']) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'm', 'file'), 'content\n');
    mkdirSync(join(dir, 'real', 'canary'));
    writeFileSync(join(dir, 'real', 'secrets'), 'alice:wonder\n', { mode: 0o600 });
    writeFileSync(join(dir, 'real', 'motd'), 'read it\n');
    writeFileSync(join(dir, 'real', 'rules'), '- *\n');
    symlinkSync('real', join(dir, 'evil'));
    lchownSync(join(dir, 'evil'), stranger, stranger);
  };
  const module = '[m]\npath = TWIN/m\n';

  test('is not gone through', () =>
    standing(
      {
        config: `motd file = TWIN/evil/motd
[place]\npath = TWIN/evil
[below]\npath = TWIN/evil/canary
[auth]\npath = TWIN/m\nauth users = alice\nsecrets file = TWIN/evil/secrets
[counted]\npath = TWIN/m\nmax connections = 3\nlock file = TWIN/evil/lock
[logged]\npath = TWIN/m\nlog file = TWIN/evil/log
${module}`,
        prepare: plant,
      },
      async ({ dir, url, log }) => {
        const before = readdirSync(join(dir, 'real'));
        const list = async (name: string) =>
          run([...program, '-r', `${url}/${name}/`], { env: { RSYNC_PASSWORD: 'wonder' } });
        expect((await list('place')).stdout, log()).not.toMatch(/canary/);
        expect((await list('below')).code).not.toBe(0);
        const auth = await run([...program, `${url.replace('//', '//alice@')}/auth/`], {
          env: { RSYNC_PASSWORD: 'wonder' },
        });
        expect(auth.code, log()).toBe(5);
        if (kernelName !== 'portable') expect((await list('counted')).code, log()).toBe(5);
        const { stdout } = await list('m');
        expect(stdout).not.toMatch(/read it/);
        await list('logged');
        expect(readdirSync(join(dir, 'real'))).toEqual(before);
      },
    ));

  test('is no way to a configuration', () =>
    standing({ config: module, prepare: plant }, async ({ dir }) => {
      writeFileSync(
        join(dir, 'real', 'rsyncd.conf'),
        `${standingPreamble.replaceAll('TWIN', dir)}[m]\npath = ${dir}/m\n`,
      );
      const { code, stdout } = await run(
        [...program, '--server', '--daemon', `--config=${dir}/evil/rsyncd.conf`, '.'],
        { input: '@RSYNCD: 31.0\n#list\n' },
      );
      expect(code).not.toBe(0);
      expect(stdout).not.toMatch(/^m /m);
    }));
});
