/**
 * What --debug and --info tell of a small transfer, flag by flag, beside rsync. Lines that ours has nothing to say in,
 * or that tell of rsync's own insides, are left out here and named in docs/compatibility.md.
 */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { canBePlainUser, expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

/** The portable kernel makes no fifos, and reads directories in another order, which wire indexes follow. */
const portable = process.env.OC_RSYNC_KERNEL === 'portable';

/** A delta, whole files, an empty one, hard links, a symbolic link, a fifo, backups and deletions. */
const tree = `mkdir -p s/a/b s/new/sub d/a/b d/old/deep; seq 20000 >s/large; seq 20000 | sed 's/^500$/x/' >d/large
  echo hello >s/a/f; echo hullo >d/a/f; echo same >s/a/same; cp -p s/a/same d/a/same; ln -s a s/link; ln -s b d/link
  echo 1 >s/h1; ln s/h1 s/h2; ln s/h1 s/a/h3; echo x >d/old/deep/x; echo y >d/gone; echo '- *.o' >s/.rules; echo x >s/a/x.o
  ${portable ? ':' : 'mkfifo s/fifo'}; echo n >s/new/sub/n; : >s/empty; touch -d 2020-01-01 s/* s/*/* s/*/*/* s d; touch -d 2019-01-01 d/large d/a/f
  touch -hd 2020-01-01 s/link`;

/** Rsync's processes wait for each other, and say so; ours is one, has other numbers, and does not note whose entries are. */
const steady = String.raw`sed -e 's/pid=[0-9]*/pid=N/; s/ waiting on [0-9]*/ waiting on N/' \
  -e 's/file=[a-z0-9.-]*, line=[0-9]*/file=F/; s/sent .*/sent/; s/speedup .*//; s/[.][A-Za-z0-9]\{6\}\( to \|" \)/.XXXXXX\1/' \
  -e 's#cmd=.* machine#cmd= machine#; /^client_run waiting/d; /^cmd\[0\]=/d; /^opening connection/d; /^match at/d; /^.Receiver. a[cd][td]/d; /hash_hits/d' \
  -e 's/^FILE_STRUCT_LEN=[0-9]*/FILE_STRUCT_LEN/; s/^\(.generator. i=[0-9]* 0 .* flags=\)[0-9a-f]*$/\1/; s/^\(.*dev:inode for #[0-9]* is [0-9]*\):[0-9]*$/\1/'`;

const flags = [
  'ACL',
  'BACKUP',
  'CHDIR',
  'CMD2',
  'DEL3',
  'DELTASUM2',
  'DUP',
  'EXIT3',
  'FILTER',
  'FILTER2',
  'FLIST2',
  'FLIST4',
  'FUZZY2',
  'GENR',
  ...(portable ? [] : ['HLINK', 'HLINK3']),
  'ICONV2',
  'NSTR3',
  'OWN2',
  'PROTO',
  'RECV',
  'SEND',
  'TIME2',
];

const optionSets = ['-aH --delete -b', '-rlptH --no-i-r --no-W --delete-before --filter=:_.rules'];

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test.each(sampled(flags))('--debug=%s', (flag) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `${tree}
          for o in ${optionSets.map((one) => `"${one}"`).join(' ')}; do
            cp -a d saved; sync --debug=${flag} $o 2>&1 | ${steady}; rm -r d; mv saved d; done`,
      },
      reference!,
    ),
  );
});

describe.skipIf(reference === null || !canBePlainUser).each(ways)('%s', (way) => {
  test('--debug=deltasum2 says nothing of a basis that cannot be opened', () =>
    expectSameScript(
      {
        way,
        plainUser: true,
        sorted: true,
        script: `mkdir s d; for n in f g; do seq 2000 >s/$n; seq 3000 >d/$n; done; chmod 0 d/f
          sync -r --no-W --debug=deltasum2 2>&1 | grep -e mapped -e exit`,
      },
      reference!,
    ));
});

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test('--debug=deltasum3 tells of the sums that are sent', () =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir s d; seq 3001 >s/short; seq 3000 >d/short; head -c 4200 /dev/zero >d/whole; head -c 4201 /dev/zero >s/whole
          seq 9 >s/none; seq 90000 >s/long; seq 90001 >d/long; : >d/none
          sync -rt --no-W --debug=deltasum3 --checksum-seed=7 2>&1 | grep -e '^chunk.* offset=.* len=' -e flength= -e gen`,
      },
      reference!,
    ));
});

/** Where the streams are told apart, they are named. */
const streams = [
  '--stderr=all -v',
  '--stderr=a -i',
  '--stderr=client -v',
  '--stderr=errors -v',
  '--msgs2stderr -vv',
  '--no-msgs2stderr -vv',
  '--stderr=all -q',
  '--outbuf=N -v',
  '--outbuf=line -i',
  '--outbuf=B -v',
  '--outbuf=x -v',
  '--stderr=nothing',
  '-8 -v',
  '-hhh --stats -v',
  '-h -i --stats',
  '--info=flist2 --no-i-r -v',
  '--info=NONE,del,name0 --delete',
  '--info=all0 -v',
  '--info=ALL2,stats1 -n --delete',
  '--info=remove,symsafe,mount,nonreg,misc2,copy,backup -b',
];

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test.each(sampled(streams))('what goes where: %s', (given) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir -p s/a d/a; for i in 1 2 3; do echo $i >s/a/$i; echo old >d/a/$i; done; ln -s /none s/l; touch d/gone
          mkdir s/shut; seq 200000 >s/big; touch -d 2020-01-01 s/*/* s/* s
          sync -rlt --filter='H never' ${given} --exclude-from=/dev/null >out 2>err; sed -i '/^warning: the portable/d' out err; cat out err | grep -c .
          grep -v -e ^sent -e speedup -e ' time:' -e 'Total bytes' -e 'File list size' -e xfr# -e ^opening out
          grep -v -e ^sent -e speedup -e ^opening err | sed 's/at [a-z0-9.-]*([0-9]*) [^ ]*$/at X/'; rm out err`,
      },
      reference!,
    ),
  );

  test('a list in one piece is counted while it comes', () =>
    expectSameScript(
      {
        way,
        script: `mkdir -p s/a d; for i in {1..450}; do >s/$i; done; for i in {1..155}; do >s/a/$i; done
          for o in --progress '--info=flist2 --protocol=29' '--info=flist2 -c' '--info=flist1' '--progress -q' '--info=flist2 -R'; do
            sync -rn $o --no-i-r | tr '\\r' '\\n' | grep -e file -e exit; done`,
      },
      reference!,
    ));

  test.each([
    's/ no/d/',
    'none d/',
    '--exclude-from=none s/ d/',
    '-M--bogus s/ d/',
    '--max-size=x s/ d/',
    '--protocol=30 s/ no/d/',
    '-q s/ no/d',
  ])('how a run that fails ends: %s', (given) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir s; echo 1 >s/f; set -- ${given}; args=("\${@:1:$#-2}"); from_to "\${@: -2}" -r --debug=exit3 "\${args[@]}" 2>&1 |
            grep -e _exit -e MSG -e ^exit | sed 's/file=[^:]*:/F:/'`,
      },
      reference!,
    ),
  );

  // The receiver of a pull is another process of rsync's, which would have to be found.
  test.skipIf(way === 'pull')('a signal asks for progress', () =>
    expectSameScript(
      {
        way,
        script: `mkdir s d; for i in 1 2 3 4 5 6; do head -c 100000 /dev/zero | tr '\\0' $i >s/$i; done
          sync -r --bwlimit=100 >out 2>&1 & sleep 2; for p in $(jobs -p); do pkill -VTALRM -P $p; done
          wait; grep -c 'xfr#' out; grep -c '^[1-6]$' out; grep exit out; rm out`,
      },
      reference!,
    ),
  );
});

describe.skipIf(reference === null)('a mistake in the options is told as they asked for it by then', () => {
  test.each([
    '-vvvv --exclude-from=none',
    '-vvvv --filter=bogus',
    '-vvvv --append -W',
    '-vvvv --files-from=none',
    '-vvvv --write-batch=x --read-batch=y',
    '-vvvv --bogus',
    '-vvvv --zc=bogus',
    '--exclude-from=none --debug=exit3',
    '--debug=exit1 --exclude-from=none --debug=exit3',
    '--debug=exit1 --append -W --debug=exit3',
  ])('%s', (given) =>
    expectSameScript(
      { script: `mkdir s; $R -r ${given} s/ d/ 2>&1 | grep _exit | sed 's/file=[^:]*:/F:/'` },
      reference!,
    ),
  );
});
