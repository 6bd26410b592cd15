import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { RsyncError } from '../../../ts/errors.ts';
import { parseEndpoints } from '../../../ts/options/endpoints.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
const version = /version (\S+)/.exec(spawnSync(peer, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
const hasPeer = version !== undefined;

function endpoints(...argv: string[]) {
  const parsed = parseClientArgs(argv, { env: {}, now: Date.now });
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  return parseEndpoints(parsed.options, parsed.args);
}

describe('who is where', () => {
  it('local', () => {
    expect(endpoints('a', 'b', 'c')).toEqual({ kind: 'local', sources: ['a', 'b'], dest: 'c' });
    expect(endpoints('a')).toEqual({ kind: 'local', sources: ['a'], dest: undefined });
    expect(endpoints('--old-args', 'a', '')).toEqual({ kind: 'local', sources: ['a'], dest: '.' });
  });

  it('push', () => {
    const remote = { kind: 'shell', user: 'u', host: 'h', port: undefined };
    expect(endpoints('a', 'b', 'u@h:c')).toEqual({ kind: 'push', remote, sources: ['a', 'b'], dest: 'c' });
    expect(endpoints('a', 'u@h:')).toMatchObject({ dest: '.' });
    expect(endpoints('a', 'h::m/x')).toMatchObject({ remote: { kind: 'daemon' }, dest: 'm/x' });
  });

  it('pull', () => {
    expect(endpoints('h:a', ':b', 'h:', 'd')).toMatchObject({
      kind: 'pull',
      sources: ['a', 'b', '.'],
      dest: 'd',
    });
    expect(endpoints('h:a', ':b')).toMatchObject({ sources: ['a', 'b'], dest: undefined });
    expect(endpoints('h::')).toMatchObject({ remote: { kind: 'daemon', host: 'h' }, sources: [''] });
    expect(endpoints('-e', 'ssh', 'h::m', 'd')).toMatchObject({ remote: { kind: 'daemon-over-shell' } });
  });

  it('ports', () => {
    expect(endpoints('rsync://h:9/m', 'd')).toMatchObject({ remote: { port: 9 } });
    expect(endpoints('--port=7', 'rsync://h:9/m', 'd')).toMatchObject({ remote: { port: 9 } });
    expect(endpoints('--port=7', 'h::m', '::n', 'd')).toMatchObject({ remote: { port: 7 } });
    expect(endpoints('--port=-1', 'h::m', 'd')).toMatchObject({ remote: { port: undefined } });
    expect(endpoints('--port=70000', 'h:m', 'd')).toMatchObject({ remote: { port: undefined } });
    expect(() => endpoints('--port=70000', 'h::m', 'd')).toThrow('There is no port 70000.');
    expect(() => endpoints('rsync://h:70000/m', 'd')).toThrow('There is no port 70000.');
    expect(endpoints('h::m', 'd')).toMatchObject({ remote: { port: undefined } });
  });
});

const wrongLines = [
  ['a', 'h:b', 'h:c'],
  ['a', '', 'h:c'],
  ['', 'b'],
  ['a', '', 'b'],
  ['a', ''],
  ['h:a', 'i:b'],
  ['h:a', 'i:b', 'c'],
  ['h:a', 'u@h:b', 'c'],
  ['h:a', 'h::b', 'c'],
  ['h::a', 'h:b', 'c'],
  ['h:a', 'b', 'c'],
  ['h::a', 'b', 'c'],
  ['rsync://h/a', 'rsync://h:9/b', 'c'],
  ['rsync://h:9/a', 'rsync://h:8/b', 'c'],
  ['--port=9', 'h::a', 'rsync://h:8/b', 'c'],
  ['-h:a', 'b'],
  ['--password-file=x', 'a', 'b'],
  ['--password-file=x', 'a', 'h:b'],
  ['--contimeout=1', 'a', 'b'],
  ['--contimeout=1', 'h:a', 'b'],
  ['-e', 'false', '--contimeout=1', 'h::a', 'b'],
  ['--files-from=h:x', 'a', 'b'],
  ['--files-from=:x', 'a', 'b'],
  ['--files-from=h:x', 'a', 'i:b'],
  ['--files-from=h:x', 'i:a', 'b'],
  ['--files-from=h:x', 'u@h:a', 'b'],
];

// rsync 3.2 lets such hosts through.
if (hasPeer && !/^3\.[0-3]\./.test(version)) {
  wrongLines.push(['--', '-h:a', 'b'], ['a', '--', '-h:b']);
}

describe.skipIf(!hasPeer)('arguments that do not go together, in the words of rsync', () => {
  for (const argv of wrongLines) {
    it(JSON.stringify(argv.join(' ')), () => {
      const theirs = spawnSync(peer, argv, { encoding: 'utf8', input: '' });
      let message = '';
      try {
        endpoints(...argv);
      } catch (error) {
        if (!(error instanceof RsyncError)) throw error;
        expect(error.exitCode).toBe(theirs.status);
        message = error.message;
      }
      expect(message).toBe(theirs.stderr.replace(/(^|\n)rsync error: .*\n$/, ''));
    });
  }
});

/** Option lines of everything that must work; see the list. */
const workingLines = [
  '-a',
  '-rlptgoDHSRvqinhcIWzuxx',
  '-e ssh --rsync-path=rsync',
  '-r --delete',
  '-r --del',
  '-r --delete-before',
  '-r --delete-during',
  '-r --delete-delay',
  '-r --delete-after',
  '--exclude=a --include=b --filter=-_c -f-_d -F -C',
  '--exclude-from=a --include-from=b --files-from=list -0',
  '--size-only --existing --ignore-existing',
  '--inplace',
  '--append',
  '--append-verify',
  '--partial --partial-dir=p',
  '-b --backup-dir=o --suffix=s',
  '--compare-dest=a --compare-dest=b',
  '--copy-dest=a',
  '--link-dest=a',
  '--max-size=1m --min-size=1k --timeout=5 --bwlimit=1m',
  '--stats --progress --info=progress2 --debug=all --out-format=%i',
  '--numeric-ids --chmod=u+r --block-size=1k',
  '--checksum-choice=md5 --compress-choice=zlib --compress-level=3 --protocol=30',
  '--no-r --no-l --no-p --no-t --no-g --no-o --no-D --no-H --no-S --no-R --no-v --no-i --no-h --no-c --no-W --no-z --no-x',
  '-P --list-only',
];

it('what must work is taken, and a server takes what it is sent for it', async () => {
  const { parseServerArgs } = await import('../../../ts/options/parse.ts');
  const { serverArgs } = await import('../../../ts/options/server-args.ts');
  for (const line of workingLines) {
    for (const args of [
      ['.', 'h:b'],
      ['h:a', 'b'],
    ]) {
      const parsed = parseClientArgs([...line.split(' '), ...args], { env: {}, now: Date.now });
      if (parsed.kind !== 'run') throw new Error(line);
      const side = { sender: args[0] === 'h:a', protocol: 32, daemon: false };
      const there = parseServerArgs([...serverArgs(parsed.options, side), '.', 'x'], {
        env: {},
        now: Date.now,
      });
      expect(there.options.recursive, line).toBe(parsed.options.recursive);
    }
  }
});
