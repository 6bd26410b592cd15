/** What options imply, and which of them exclude each other, beside the real rsync's answers. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../../ts/cli/command.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';
import { testIo } from '../../support/host.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
const version = /version (\S+)/.exec(spawnSync(peer, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];

function options(...argv: string[]): Options {
  const parsed = parseClientArgs(argv, { env: {}, now: Date.now });
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  return parsed.options;
}

/** Options of a push with `argv` in front. */
function push(...argv: string[]): Options {
  return options(...argv, 'src', 'dest');
}

it('times are told by the clock of the process object', () => {
  const noon = new Date(2030, 5, 1, 12).getTime();
  const at = (word: string) => {
    const parsed = parseClientArgs([word, 'src', 'dest'], { env: {}, now: () => noon });
    return parsed.kind === 'run' ? parsed.options.stopAt : parsed.kind;
  };
  expect(at('--stop-after=2')).toBe(noon / 1000 + 120);
  expect(at('--stop-at=T12:30')).toBe(noon / 1000 + 1800);
  expect(() => at('--stop-at=2030-06-01T11:59')).toThrow('not in the future');
});

describe('implications', () => {
  it('none leaves the defaults', () => {
    expect(push()).toEqual(defaultOptions());
  });

  it('-a is -rlptgoD', () => {
    const archive = push('-a');
    expect(archive).toEqual(push('-rlptgoD'));
    expect(archive).toMatchObject({ perms: true, devices: true, specials: true, hardLinks: false });
  });

  it('later options win', () => {
    expect(push('-a', '--no-p', '--no-D')).toMatchObject({ perms: false, devices: false, specials: false });
    expect(push('--no-p', '-a').perms).toBe(true);
    expect(push('--no-W', '-W').wholeFile).toBe(true);
    expect(push('-zz', '--no-z').compressChoice).toBe('');
    expect(push('-aAX', '--no-A').acls).toBe(false);
  });

  it('-v raises the levels of --info and --debug', () => {
    expect(push('-v').info).toMatchObject({ name: 1, stats: 1, nonreg: 1, backup: 0, progress: 0 });
    expect(push('-vv').info).toMatchObject({ name: 2, misc: 2, backup: 1, skip: 1 });
    expect(push('-vv').debug).toMatchObject({ del: 1, flist: 1, send: 0 });
    expect(push('-vvvvv').debug).toMatchObject({ deltasum: 4, hash: 1, del: 3, io: 0 });
    expect(push('--info=name0', '-vv').info.name).toBe(0);
    expect(push('-v', '--info=NAME2,all0').info).toMatchObject({ name: 0, stats: 0 });
    expect(push('--debug=all9').debug.io).toBe(4);
    expect(push('--stats').info.stats).toBe(2);
    expect(push('--stats', '-vv').info.stats).toBe(3);
  });

  it('formats of names', () => {
    expect(push().outFormat).toBe('');
    expect(push('-v').outFormat).toBe('%n%L');
    expect(push('-i').outFormat).toBe('%i %n%L');
    expect(push('-i', '--out-format=%f')).toMatchObject({ outFormat: '%f', outFormatGiven: true });
    expect(push('--progress')).toMatchObject({ outFormat: '%n%L', partial: false });
    expect(push('--progress').info).toMatchObject({ progress: 1, flist: 2, name: 1 });
    expect(push('--progress', '-i').info.name).toBe(0);
    expect(push('--info=progress2').info.name).toBe(0);
    expect(push('-P')).toMatchObject({ partial: true, progress: true });
  });

  it('all flags of --info are those of rsync', () => {
    expect(push('--info=all4').info).toMatchObject({ progress: 2, failures: 0, name: 4 });
    expect(push('--info=progress3,failures').info).toMatchObject({ progress: 3, failures: 1 });
    expect(push('--info=progress3', '--progress').info.progress).toBe(3);
    expect(push('--info=failures,none').info.failures).toBe(0);
  });

  it('deletion', () => {
    expect(push('-r', '--delete')).toMatchObject({ delete: 'during', deleteWhenGiven: false });
    expect(push('-r', '--del')).toMatchObject({ delete: 'during', deleteWhenGiven: true });
    expect(push('-r', '--delete-delay').delete).toBe('delay');
    expect(push('-r', '--delete-before').delete).toBe('before');
    expect(push('-r', '--delete-excluded')).toMatchObject({ delete: 'during', deleteExcluded: true });
    expect(push('-d', '--delete-after').delete).toBe('after');
    expect(push('-r', '--max-delete=-1').maxDelete).toBe(0);
  });

  it('backups', () => {
    expect(push('-b')).toMatchObject({ backup: true, suffix: '~', omitDirTimes: true });
    expect(push('--backup-dir=./o')).toMatchObject({ backup: true, backupDir: 'o', suffix: '' });
    expect(push('-rb', '--delete').filters).toEqual([{ kind: 'filter', rule: 'P *~' }]);
    expect(push('-rb', '--delete', '--backup-dir=o').filters).toEqual([]);
  });

  it('filters keep their order', () => {
    expect(push('-C', '-F', '--exclude=a', '-f', '+ b', '-F', '--include-from=c').filters).toEqual([
      { kind: 'filter', rule: ': /.rsync-filter' },
      { kind: 'exclude', pattern: 'a' },
      { kind: 'filter', rule: '+ b' },
      { kind: 'filter', rule: '- .rsync-filter' },
      { kind: 'include-from', file: 'c' },
      { kind: 'cvs-exclude' },
    ]);
    expect(push('--old-dirs').filters).toEqual([{ kind: 'filter', rule: '- /*/*' }]);
  });

  it('--files-from', () => {
    expect(push('-a', '--files-from=-')).toMatchObject({ recursive: false, dirs: true, relative: true });
    expect(push('-r', '--files-from=-')).toMatchObject({ recursive: true, filesFrom: '-' });
    expect(push('--files-from=u@h:x')).toMatchObject({ filesFrom: 'x', filesFromHost: 'u@h' });
    expect(push('--no-R', '--files-from=-').relative).toBe(false);
  });

  it('one argument is a listing', () => {
    expect(options('host:src')).toMatchObject({ listOnly: true, dirs: true, recursive: false });
    expect(options('-r', 'src')).toMatchObject({ listOnly: true, listOnlyGiven: false });
    expect(push('--list-only')).toMatchObject({ listOnly: true, listOnlyGiven: true });
  });

  it('writing in place', () => {
    expect(push('--append')).toMatchObject({ append: 'plain', inplace: true });
    expect(push('--append-verify', '--partial')).toMatchObject({ append: 'verify', partial: false });
    expect(push('--partial-dir=.').partialDir).toBe('');
    expect(push('--partial-dir=a//b/../c/')).toMatchObject({ partialDir: 'a/c', partial: true });
    expect(push('--delay-updates')).toMatchObject({ partialDir: '.~tmp~', partialDirImplied: true });
  });

  it('sizes and rates', () => {
    expect(push('--max-size=1.5k').maxSize).toBe(1536);
    expect(push('--max-size=10KB').maxSize).toBe(10_000);
    expect(push('--max-size=10KiB').maxSize).toBe(10_240);
    expect(push('--max-size=2m-1').maxSize).toBe(2 * 1024 ** 2 - 1);
    expect(push('--min-size=1g+1').minSize).toBe(1024 ** 3 + 1);
    expect(push('--min-size=7').minSize).toBe(7);
    expect(push('--bwlimit=1').bwlimit).toBe(1024);
    expect(push('--bwlimit=1.5m').bwlimit).toBe(1.5 * 1024 ** 2);
    expect(push('--bwlimit=0').bwlimit).toBe(0);
    expect(push('-B2k').blockSize).toBe(2048);
  });

  it('algorithms', () => {
    expect(push('-z').compressChoice).toBe('auto');
    expect(push('-zz').compressChoice).toBe('zlibx');
    expect(push('--compress-level=3')).toMatchObject({ compressChoice: 'auto', compressLevel: 3 });
    expect(push('-z', '--zc=none').compressChoice).toBe('');
    expect(push('--zc=ZSTD').compressChoice).toBe('zstd');
    expect(push('--cc=none').wholeFile).toBe(true);
    expect(push('--cc=auto').checksumChoice).toBe('');
  });
});

describe('the words of the command line', () => {
  it('arguments of options', () => {
    for (const argv of [
      ['-essh -p'],
      ['-e', 'ssh -p'],
      ['-e=ssh -p'],
      ['--rsh', 'ssh -p'],
      ['--rsh=ssh -p'],
    ]) {
      expect(push(...argv).rsh, argv.join(' ')).toBe('ssh -p');
    }
    expect(push('-ve', '--x')).toMatchObject({ verbose: 1, rsh: '--x' });
    expect(push('-M--foo', '-M', '--bar').remoteOptions).toEqual(['--foo', '--bar']);
    expect(push('--timeout=0x10', '--contimeout=010')).toMatchObject({ timeout: 16, contimeout: 8 });
    expect(push('--suffix=a=b').suffix).toBe('a=b');
  });

  it('arguments between options, and --', () => {
    const parsed = parseClientArgs(['a', '-v', '-', '--', '-q', '--', 'b'], { env: {}, now: Date.now });
    expect(parsed).toMatchObject({ kind: 'run', args: ['a', '-', '-q', '--', 'b'], options: { verbose: 1 } });
    const posix = parseClientArgs(['a', '-v', 'b'], { env: { POSIXLY_CORRECT: '' }, now: Date.now });
    expect(posix).toMatchObject({ args: ['a', '-v', 'b'], options: { verbose: 0 } });
  });

  it('requests that only print', () => {
    expect(parseClientArgs(['--help', '--bogus'], { env: {}, now: Date.now })).toEqual({
      kind: 'help',
      goes: 'stdout',
    });
    expect(parseClientArgs(['-h'], { env: {}, now: Date.now })).toEqual({ kind: 'help', goes: 'stdout' });
    expect(parseClientArgs(['-V', 'x'], { env: {}, now: Date.now })).toEqual({
      kind: 'version',
      json: false,
      goes: 'stdout',
    });
    expect(parseClientArgs(['-VV'], { env: {}, now: Date.now })).toEqual({
      kind: 'version',
      json: true,
      goes: 'stdout',
    });
    expect(parseClientArgs(['--info=help'], { env: {}, now: Date.now })).toEqual({
      kind: 'flag-help',
      flags: 'info',
      goes: 'stdout',
    });
    expect(parseClientArgs(['--debug=io,HELP'], { env: {}, now: Date.now })).toEqual({
      kind: 'flag-help',
      flags: 'debug',
      goes: 'stdout',
    });
  });

  it('says what is wrong with an option rather than the usage', () => {
    const args = ['--confine-root', 'x', '--files-from=list', 'a', 'b', 'c/'];
    expect(() => parseClientArgs(args, { env: {}, now: Date.now })).toThrow(
      '--confine-root must be an absolute path',
    );
  });

  it('bytes that are not UTF-8 pass through', () => {
    expect(push('--exclude=\xff\xfe').filters).toEqual([{ kind: 'exclude', pattern: '\xff\xfe' }]);
  });
});

describe('options that are switched off again', () => {
  it('come from the environment, too', () => {
    const run = (env: Record<string, string>, ...more: string[]) => {
      const parsed = parseClientArgs(['-r', ...more, 'a', 'host:b'], { env, now: Date.now });
      return parsed.kind === 'run' && parsed.options.secludedArgs;
    };
    expect(run({ RSYNC_PROTECT_ARGS: '1' })).toBe(true);
    expect(run({ RSYNC_PROTECT_ARGS: '0', RSYNC_ICONV: '-' })).toBe(false);
    expect(run({ RSYNC_PROTECT_ARGS: '1' }, '--no-s')).toBe(false);
  });

  it('are as if they had not been named', () => {
    const run = (...argv: string[]) => parseClientArgs(['-r', ...argv], { env: {}, now: Date.now }).kind;
    expect(run('-AX', '--no-A', '--no-X', 'a', 'b')).toBe('run');
    expect(run('--blocking-io', '--no-blocking-io', '--checksum-seed=0', '--temp-dir=', 'a', 'b')).toBe(
      'run',
    );
  });

  it('leave the defaults, but wrong use is wrong', () => {
    expect(() => parseClientArgs(['-A', '--bogus'], { env: {}, now: Date.now })).toThrowError(
      /unknown option/,
    );
    expect(push('--no-A', '--no-iconv', '--no-s')).toEqual(push());
  });
});

describe.skipIf(version === undefined)(`wrong use, in the words of rsync ${version}`, () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-use-'));
    writeFileSync(join(dir, 'a'), '');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const lines = [
    '-Q',
    '-avQ a b',
    '--bogus a b',
    '--bogus=3 a b',
    '--no-bogus a b',
    '--=x a',
    '--rec a b',
    '-e',
    '-ve',
    '--rsh',
    '-M',
    '-M foo a b',
    '--recursive=4 a b',
    '--no-verbose=3',
    '--timeout=abc a b',
    '--timeout a',
    '--timeout=1x a b',
    '--timeout=99999999999 a b',
    '--timeout=09 a b',
    '-B 99999999999 a b',
    '-B=abc a b',
    '--protocol=29 -B 1g a b',
    '--bwlimit=1x a b',
    '--bwlimit=0.1 a b',
    '--bwlimit=1kbb a b',
    '--bwlimit=99999999p a b',
    '--max-size=9999P a b',
    '--max-size=1x a b',
    '--max-size=+1 a b',
    '--min-size=1k+2 a b',
    '--min-size=k-1 a b',
    '--info=foo a b',
    '--info=stats9,foo a b',
    '--info=12 a b',
    '--debug=none,bar2 a b',
    '--delete a b',
    '--delete-excluded a b',
    '-r --delete-before --del a b',
    '-r --delete-after --delete-delay a b',
    '--suffix=a/b a b',
    '-b --suffix= a b',
    '--suffix= a b',
    '--backup-dir=. a b',
    '--backup-dir= a b',
    '--backup-dir=./. --suffix= a b',
    '--inplace --partial-dir=x a b',
    '--append --partial-dir=x a b',
    '--inplace --delay-updates a b',
    '--append -W a b',
    '--append --cc=none a b',
    '--compress-choice=foo a b',
    '--checksum-choice=foo a b',
    '--checksum-choice=md5,foo a b',
    '--compare-dest=a --link-dest=b a b',
    `${'--copy-dest=x '.repeat(21)}a b`,
    '--chmod=foo a b',
    '--chmod=u+q a b',
    '--chmod=DF755 a b',
    '--chmod=98 a b',
    '--chmod=17777 a b',
    '--chmod=u+r,,g+w a b',
    '--stderr=x a b',
    '--stderr= a b',
    '--files-from=h:- a b',
    '--protect-args --old-args a b',
    '--outbuf=x a b',
    '--write-batch=x --read-batch=y a b',
    '--read-batch=y --files-from=x a b',
    '--read-batch=y --remove-source-files a b',
    '--usermap=a:b --chown=c a b',
    '--chown=a --chown=b a b',
    '--chown=:a --groupmap=b:c a b',
    '--groupmap=a:b --groupmap=b:c a b',
    '--confine-root=x a b',
    '--fake-super -XX a b',
    '--max-alloc=1 a b',
    '--stop-at=foo a b',
    '--stop-at=2001-01-01 a b',
    '--stop-at=25:00 a b',
    '--stop-after=x a b',
    '--server --bogus . b',
    '--server --timeout=x . b',
    '--server -re.x --files-from=h:x . b',
  ];
  // What rsync 3.2 answers otherwise.
  if (!/^3\.[0-3]\./.test(version ?? '')) {
    lines.push('-B -5 a b', '--bwlimit=-1 a b', '--min-size=-1 a b', '--chmod=go=u,D2775 --bogus a b');
  }
  for (const line of lines) {
    it(line.length > 80 ? `${line.slice(0, 40)}…` : line, async () => {
      const argv = line.split(' ');
      const theirs = spawnSync(peer, argv, { cwd: dir, encoding: 'utf8', input: '' });
      // An older peer does not know every option of the table.
      if (theirs.stderr.startsWith('rsync: --confine-root=x: unknown option')) return;
      const ours = await ourAnswer(argv);
      expect(comparable(ours.stderr)).toBe(comparable(theirs.stderr));
      expect(ours.code).toBe(theirs.status);
    });
  }

  async function ourAnswer(argv: readonly string[]) {
    let stderr = '';
    const io = testIo({
      stderr: (bytes: Uint8Array) => {
        stderr += Buffer.from(bytes).toString('latin1');
      },
    });
    const code = await runCommand({
      argv,
      env: {},
      io,
      started: () => {},
      loadServer: () => Promise.reject(new Error('no daemon')),
      codeToKeep: () => undefined,
      loadEngine: () => Promise.reject(new Error('no run was to start')),
      loadKernels: () => Promise.reject(new Error('no question was asked')),
      // What may have been meant stands behind rsync's words, and is no part of them.
      loadManual: async () => ({ answerTo: () => undefined, proposal: () => undefined }),
      loadBench: () => Promise.reject(new Error('nothing was to be measured')),
      loadWatch: () => {
        throw new Error('nothing is watched');
      },
      loadTrace: () => Promise.reject(new Error('nothing is traced')),
      loadJson: () => Promise.reject(new Error('no JSON was asked for')),
    });
    return { code, stderr };
  }

  /** Without the place in the source and the version. */
  function comparable(text: string): string {
    return text.replace(/ at \S+\(\d+\) \[(\w+)=\S+\]/g, ' [$1]');
  }
});
