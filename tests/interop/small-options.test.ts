/** Options that change one thing: beside real rsync, where that thing shows. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { canBePlainUser, expectSameScript, type Script, ways } from '../support/script.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);

describe.skipIf(reference === null).each(fewer(ways))('%s', (way) => {
  describe('--force', () => {
    const inTheWay = 'mkdir -p s d/a/b; echo new >s/a; touch d/a/b/c d/other';

    test.each(['-rti', '-rti --force', '-rti --force --backup', '-rtin --force', '-rti --force --no-force'])(
      'a directory with content that is in the way of a file: %s',
      (options) => same({ way, script: `${inTheWay}\nsync ${options}` }),
    );
    test('one that is in the way of a link, under --max-delete', () =>
      same({ way, script: `${inTheWay}\nln -sf x s/a; sync -rlti --force --delete --max-delete=1` }));
  });

  describe.skipIf(way !== 'local')('--remote-option in a local run', () => {
    test.each(['-M--nothing', '-r -M--delete', '-M--delete', '-Mx'])('%s', (options) =>
      same({ way, script: `mkdir s; touch s/f; sync ${options}; sync ${options} -q`, sorted: true }),
    );
  });

  describe.skipIf(way !== 'local')('a destination that cannot be made', () => {
    test.each(['', '--protocol=31', '--protocol=30', '--protocol=29 -i', '--contimeout=5'])('%s', (options) =>
      same({ way, script: `mkdir s; touch s/f; $R -r ${options} s/ deep/new; echo $?`, sorted: true }),
    );
  });

  describe.skipIf(way !== 'push')('what the server says when its client ends before there is a list', () => {
    test.each(['-R --protocol=30', '-R', '-r --copy-as=nosuch'])('%s', (options) =>
      same({
        way,
        script: `mkdir s; touch s/f; mkdir in; cd in; mkdir s; ln -s .. up; sync ${options} ../s`,
      }),
    );
  });

  describe('--max-delete', () => {
    const extra = 'mkdir -p s d/dir; touch s/f d/1 d/2 d/3 d/dir/4 d/dir/5; touch -d 2020-01-01 s d';

    test.each([
      '--delete --max-delete=2',
      '--delete --max-delete=0',
      '--delete --max-delete=-1',
      '--delete-before --max-delete=3',
      '--delete-delay --max-delete=3',
      '--delete-after --max-delete=3',
      '--delete --max-delete=100',
      '--delete --max-delete=2 --max-delete=4 -n',
    ])('%s', (options) =>
      same({
        way,
        script: `${extra}\nsync -rti --stats ${options} | grep -v -e sent -e rec -e Total -e time -e 'File list' -e speed`,
      }),
    );
  });

  describe('what cannot be done with what was chosen', () => {
    test.each([
      '-rc --cc=none',
      '-rc --cc=md5,none',
      '-r --cc=none',
      '-r --usermap=',
      '-r --groupmap=',
      '-r --usermap=,',
    ])('%s', (options) =>
      same({
        way,
        sorted: true,
        script: `mkdir s d; echo a >s/f; sync ${options} 2>&1 | grep -v -e 'rsync error' -e closed | sort -u; ls d`,
      }),
    );
  });

  describe.skipIf(!canBePlainUser)('a mode that keeps its owner out of a directory', () => {
    test.each(['-rtip --chmod=0600', '-rip --chmod=D000', '-rtip --chmod=D0500'])(
      'comes behind its time: %s',
      (options) =>
        same({
          way,
          plainUser: true,
          sorted: true,
          script: `mkdir -p s/deep d; touch s/f s/deep/g; touch -d 2001-01-01 s s/deep d; sync ${options}; chmod 700 d d/*; ls d`,
        }),
    );
  });

  describe.skipIf(!canBePlainUser)('--ignore-errors', () => {
    const unreadable = 'mkdir -p s/shut d/gone; touch s/f d/old; chmod 0 s/shut; touch -d 2001-01-01 s d';

    test.each([
      '',
      '--ignore-errors',
      '--ignore-errors --no-ignore-errors',
      '--ignore-errors --delete-after',
    ])('a directory that cannot be read: %s', (options) =>
      same({
        way,
        plainUser: true,
        // Its two processes speak side by side.
        sorted: true,
        script: `${unreadable}\nsync -rti --delete ${options}; chmod 700 s/shut`,
      }),
    );
  });

  describe.skipIf(!canBePlainUser)('--delete', () => {
    test.each(['', '--delete-delay', '--delete-after', '--ignore-errors'])(
      'goes on up to the directory that cannot be read: %s',
      (options) =>
        same({
          way,
          plainUser: true,
          sorted: true,
          script: `mkdir -p s/{a,b/c,shut,z} d/{a,b/c,z}; touch d/{old,a/old,b/old,b/c/old,z/old}; chmod 0 s/shut
            sync -rti --delete ${options}; chmod 700 s/shut`,
        }),
    );
  });

  describe('-8', () => {
    const names = "mkdir s; touch $'s/caf\\xc3\\xa9' $'s/caf\\xe9' $'s/\\t\\x01' $'s/\\\\#303'";

    test.each([
      ['C', ''],
      ['C', '-8'],
      ['C.UTF-8', '-8'],
      ['C.UTF-8', '-8 --no-8'],
      ['C.UTF-8', '--8-bit-output'],
    ])('under LC_ALL=%s with %s', (locale, options) =>
      same({ way, sorted: true, script: `export LC_ALL=${locale}\n${names}\nsync -ri ${options}` }),
    );
  });

  test.each(['-r', '--list-only'])('%s names an alternate directory that is not there', (options) =>
    same({
      way,
      script: `mkdir -p s d/e; echo 1 >s/f; for to in ./ d/../d//; do for dir in .//x/ ../s/f; do
        from_to s/ $to ${options} --compare-dest=$dir | grep arg; done; done`,
    }),
  );
  test('rules for the other side alone', () =>
    same({
      way,
      script: `mkdir s d; touch d/x d/y d/z; sync -ri --delete -M--filter='P_x' -M--exclude=y; sync -ri --delete -M--filter='P_z' --filter='R_z' --exclude=y`,
    }));

  test('rules for the other side beside rules that come by a pipe', () =>
    same({
      way,
      script: String.raw`mkdir -p s/k/sub d/k; touch d/x d/y d/z d/k/x 'd/a b' d/l.o d/k/m d/k/n; echo '- n' >s/k/.more; touch s/y s/l.o s/k/sub/n
        sync -ri --delete -M--filter='P_x' --exclude-from=<(printf '+ /k/x\n- y\n# none\n- /a b\n') --filter=':_.more' -C --filter='R k/m'`,
    }));

  test.each(['--checksum-seed=1', '--checksum-seed=-1', '--checksum-seed=2147483647', '--checksum-seed=0'])(
    '%s finds what is the same',
    (seed) =>
      same({
        way,
        script: `mkdir s d; seq 90000 >s/f; seq 80000 >d/f; touch -d @1 s/f
          sync -rtc --no-W --stats ${seed} | grep -e Literal -e Matched; sync -ric ${seed}`,
      }),
  );
});

describe.skipIf(reference === null)('block sums are those of real rsync, which is at the other end', () => {
  const sums = ['', '--cc=md5', '--cc=md4', '--cc=sha1', '--cc=md5,md4', '--cc=xxh64', '--checksum-seed=7'];
  test.each([28, 29, 30, 31].flatMap((protocol) => sums.map((sum) => `--protocol=${protocol} ${sum}`)))(
    '%s',
    (options) =>
      same({
        script: `mkdir s d; seq 90000 >s/f; seq 80000 >d/f; touch -d @1 s/f; cp -a d e
          delta() { $R -e "$LSH" --rsync-path='${reference?.command.join(' ')}' -rt --no-W --stats ${options} "$@" | grep -e Literal -e Matched; }
          delta s/ "lh:$PWD/d/"; delta "lh:$PWD/s/" e/`,
      }),
  );
});

/** A shell by the name of ssh, which says how it was called. */
const said = `mkdir bin s; printf '#!/bin/sh\\necho "$@" >&2\\nexit 5\\n' >bin/ssh; cp bin/ssh bin/other; chmod 755 bin/*
  export PATH="$PWD/bin:$PATH"`;

describe.skipIf(reference === null)('a remote shell is told of', () => {
  test.each(['-4', '-6', '--ipv4', '--ipv6', '-6 -4', '-6 -l'])('%s, if it is ssh', (options) =>
    same({
      script: `${said}\n$R ${options} -r s/ user@host:d/ 2>&1 | grep -o 'user [-4 6]*host'
        $R ${options} -r -e "$PWD/bin/other" s/ host:d/ 2>&1 | grep -c -e ' -[46] '`,
    }),
  );
});
