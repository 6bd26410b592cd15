/** `oc-rsync bench` as a user has it: real programs in small, and what can go wrong with them. */
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
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onPath, ours, referencePeer } from '../support/peers.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const rsync = reference?.command[0] ?? '';
const small = ['--scale=0.001', '--runs=1'];

/** Runs it in `dir`, with its scratch folder in `dir/scratch`. */
function bench(dir: string, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  mkdirSync(join(dir, 'scratch'), { recursive: true });
  const command = [...ours().command, 'bench', `--dir=${join(dir, 'scratch')}`, ...words];
  return run(command, { cwd: dir, ...options });
}

/** What is left of it: files in the scratch folder, and processes that name that. */
function left(dir: string): string[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return words.includes(join(dir, 'scratch', 'oc-rsync-bench-')) ? [words] : [];
      } catch {
        return [];
      }
    });
  return [...readdirSync(join(dir, 'scratch')), ...processes];
}

/** A program in place of rsync, which is called by `$RSYNC` in it. */
function fakePeer(dir: string, script: string): string {
  const path = join(dir, 'fake-rsync');
  writeFileSync(path, `#!/bin/sh\nRSYNC='${rsync}'\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Fails where tags are not closed in their order. */
function expectWellFormed(text: string): void {
  const open: string[] = [];
  for (const [, close, name = '', self] of text.matchAll(/<(\/?)([a-z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/gi)) {
    if (self !== '' || ['meta', 'br'].includes(name)) continue;
    if (close === '') open.push(name);
    else expect(open.pop(), text.slice(0, 200)).toBe(name);
  }
  expect(open).toEqual([]);
}

/** Waits until `there` says so, or a minute is over. */
async function until(there: () => boolean): Promise<void> {
  for (let i = 0; i < 1200 && !there(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(there()).toBe(true);
}

describe.skipIf(reference === null)('beside rsync', () => {
  test('measures, compares, prints, draws and reports', { timeout: 120_000 }, () =>
    withWorkspace(async (dir) => {
      const files = ['--html=page.html', '--chart=chart.svg'];
      const result = await bench(dir, [...small, `--peer=${rsync}`, ...files], { timeout: 110_000 });
      expect(result.code, result.stderr).toBe(0);
      const rows = result.stdout.split('\n').filter((line) => /^\| [a-z]+-|^\| tiny/.test(line));
      expect(rows.length).toBeGreaterThan(20);
      for (const row of rows)
        expect(row).toMatch(/^\| [\w-]+ +\| \d+\.\d{3} s, .*\| \d+\.\d{3} s \(x\d+\.\d\d\), \d.*MiB +\|$/);
      // One of them makes none.
      expect(result.stdout).toContain(`All ${2 * (rows.length - 1)} copies are equal to their sources`);
      expect(result.stdout).toContain(`rsync ${reference!.version}`);
      expect(result.stderr).toMatch(/Writes up to \d+ MiB in \d+ files to /);

      const page = readFileSync(join(dir, 'page.html'), 'utf8');
      expectWellFormed(page.replace('<!DOCTYPE html>', ''));
      expect(page).toContain('prefers-color-scheme: dark');
      expect(page).not.toMatch(/<script|<link|<img|\bsrc=|url\(|@import|https?:/);
      // But for the command itself, which the user wrote.
      expect(page.slice(0, page.indexOf('<footer>')).includes(dir)).toBe(false);
      for (const text of [
        'MiB',
        'MB/s',
        'files/s',
        '✓ equal',
        '✓ made nothing',
        'oc-rsync -ani small/ dest/',
        process.versions.node,
      ])
        expect(page).toContain(text);
      expect(page).not.toContain('role="alert"');
      const chart = readFileSync(join(dir, 'chart.svg'), 'utf8');
      expect(chart).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
      expectWellFormed(chart);
      expect(left(dir)).toEqual([]);
    }),
  );

  test('is ended by a signal in the midst of it, and leaves nothing', () =>
    withWorkspace(async (dir) => {
      const scratch = join(dir, 'scratch');
      const began = () =>
        existsSync(scratch) &&
        readdirSync(scratch).some((name) => existsSync(join(scratch, name, 'daemon-0', 'log')));
      const words = [`--peer=${rsync}`, '--scenarios=own-daemon-pull-small', '--scale=0.05', '--runs=1000'];
      const { code, stderr, stdout } = await bench(dir, words, {
        onStart: (child) => void until(began).then(() => child.kill('SIGINT')),
      });
      expect(code).toBe(20);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^rsync error: received SIGINT, SIGTERM, or SIGHUP \(code 20\)/m);
      expect(left(dir)).toEqual([]);
    }));

  test('a signal is heard while data is made', () =>
    withWorkspace(async (dir) => {
      const scratch = join(dir, 'scratch');
      const began = () =>
        existsSync(scratch) &&
        readdirSync(scratch).some((name) => existsSync(join(scratch, name, 'data', 'small')));
      const words = [`--peer=${rsync}`, '--scenarios=local-small', '--scale=3', '--runs=1'];
      const { code, ms } = await bench(dir, words, {
        onStart: (child) => void until(began).then(() => child.kill('SIGTERM')),
      });
      expect(code).toBe(20);
      expect(ms).toBeLessThan(30_000);
      expect(left(dir)).toEqual([]);
    }));

  test('one that does not end is killed', () =>
    withWorkspace(async (dir) => {
      const stuck = `case "$*" in *--version*) exec "$RSYNC" "$@" ;; esac
        trap '' TERM; touch '${dir}/stuck'; while :; do sleep 1; done # ${dir}/scratch/oc-rsync-bench-`;
      const words = [...small, `--peer=${fakePeer(dir, stuck)}`, '--scenarios=tiny'];
      const { code } = await bench(dir, words, {
        onStart: (child) => void until(() => existsSync(join(dir, 'stuck'))).then(() => child.kill('SIGINT')),
      });
      expect(code).toBe(20);
      expect(left(dir)).toEqual([]);
    }));

  test('a daemon whose starter is gone is ended, too', () =>
    withWorkspace(async (dir) => {
      const script = `case "$*" in *--daemon*) "$RSYNC" "$@" 2>/dev/null & exit 0 ;; esac; exec "$RSYNC" "$@"`;
      const words = [...small, `--peer=${fakePeer(dir, script)}`, '--scenarios=tiny,own-daemon-push-small'];
      await bench(dir, words);
      expect(left(dir)).toEqual([]);
    }));

  test('tells of a copy that is none', () =>
    withWorkspace(async (dir) => {
      const script = `"$RSYNC" "$@" || exit
        for word; do last=$word; done
        case $last in /*/dest/) printf x | dd of="$last/tiny" conv=notrunc status=none ;; esac`;
      const words = [...small, `--peer=${fakePeer(dir, script)}`, '--scenarios=tiny,own-daemon-push-small'];
      const { code, stdout, stderr } = await bench(dir, [...words, '--html=page.html', '--chart=chart.svg']);
      expect(code).toBe(23);
      expect(stdout).toMatch(/^\| tiny +\| WRONG RESULT +\| \d/m);
      expect(stdout).toContain('1 of 4 copies are not equal to their sources');
      expect(stderr).toMatch(
        /^ {2}rsync failed: the copy differs from its source: .*tiny differs: time .*Z instead of/m,
      );
      expect(stderr).toMatch(/^oc-rsync bench: rsync \S+ made a wrong result in tiny$/m);
      const page = readFileSync(join(dir, 'page.html'), 'utf8');
      expect(page).toMatch(/role="alert".*wrong result/s);
      expect(page).toContain('✗ rsync wrong');
      expect(left(dir)).toEqual([]);
    }));

  test('a tool is not blamed for what the other one did to a destination that stays', () =>
    withWorkspace(async (dir) => {
      const script = `"$RSYNC" "$@" || exit
        for word; do last=$word; done
        case $last in */kept-*) touch "$last/more" ;; esac`;
      const words = [...small, '--runs=2', `--peer=${fakePeer(dir, script)}`];
      const scenarios = '--scenarios=local-small-noop,local-small-checksum-noop';
      const { code, stdout } = await bench(dir, [...words, scenarios]);
      expect(code).toBe(23);
      expect(stdout).toMatch(/^\| local-small-noop +\| WRONG RESULT +\| \d/m);
      expect(stdout).toMatch(/^\| local-small-checksum-noop +\| WRONG RESULT +\| \d/m);
      expect(stdout).toContain('2 of 4 copies are not equal to their sources');
    }));

  test('others of the machine may neither read nor write by its daemons', () =>
    withWorkspace(async (dir) => {
      const script = `for word; do
          case $word in rsync://*) RSYNC_PASSWORD=wrong "$RSYNC" --list-only "$word" >>'${dir}/said' 2>&1 ;; esac
        done
        exec "$RSYNC" "$@"`;
      const words = [...small, `--peer=${fakePeer(dir, script)}`, '--scenarios=daemon-pull-small'];
      const { code, stderr } = await bench(dir, words);
      expect(code, stderr).toBe(0);
      expect(readFileSync(join(dir, 'said'), 'utf8')).toMatch(
        /^@ERROR: auth failed on module bench\nrsync error: .*\n$/,
      );
    }));

  test('goes on with ours where the other one fails', () =>
    withWorkspace(async (dir) => {
      const script = 'case "$*" in *--version*) exec "$RSYNC" "$@" ;; esac\necho "no more <&>" >&2; exit 12';
      const words = [
        ...small,
        `--peer=${fakePeer(dir, script)}`,
        '--scenarios=tiny,daemon-pull-small',
        '--html=p',
      ];
      const { code, stdout, stderr } = await bench(dir, words);
      expect(code).toBe(23);
      expect(stdout).toMatch(/^\| tiny +\| failed +\| \d/m);
      expect(stderr).toContain('exit 12: no more <&>');
      expect(readFileSync(join(dir, 'p'), 'utf8')).toContain('no more &#60;&#38;&#62;');
      expect(left(dir)).toEqual([]);
    }));

  test('a folder may have a name that a shell takes apart', () =>
    withWorkspace(async (dir) => {
      const place = join(dir, "it's a folder $HOME");
      const { code, stdout, stderr } = await bench(place, [
        ...small,
        `--peer=${rsync}`,
        '--scenarios=tiny,pipe-push-small,pipe-pull-small,own-daemon-pull-small',
      ]);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('All 8 copies are equal');
      expect(left(place)).toEqual([]);
    }));
});

test('measures ours alone where there is no rsync', () =>
  withWorkspace(async (dir) => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    for (const name of ['sh', 'cp', 'rm', 'true']) symlinkSync(onPath(name)!, join(bin, name));
    const words = [
      ...small,
      '--scenarios=tiny,pipe-push-small,daemon-pull-small,own-daemon-pull-small',
      '--html=page',
    ];
    const { code, stdout, stderr } = await bench(dir, words, { env: { PATH: bin } });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^oc-rsync bench: there is no rsync on PATH/m);
    expect(stdout).toMatch(/^\| scenario +\| ours: wall, CPU, memory +\|$/m);
    expect(stdout).toMatch(/^\| own-daemon-pull-small +\| \d/m);
    expect(stdout).not.toMatch(/^\| daemon/m);
    const page = readFileSync(join(dir, 'page'), 'utf8');
    expectWellFormed(page.replace('<!DOCTYPE html>', ''));
    expect(page).toContain('measured alone');
    expect(left(dir)).toEqual([]);
  }));

test('this program by the name of rsync is no other one', () =>
  withWorkspace(async (dir) => {
    mkdirSync(join(dir, 'bin'));
    const path = join(dir, 'bin', 'rsync');
    writeFileSync(path, `#!/bin/sh\nexec ${ours().command.join(' ')} "$@"\n`);
    chmodSync(path, 0o755);
    const env = { PATH: `${join(dir, 'bin')}:${process.env.PATH}` };
    const { code, stderr } = await bench(dir, [...small, '--scenarios=tiny'], { env });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('there is no rsync on PATH');
  }));

test('begins nothing where there is no room', () =>
  withWorkspace(async (dir) => {
    const { code, stdout, stderr } = await bench(dir, ['--scale=1e6']);
    expect([code, stdout]).toEqual([11, '']);
    expect(stderr).toMatch(
      /^oc-rsync bench: not enough room in .*: \d.* GiB are needed, and \d.* are free$/m,
    );
    expect(stderr).toMatch(/^rsync error: error in file IO \(code 11\)/m);
    expect(left(dir)).toEqual([]);
  }));

test('a disk that is full by the time is not the fault of a tool', () =>
  withWorkspace(async (dir) => {
    mkdirSync(join(dir, 'bin'));
    const path = join(dir, 'bin', 'cp');
    writeFileSync(
      path,
      '#!/bin/sh\nfor i in 1 2 3; do echo "cp: $i: No space left on device" >&2; done; exit 1\n',
    );
    chmodSync(path, 0o755);
    const env = { PATH: `${join(dir, 'bin')}:${process.env.PATH}` };
    const { code, stdout, stderr } = await bench(dir, [...small, '--scenarios=local-small-noop'], { env });
    expect([code, stdout]).toEqual([11, '']);
    expect(stderr).toMatch(/^oc-rsync bench: cp: 1: No space left on device\nrsync error: /m);
    expect(left(dir)).toEqual([]);
  }));

test.each<[string, string[], number, RegExp]>([
  ['an option that there is not', ['--runs=1', '--frobnicate'], 1, /Unknown option '--frobnicate'/],
  ['no number', ['--runs=many'], 1, /--runs takes a number above 0, not many/],
  ['half a run', ['--runs=1.5'], 1, /--runs takes a whole number/],
  ['no size', ['--scale=0'], 1, /--scale takes a number above 0/],
  ['a missing argument', ['--runs=1', '--peer'], 1, /'--peer <value>' argument missing/],
  ['an empty argument', ['--html='], 1, /--html needs an argument/],
  ['no such scenario', ['--scenarios=tiny,local-huge'], 1, /no scenario 'local-huge'; there are: local-big /],
  ['no such program', ['--peer=./none'], 1, /--peer=\.\/none: there is no such program/],
  ['a program that is no rsync', ['--peer=true'], 1, /true is no rsync/],
  ['no such folder', ['--dir=none'], 11, /cannot work in .*none: No such file or directory \(2\)/],
  [
    'a report that cannot be written',
    ['--html=none/page'],
    11,
    /cannot write none\/page: No such file or directory/,
  ],
  ['a chart that is a directory', ['--chart=.'], 11, /cannot write \.: it is a directory/],
])('says what is wrong: %s', (_, words, code, says) =>
  withWorkspace(async (dir) => {
    const command = ours().command;
    const { status, stdout, stderr } = spawnSync(command[0]!, [...command.slice(1), 'bench', ...words], {
      cwd: dir,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stderr).toMatch(says);
    expect([status, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(new RegExp(`\\(code ${code}\\) at oc-rsync\\(0\\) \\[client=`));
    expect(readdirSync(dir)).toEqual([]);
  }),
);
