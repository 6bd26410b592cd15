/** Completions in the shells themselves: each is asked what it offers behind a command line. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bashCompletion } from '../../ts/manual/completion/bash.ts';
import { fishCompletion } from '../../ts/manual/completion/fish.ts';
import { zshCompletion } from '../../ts/manual/completion/zsh.ts';
import { onPath } from '../support/peers.ts';

let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'oc-rsync-completion-'));
  mkdirSync(join(place, 'photos'));
  writeFileSync(join(place, 'notes a.txt'), '');
  mkdirSync(join(place, '.ssh'));
  writeFileSync(join(place, '.ssh', 'known_hosts'), 'backup.example ssh-ed25519 AAAA\n');
  writeFileSync(join(place, 'script.bash'), bashCompletion());
  writeFileSync(join(place, '_oc_rsync'), zshCompletion());
  writeFileSync(join(place, 'script.fish'), fishCompletion());
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

function output(program: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(program, args, {
    cwd: place,
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env.PATH, HOME: place, TERM: 'dumb', LC_ALL: 'C' },
  });
  expect(stderr).toBe('');
  return stdout;
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** What each shell offers behind `oc-rsync` and a beginning. */
const offers: Record<string, (beginning: string) => string[]> = {
  bash(beginning) {
    // As readline parts them: at blanks and at `=`.
    const words = ['oc-rsync', ...beginning.split(/ |(?<==)|(?==)/)];
    // What bash-completion has, where it is there.
    const hosts = `_known_hosts_real() { COMPREPLY+=($(compgen -W backup.example: -- "\${!#}")); }`;
    const script = `${hosts}; source ./script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _oc_rsync; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines(output('bash', '--norc', '-c', script, 'test', ...words));
  },
  zsh(beginning) {
    // In a terminal of its own; each match becomes a line, by the function that all of them go through.
    const inner = [
      'PROMPT=GO',
      'fpath=($PWD $fpath)',
      'autoload -U compinit',
      'compinit -u -D',
      'zstyle ":completion:*" list-colors ""',
      `compadd() { builtin compadd -O found "$@"; print -lr -- "OFFER "\${^found} >>$PWD/offers; builtin compadd "$@" }`,
    ];
    writeFileSync(join(place, 'zshrc'), `${inner.join('\n')}\n`);
    writeFileSync(join(place, 'offers'), '');
    const script = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'source ./zshrc; print READ""Y'
      # What comes before the prompt is there would go to the terminal, which has keys of its own.
      zpty -r -m shell seen '*READY*GO*'
      zpty -w -n shell ${JSON.stringify(`oc-rsync ${beginning}`)}$'\\t'
      zpty -w -n shell $'\\C-u'
      zpty -w shell 'print DON""E'
      zpty -r -m shell seen '*DONE*'
      grep '^OFFER ' offers
      zpty -d shell`;
    return [...new Set(lines(output('zsh', '-f', '-c', script)).map((line) => line.slice('OFFER '.length)))];
  },
  fish(beginning) {
    const script = `source ./script.fish; complete -C "oc-rsync ${beginning}"`;
    return lines(output('fish', '--no-config', '-c', script)).map((line) => line.split('\t')[0]!);
  },
};

/** A shell may write the option before the word that is completed behind it. */
const bare = (words: string[]) =>
  words.map((word) => word.replace(/^--?[a-z-]+=/, '').replace(/=$/, '')).sort();

describe.each(Object.keys(offers))('%s', (shell) => {
  const missing = onPath(shell) === null;
  const offered = (beginning: string) => offers[shell]!(beginning);

  test.skipIf(missing)('options by their beginning', () => {
    const found = offered('--checksum').map((one) => one.replace(/=$/, ''));
    expect(found.sort()).toEqual(['--checksum', '--checksum-choice', '--checksum-seed']);
  });

  test.skipIf(missing)('words of --delete-', () => {
    expect(offered('--delete-d').sort()).toEqual(['--delete-delay', '--delete-during']);
  });

  test.skipIf(missing)('words of arguments', () => {
    expect(bare(offered('--compress-choice=z'))).toEqual(['zlib', 'zlibx', 'zstd']);
    expect(bare(offered('--checksum-choice=md'))).toEqual(['md4', 'md5']);
    expect(bare(offered('--zc=l'))).toEqual(['lz4']);
    expect(bare(offered('--cc=xxh')).map((word) => word.split(',')[0])).toEqual([
      'xxh128',
      'xxh3',
      'xxh64',
      'xxhash',
    ]);
    expect(bare(offered('--outbuf=')).filter((word) => word !== '')).toEqual(['B', 'L', 'N']);
    expect(bare(offered('--stderr=')).filter((word) => word !== '')).toEqual(['all', 'client', 'errors']);
  });

  test.skipIf(missing)('flags, also behind a comma', () => {
    expect(bare(offered('--info=na'))).toEqual(['name', 'name2']);
    expect(bare(offered('--info=prog'))).toEqual(['progress', 'progress2', 'progress3']);
    expect(bare(offered('--info=name,sk')).map((word) => word.replace('name,', ''))).toEqual([
      'skip',
      'skip2',
    ]);
    expect(bare(offered('--debug=del'))).toEqual([
      'del',
      'del2',
      'del3',
      'deltasum',
      'deltasum2',
      'deltasum3',
      'deltasum4',
    ]);
  });

  test.skipIf(missing)('files, and directories where only those fit', () => {
    expect(offered('-a n').join()).toMatch(/^notes(\\? a\.txt)?/);
    expect(offered('-a ph').map((name) => name.replace(/\/$/, ''))).toEqual(['photos']);
    expect(bare(offered('--temp-dir=p')).map((name) => name.replace(/\/$/, ''))).toEqual(['photos']);
  });

  test.skipIf(missing)('hosts that the shell knows', () => {
    expect(offered('-a photos back').map((one) => one.replace(/:$/, ''))).toEqual(['backup.example']);
  });

  test.skipIf(missing)('options of bench behind it', () => {
    expect(
      offered('bench --sc')
        .map((one) => one.replace(/=$/, ''))
        .sort(),
    ).toEqual(['--scale', '--scenarios']);
    expect(bare(offered('bench --scenarios=local-big-')).sort()).toEqual([
      'local-big-checksum-noop',
      'local-big-delta',
    ]);
    expect(offered('ben')).toEqual(['bench']);
  });

  test.skipIf(missing)('options behind help, and shells behind completion', () => {
    expect(offered('help --no-tim')).toContain('--no-timeout');
    expect(offered('help no-mot')).toEqual(['no-motd']);
    expect(offered('completion b')).toEqual(['bash']);
  });
});
