/** Command lines with more than one mistake: which of them is told, and how, beside real rsync. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';
import { test as some } from '../support/tables.ts';

const reference = referencePeer();
const same = (script: string) => expectSameScript({ script: `mkdir s d; touch s/f\n${script}` }, reference!);

/** What is found when all options have been read, in the order in which rsync looks. */
const found = [
  '--max-alloc=1',
  '--old-args -s',
  '--cc=nothing',
  '--zc=nothing',
  '--outbuf=x',
  '--fake-super -XX',
  '--write-batch=b --read-batch=b',
  '--temp-dir=$LONG',
  '--delete-during --delete-after -r',
  '--confine-root=x',
  '--suffix=a/b',
  '--backup-dir=$LONG',
  '--append --whole-file',
  '--inplace --delay-updates',
  '--files-from=h:-',
];

/** What is found where it stands. */
const foundAtOnce = ['--nothing', '--stderr=x', '--max-size=x', '--timeout=x', '-Mx', '--recursive=3'];

const told = '$R $these s/ d; echo "exit $?"';

describe.skipIf(reference === null)('of two mistakes', () => {
  some.each(found.slice(0, -1).map((first, i) => ({ first, others: found.slice(i + 1) })))(
    '$first comes first',
    ({ first, others }) =>
      same(`LONG=$(printf %5000s x | tr ' ' x)
for other in ${others.map((one) => `"${one}"`).join(' ')}; do
  these="$other ${first}"; ${told}
done`),
  );

  test.each(foundAtOnce)('%s comes before what is found later, and in its turn', (mistake) =>
    same(`for these in "${mistake} --suffix=a/b" "--suffix=a/b ${mistake}" "${mistake} --nope" "--nope ${mistake}"; do
  ${told}
done`),
  );

  test.each(['--exclude-from=$PWD/none', '--include-from=none/x', '--filter=bad'])(
    'a rule is read where it stands: %s',
    (rule) =>
      same(`for other in --suffix=a/b --cc=nothing --nothing --version --help --info=help --sender --max-size=x; do
  these="${rule} $other"; ${told}
done
for other in --suffix=a/b --nothing --max-size=x --files-from=h:-; do
  these="$other ${rule}"; ${told}
done`),
  );

  test('rules are told of that stand before it', () =>
    same(
      'these="--debug=filter2 -f -_x --exclude=y --suffix=a/b"; $R $these s/ d; $R $these --nothing s/ d',
    ));
});

describe.skipIf(reference === null)('a mistake is told', () => {
  test('as far as options that stand before it ask', () =>
    same(`$R -8 --n$(printf '\\366')pe s/ d; $R --n$(printf '\\366')pe -8 s/ d
$R -q --debug=exit2 --nothing s/ d; $R --debug=exit2 -q --suffix=a/b s/ d`));

  test('in a log that was named, where it is the usage, too', () =>
    same(`for these in --sender --files-from=x --nothing; do
  $R --log-file=log $these s/ >/dev/null 2>&1; echo $?; grep -c 'rsync error' log; rm -f log
done`));
});
