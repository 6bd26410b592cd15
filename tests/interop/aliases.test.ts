/** Options that a user has put together of others in ~/.popt, beside real rsync. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();

describe.skipIf(reference === null)('~/.popt', () => {
  test.each([
    ['rsync alias --mine -av --exclude=z', '--mine'],
    ['rsync alias -Q -ai', '-Q'],
    ['rsync alias -Q -i', '-aQv'],
    ['rsync alias -Q -i --exclude', '-aQ z'],
    [`rsync alias --mine --out-format="%n  x"`, '-a --mine'],
    [`rsync alias --mine --out-format='%n  y' -a`, '--mine'],
    [`rsync alias --mine "--out-format=%n \\"z\\"" -a`, '--mine'],
    ['rsync alias --mine --out-format=%n\\\\ \\\\ b -a', '--mine'],
    ['rsync\\talias\\t-v\\t-ai', '-v'],
    ['rsync alias -v -v -i', '-av'],
    ['rsync alias --ex --exclude=!#:+', '-av --ex=f'],
    ['rsync alias --ex --exclude=!#:+ -v', '-a --ex f'],
    ['rsync alias --ex --exclude', '-av --ex f'],
    ['rsync alias --mine --nonsense', '-a --mine'],
    ['rsync alias --mine --max-delete=x', '-a --mine'],
    ['rsync alias --mine -a -B', '--mine'],
    ['Rsync alias --mine -av', '--mine'],
    ['rsync alias --archive --archive -v', '--archive'],
    ['rsync alias --one --two -v\\nrsync alias --two -ai', '--one'],
    ['rsync alias --foo=bar -av', '--foo=bar'],
    ['rsync alias foo -av', '--foo'],
    ['rsync alias --mine --POPTdesc=$"my text" -av', '--mine'],
    ['rsync alias --mine --POPTdesc=$"my text" --POPTargs=$"A" -av', '--mine'],
    ['# rsync alias --mine -av', '--mine'],
    ['  rsync alias --mine -av', '--mine'],
    ['rsync alias --mine -a \\\\\\n  -v', '--mine'],
    ['rsync alias --mine -a\\nrsync alias --mine -av', '--mine'],
    ['rsync alias --mine -av', '--mine=f'],
    ['rsync alias --mine "-av', '--mine'],
    ['rsync alias --mine', '-av --mine'],
    ['rsync alias --server -av', '-a'],
    ['rsync alias --mine -av --', '--mine'],
  ])('%s', (config, options) =>
    expectSameScript(
      {
        script: `export HOME=$PWD; printf '${config.replaceAll('%', '%%').replaceAll("'", `'\\''`)}\\n' >.popt; mkdir s; echo 1 >s/f; echo 2 >s/z; touch -d 2020-01-01 s/f s/z s
          $R ${options} s/ d/ 2>&1 | sed 's/speedup.*//;/bytes.sec/d;s/ at .*//'`,
      },
      reference!,
    ),
  );
});
