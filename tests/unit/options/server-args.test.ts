/** The server's command line, argument by argument as the real rsync sends it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLocation } from '../../../ts/options/location.ts';
import { parseClientArgs, parseServerArgs } from '../../../ts/options/parse.ts';
import { serverArgs } from '../../../ts/options/server-args.ts';
import { quotePath } from '../../../ts/options/shell-quote.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';

function peerVersion(): string {
  const run = spawnSync(peer, ['--version'], { encoding: 'utf8' });
  return /version (\S+)/.exec(run.stdout ?? '')?.[1] ?? '';
}

const version = peerVersion();
/** Options that the peer's version lacks are left out. */
const isCurrent = Number(/^3\.(\d+)/.exec(version)?.[1] ?? 0) >= 4;

/** Options only, words split at blanks; each is tried in both directions. */
const lines = [
  '-a',
  '-avz',
  '-r',
  '-rv',
  '-rlptgoD',
  '-aHAX',
  '-aHHXX',
  '-aqq --stats',
  '-rvq',
  '-rq --stderr=client',
  '-rq --stderr=a',
  '--stderr=errors -r',
  '-a --no-D',
  '-a --no-specials',
  '-r --specials',
  '-a --no-owner --no-g',
  '-a --no-r',
  '-d',
  '-rd',
  '--old-dirs',
  '-d --delete',
  '-a --no-d',
  '-ai',
  '-aii',
  '-avi',
  '-a --out-format=%n',
  '-a --out-format=%o-%n',
  '-a --out-format=%i-%n -i',
  '-a --out-format=%i-%n -ii',
  "-a --out-format=%'''-12i",
  '-av --out-format=%n',
  '-n',
  '-rnc',
  '-rcI',
  '-rW',
  '-r --no-W',
  '-rS --inplace --no-whole-file',
  '-rS --inplace',
  '-ru',
  '-rR',
  '-rR --no-implied-dirs',
  '-r --no-implied-dirs',
  '-rR --no-implied-dirs --protocol=29',
  '-rx',
  '-rxx',
  '-rE',
  '-rpE',
  '-rL',
  '-rk',
  '-rK',
  '-rm',
  '-rO',
  '-rtO',
  '-rbO',
  '-rJ',
  '-ry',
  '-ryyy',
  '-rU',
  '-rUU',
  '-r --open-noatime',
  '-r --delete',
  '-r --del',
  '-r --delete-before',
  '-r --delete-during',
  '-r --delete-delay',
  '-r --delete-after',
  '-r --delete-excluded',
  '-r --delete-excluded --delete-after',
  '-r --delete --force --ignore-errors',
  '-r --delete --max-delete=5',
  '-r --delete --max-delete=0',
  '-r --delete --max-delete=-3',
  '-r --delete-missing-args',
  '-r --ignore-missing-args',
  '-r --ignore-missing-args --delete-missing-args',
  '-rb',
  '-rb --suffix=.bak',
  '-r --backup-dir=old',
  '-r --backup-dir=./old/ --suffix=.x',
  '-r --backup-dir=~/old',
  '-rb --delete',
  '-r --suffix=x',
  '-r --compare-dest=../a --compare-dest=/b',
  '-r --copy-dest=../a',
  '-r --link-dest=../a*b',
  '-r --partial',
  '-rP',
  '-r --partial-dir=.part',
  '-r --partial-dir=./a//b/',
  '-r --delay-updates',
  '-r --delay-updates --partial-dir=pd',
  '-r --inplace --partial',
  '-r --append',
  '-r --append --append',
  '-r --append-verify',
  '-r --append-verify --no-append',
  '-rz',
  '-rzz',
  '-rz --compress-level=3',
  '-r --compress-level=3',
  '-r --zl=0',
  '-rz --no-z',
  '-rz --compress-choice=auto',
  '-r --zc=auto',
  '-r --zc=zstd --zl=7',
  '-r --zc=lz4',
  '-r --zc=zlib',
  '-r --zc=zlibx',
  '-r --old-compress',
  '-r --new-compress',
  '-rz --zc=none',
  '-rz --skip-compress=gz/jpg',
  '-r --checksum-choice=md5',
  '-r --cc=xxh64,md4',
  '-r --cc=none',
  '-r --cc=auto',
  '-r --checksum-seed=42',
  '-r -B 1024',
  '-r --block-size=8k',
  '-r --protocol=29 -B 1M',
  '-r --protocol=28',
  '-r --protocol=30',
  '-r --timeout=7',
  '-r --timeout=0x10',
  '-r --bwlimit=100',
  '-r --bwlimit=1.5m',
  '-r --bwlimit=1000b',
  '-r --bwlimit=0',
  '-r --max-size=1.5m --min-size=10KB',
  '-r --max-size=1KiB-1 --min-size=0',
  '-r --max-size=3g+1',
  '-r --max-alloc=2g',
  '-r --modify-window=2',
  '-r -@-1',
  '-r --size-only --existing',
  '-r --ignore-non-existing --ignore-existing',
  '-r --numeric-ids --fsync --preallocate --mkpath',
  '-r --temp-dir=/tmp/x',
  '-rT x*y',
  '-r --remove-source-files',
  '-r --remove-sent-files',
  '-r --copy-unsafe-links --safe-links',
  '-r --copy-devices',
  '-r --write-devices',
  '-r --super',
  '-r --usermap=*:nobody --groupmap=1-5:users',
  '-r --chown=nobody:nogroup',
  '-r --info=name2,del',
  '-r --info=all --debug=all',
  '-r --info=none',
  '-r --info=all2,del0',
  '-rv --info=skip2,stats0,flist0',
  '-r --info=progress2',
  '-r --progress',
  '-r --info=name -i',
  '-r --debug=io,recv2',
  '-r --list-only',
  '--list-only',
  '--list-only -d',
  '-C',
  '-rC -F -F',
  '-r --exclude=x --include=y --filter=P_z',
  '-r --no-inc-recursive',
  '-r --i-r',
  '-rs',
  '-r --iconv=utf8,latin1',
  '-r --iconv=-',
  '-r -M--foo -M -x',
  '-r -M--opt=a$b -M--wild=*',
  '-r --old-args --suffix=a$b -b',
  '-r --old-args --old-args --suffix=a$b -b -M--x=*',
  '-r --chmod=D755,F644',
  '-hhh -r',
  '-r8',
  '-r --from0',
];
if (isCurrent) {
  lines.push('-r --compress-threads=2 --zc=zstd', '-r --insecure-links');
  lines.push('-vvvvvvvvvvv -r', '-a --out-format=%%i');
}

let dir: string;
let record: string;
let shell: string;
let list: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-args-'));
  record = join(dir, 'argv');
  shell = join(dir, 'shell');
  list = join(dir, 'list');
  writeFileSync(list, 'a\n');
  writeFileSync(join(dir, 'src'), '');
  // NUL-separated, bytes untouched.
  writeFileSync(shell, `#!/bin/sh\nprintf '%s\\0' "$@" >'${record}'\nexit 1\n`);
  chmodSync(shell, 0o755);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the peer gives its remote shell: host, program, arguments. */
function recordPeer(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string[] {
  rmSync(record, { force: true });
  spawnSync(peer, ['-e', shell, ...argv], { cwd: dir, env: { ...process.env, ...env }, stdio: 'pipe' });
  return readFileSync(record, 'latin1').split('\0').slice(0, -1);
}

function ours(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string[] {
  const parsed = parseClientArgs(argv, { env, now: Date.now });
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  const { options, args } = parsed;
  const first = parseLocation(args[0]!);
  const pull = first.kind !== 'local';
  const remote = pull ? first : parseLocation(args.at(-1)!);
  const out = serverArgs(options, { sender: pull, protocol: options.protocol, daemon: false });
  // With --secluded-args the rest does not pass the shell.
  const host = ['host', options.rsyncPath];
  if (options.secludedArgs) return [...host, ...out];
  return [...host, ...out, '.', quotePath(remote.path || '.', { options, amSender: !pull })];
}

describe.skipIf(version === '')(`server arguments beside rsync ${version}`, () => {
  for (const line of lines) {
    it(`push ${line}`, () => {
      const argv = [...line.split(' '), 'src', 'host:dest'];
      compare(argv);
    });
    it(`pull ${line}`, () => {
      const argv = [...line.split(' '), 'host:src', 'dest'];
      compare(argv);
    });
  }

  for (const path of [
    'a b',
    "it's",
    '$x',
    '~',
    '~/x',
    '~x',
    'a*[b]?',
    'a\\*b',
    'a\\b',
    '-x',
    'a{b,c}',
    ...(isCurrent ? ['ü\n'] : []),
  ]) {
    it(`path ${JSON.stringify(path)}`, () => {
      const bytes = Buffer.from(path).toString('latin1');
      for (const extra of [[], ['-R'], ['--old-args'], ['--trust-sender']]) {
        expect(ours([...extra, `host:${bytes}`, 'd'])).toEqual(recordPeer([...extra, `host:${path}`, 'd']));
        expect(ours([...extra, 'src', `host:${bytes}`])).toEqual(
          recordPeer([...extra, 'src', `host:${path}`]),
        );
      }
    });
  }

  it('--files-from of both ends', () => {
    for (const extra of [[], ['-0'], ['--no-R'], ['-a'], ['-r'], ['-ar'], ['--delete', '-r']]) {
      for (const from of [list, ':there', 'host:there']) {
        compare([...extra, `--files-from=${from}`, 'host:src', 'dest']);
        compare([...extra, `--files-from=${from}`, '.', 'host:dest']);
      }
    }
  });

  it('the environment', () => {
    for (const env of [
      { RSYNC_OLD_ARGS: '1' },
      { RSYNC_PROTECT_ARGS: '1' },
      { RSYNC_PARTIAL_DIR: '.p' },
      { RSYNC_MAX_ALLOC: '2g' },
      { RSYNC_ICONV: 'utf8,latin1' },
      { POSIXLY_CORRECT: '1' },
    ]) {
      const argv = ['-r', '--partial', 'host:a b', 'dest'];
      expect(ours(argv, env), JSON.stringify(env)).toEqual(recordPeer(argv, env));
    }
  });

  function compare(argv: readonly string[]): void {
    const theirs = recordPeer(argv);
    const dot = theirs.indexOf('.');
    // The end of a secluded command line is all that the shell sees.
    const shown = theirs.includes('-s') || /^-s/.test(theirs[3] ?? '') ? theirs.slice(0, dot) : theirs;
    const mine = ours(argv);
    expect(argv.includes('-rs') ? mine.slice(0, shown.length) : mine).toEqual(shown);
  }
});

it.each([
  ['src', 'host:dest'],
  ['host:src', 'dest'],
])('what is ours of --info is told nobody (%s)', (...args) => {
  const told = (info: string) => ours(['-r', `--info=${info}`, ...args]);
  expect(told('name,progress3,failures')).toEqual(told('name'));
  expect(told('all,progress3,failures')).toEqual(told('all'));
});

describe('a server reads what a client sends', () => {
  const cases: [string, object][] = [
    ['--server -vlogDtpre.iLsfxCIvu . dest', { recursive: true, links: true, verbose: 1, sender: false }],
    ['--server --sender -logDtpre.iLsfxCIvu . src', { sender: true, clientInfo: '.iLsfxCIvu', verbose: 0 }],
    ['--server -re.LsfxCIvu --log-format=%i . d', { outFormat: '%i', clientInfo: '.LsfxCIvu' }],
    ['--server -tr -B1024 --timeout=3 --bwlimit=5 . d', { blockSize: 1024, timeout: 3, bwlimit: 5120 }],
    ['--server -r --append --append --no-W . d', { append: 'verify', inplace: true, wholeFile: false }],
    ['--server --sender -Rre.x --files-from=- --from0 . s', { filesFrom: '-', from0: true, relative: true }],
    ['--server -rbe.x --backup-dir ~/o --suffix= . d', { backupDir: '~/o', suffix: '', backup: true }],
    ['--server -rze.x --compress-level=2 . d', { compressChoice: 'auto', compressLevel: 2 }],
    [
      '--server -re.x --new-compress --checksum-choice=md5 . d',
      { compressChoice: 'zlibx', checksumChoice: 'md5' },
    ],
    ['--server -re.x --info=FUTURE2,DEL . d', { infoGiven: ['del'] }],
    ['--server --sender -de.x --list-only . d', { dirs: true, listOnly: true, recursive: false }],
  ];
  for (const [line, expected] of cases) {
    it(line, () => {
      const { options, args } = parseServerArgs(line.split(' '), { env: {}, now: Date.now });
      expect(options).toMatchObject({ server: true, ...expected });
      expect(args[0]).toBe('.');
      expect(args).toHaveLength(2);
    });
  }

  it('reads back every line of the table', () => {
    for (const line of lines) {
      const parsed = parseClientArgs([...line.split(' '), 'a', 'host:b'], { env: {}, now: Date.now });
      if (parsed.kind !== 'run') throw new Error(line);
      const { options } = parsed;
      const sent = serverArgs(options, { sender: false, protocol: options.protocol, daemon: false });
      // What the line gives to -M is not ours to understand.
      if (options.remoteOptions.length > 0) continue;
      // Nor can a server read what only an older protocol allows.
      if (options.blockSize > 1 << 17) continue;
      const there = parseServerArgs([...sent, '.', 'b'], { env: {}, now: Date.now }).options;
      for (const field of ['recursive', 'links', 'perms', 'times', 'backup', 'delete', 'append'] as const) {
        expect(there[field], `${line}: ${field}`).toEqual(options[field]);
      }
    }
  });
});

it.skipIf(version === '')('the peer under test runs', () => {
  expect(execFileSync(peer, ['--version'], { encoding: 'utf8' })).toContain('protocol version');
});
