/** Variables of the environment, beside real rsync: good values, bad ones, and those that nothing asks for. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const tree = [
  'mkdir -p s/dir d/dir; echo one >s/f; echo two >s/dir/g.o; echo three >s/dir/keep; echo four >s/core',
  'head -c 100000 /dev/zero >s/zero; find s d -exec touch -d 2021-06-07 {} +',
].join('\n');
const same = (script: string, more: Partial<Script> = {}) =>
  expectSameScript({ ...more, script: `${tree}\n${script}` }, reference!);

/** Without the last lines, since rsync's processes end each other, and sorted, since they write side by side. */
const said = "grep -v 'rsync error' | sort";

describe.skipIf(reference === null).each(fewer(ways))('%s', (way) => {
  test.each([
    ['.part', '--partial'],
    ['.part', '--partial --inplace'],
    ['.part', '--partial --partial-dir=.other'],
    ['.part', ''],
    ['.part', '--no-partial'],
    ['.part', '--delay-updates'],
    ['', '--partial'],
    ['.', '--partial'],
    ['$PWD/part', '--partial'],
    ['.part/../x', '--partial'],
  ])('RSYNC_PARTIAL_DIR=%s, %s', (value, options) =>
    same(
      `mkdir d/.part part; cp s/zero d/.part/zero; cp s/zero part/zero; export RSYNC_PARTIAL_DIR="${value}"
      sync -a --no-W ${options} --stats | grep -E 'exit|atched|iteral'`,
      { way },
    ),
  );

  test.each([
    'md5',
    'md4',
    'none',
    'bogus',
    'bogus md4',
    'MD5',
    '',
    '  ',
    'md5 & md4',
    'md4 & md5',
    '& md5',
    'xxh64 xxh128',
    'auto',
  ])('RSYNC_CHECKSUM_LIST=%s', (value) =>
    same(`export RSYNC_CHECKSUM_LIST='${value}'; sync -a --debug=nstr 2>&1 | ${said}`, { way }),
  );

  test.each(['zlib', 'zlibx zlib', 'none', 'bogus', 'bogus zlib', 'zlib & zlibx zlib', 'lz4', 'auto'])(
    'RSYNC_COMPRESS_LIST=%s',
    (value) => same(`export RSYNC_COMPRESS_LIST='${value}'; sync -az --debug=nstr 2>&1 | ${said}`, { way }),
  );

  test.each(['', '0', '1', '1M', '1G', 'bogus', '-1', '1.5g', '3kk', '9e9'])('RSYNC_MAX_ALLOC=%s', (value) =>
    same(`export RSYNC_MAX_ALLOC='${value}'; sync -a; sync -a --max-alloc=2G`, { way }),
  );

  test.each(['keep', '*.o keep', '! *.o', '', ' zero  f ', 'dir/'])('CVSIGNORE=%s', (value) =>
    same(`export CVSIGNORE='${value}'; sync -aiC --delete; sync -ai -f:C; sync -ai '-f-C'`, { way }),
  );

  test.each(['RSYNC_CHECKSUM_LIST=md5 sync -a --cc=md5', 'RSYNC_COMPRESS_LIST=zlib sync -a --zc=zlib'])(
    'a choice that its variable has: %s',
    (script) => same(`${script} --debug=nstr`, { way }),
  );

  test.each([
    'RSYNC_CHECKSUM_LIST=md5 sync -a --cc=xxh64',
    "RSYNC_CHECKSUM_LIST='xxh64 & md5 md4' sync -ac --cc=md4,xxh64",
    'RSYNC_COMPRESS_LIST=zlib sync -a --zc=zlibx',
  ])('a choice that its variable leaves out: %s', (script) =>
    same(`${script} 2>&1 | grep -v ' error: ' | sed 's/oc-rsync/rsync/'`, { way }),
  );

  test('RSYNC_ICONV that is not known', () =>
    same(`RSYNC_ICONV=bogus,none sync -a 2>&1 | sort -u | grep bogus; RSYNC_ICONV=. sync -ai --no-iconv`, {
      way,
    }));
});

describe.skipIf(reference === null)('commands', () => {
  const daemon = `printf '%s\\n' 'use chroot = no' '[m]' "path = $PWD/s" 'pre-xfer exec = echo ran >> ran' >conf
    printf '%s\\n' '#!/bin/sh' 'echo "$1 ${'$'}{2%% *}" >>said' 'exec /bin/sh "$@"' >sh; chmod +x sh
    sed -i "s,>> ran,>>$PWD/ran," conf
    export RSYNC_CONNECT_PROG="$R --daemon --config=$PWD/conf"`;
  test.each(['$PWD/sh', '', '/nonexistent'])('RSYNC_SHELL=%s', (shell) =>
    same(`${daemon}
      export RSYNC_SHELL="${shell}"; $R -a rsync://lh/m/ d/ 2>/dev/null || echo failed; sleep 0.2
      rm -f conf sh; wc -l <said; rm -f said`),
  );
  test.each(['1', '', '0'])('RSYNC_NO_XFER_EXEC=%s', (value) =>
    same(
      `${daemon}; export RSYNC_NO_XFER_EXEC='${value}'; $R -a rsync://lh/m/ d/; echo "exit $?"; sleep 0.2; rm -f conf sh`,
    ),
  );
});

describe.skipIf(reference === null)('children have variables that are no UTF-8 as they are', () => {
  const told = `printf '%s\\n' '#!/bin/sh' 'printenv | grep -a "^PLACE\\|^RSYNC_PORT" | od -c >>told' 'exec "$@"' >$'tell\\351'
    chmod +x tell*; export PLACE=$'m\\351\\n' RSYNC_PORT=$'\\377'`;
  test.each([
    `$R -a -e $'./tell\\351 '"$LSH" --rsync-path="$R" lh:$PWD/s/ d/`,
    `RSYNC_RSH=$'./tell\\351 '"$LSH" $R -a --rsync-path="$R" s/ lh:$PWD/d/`,
    `$R -a -e $'./tell\\351 '"$LSH" --rsync-path="$R --config=$PWD/conf" lh::m/ d/`,
    `RSYNC_CONNECT_PROG=$'./tell\\351 '"$R --daemon --config=$PWD/conf # %H" $R -a rsync://lh/m/ d/`,
    `RSYNC_CONNECT_PROG="$R --daemon --config=$PWD/conf" RSYNC_SHELL=$'./shell\\351' $R -a rsync://lh/m/ d/`,
  ])('%s', (script) =>
    same(`${told}; printf '%s\\n' 'use chroot = no' '[m]' "path = $PWD/s" >conf
      printf '%s\\n' '#!/bin/sh' './tell* true' 'exec /bin/sh "$@"' >$'shell\\351'; chmod +x shell*
      ${script}; echo "exit $?"; cat told; rm -f conf told tell* shell*`),
  );
});

describe.skipIf(reference === null)('a daemon', () => {
  test.each([
    'RSYNC_CHECKSUM_LIST=md5 --cc=xxh64 rsync://lh/m/ d/',
    'RSYNC_CHECKSUM_LIST=md5 --cc=xxh64 d/ rsync://lh/m/',
    'RSYNC_COMPRESS_LIST=zstd -z --zc=zlib rsync://lh/m/ d/',
  ])('refuses what its variable leaves out, in its log alone: %s', (row) => {
    const [variable, ...words] = row.split(' ');
    return same(`printf '%s\\n' 'use chroot = no' "log file = $PWD/log" '[m]' "path = $PWD/s" 'read only = no' >conf
      RSYNC_CONNECT_PROG="env ${variable} $R --daemon --config=$PWD/conf" $R -a ${words.join(' ')} 2>&1 | sed 's/ at .*//'
      sed 's/^[^]]*] //; s/ at .*//' log; rm -f conf log`);
  });
});

describe.skipIf(reference === null).each(fewer(ways))('closed and shut: %s', (way) => {
  test.each([
    'sync -a 2>&-; ls d',
    'sync -a <&-; ls d',
    'sync -av | true; ls d',
    'sync -av --stats | head -1 >/dev/null; ls d',
  ])('%s', (script) => same(script, { way }));
});
