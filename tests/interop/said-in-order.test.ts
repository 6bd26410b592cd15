/**
 * The order of lines where rsync's generator speaks for itself: what it says overtakes the items that it tells the
 * sender at the same time.
 */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const old = 'touch -d 2020-01-01';

const deletions = `mkdir s d; echo x >s/f; touch d/gone d/zz; ${old} d; sync -ai --delete
  touch d/gone; ${old} d; sync -a --out-format=%o:%n --delete; touch d/gone; ${old} d; sync -ai --delete-delay
  touch d/gone; ${old} d; sync -ai --no-i-r --delete; touch d/gone; ${old} d; sync -aii --delete`;

const linked = `mkdir -p s/sub s/q to; echo 1 >s/a; ln s/a s/b; echo z >s/z; cp -a s/z s/q/y; ln s/q/y s/q/yy
  cp -a s/. to/; again() { rm -rf d; mkdir d; touch -r s d; }; again`;
const alternates = ['copy', 'link', 'compare'].map((kind) => ({
  what: `hard links and --${kind}-dest`,
  script: `${linked}; sync -vvplrtH --no-i-r --info=stats0,flist0 --${kind}-dest=$PWD/to; again
    sync -ivvplrtH --no-i-r --info=stats0,flist0 --${kind}-dest=$PWD/to; again
    sync -iiplrtH --no-i-r --${kind}-dest=$PWD/to; rm -rf d
    sync -vvplrtHn --no-i-r --info=stats0,flist0 --${kind}-dest=../to`,
}));

const notEmpty = `mkdir -p s d/n/m/o; echo 1 >s/a; touch d/n/m/k d/n/k2 d/n/m/o/k; ${old} s d s/a
  sync -rtin --delete --exclude=k; sync -rti --delete --exclude=k; sync -rti --delete-delay --exclude=k; rm s/a; touch s/n
  sync -rti --delete --exclude=k`;

const flat = `mkdir s d; for i in {100..549}; do echo $i >s/f$i; done; cp -a s/. d/; mkdir s/am; ${old} s d
  for i in 103 250 299 301 355 400 501 549; do seq 900 >s/f$i; done
  sync -aivv --no-i-r --max-size=1k --existing | grep -v -e '^sent ' -e '^total ' -e '^opening '`;

describe.skipIf(reference === null)('said in order', () => {
  // Who pulls has two processes that print.
  test.each(['local', 'push'] as const)('what is left out, among many that are not: %s', (way) =>
    expectSameScript({ script: flat, way }, reference!),
  );
  test.each(ways)('deletions and their directory: %s', (way) =>
    expectSameScript({ script: deletions, way }, reference!),
  );
  test.each(alternates)('$what', ({ script }) => expectSameScript({ script, sorted: true }, reference!));
  test('a directory that cannot be emptied', () =>
    expectSameScript({ script: notEmpty, sorted: true }, reference!));
});
