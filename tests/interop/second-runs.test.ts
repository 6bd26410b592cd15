/** Runs with little to do, and options that concern few directories: what they concern is seen all the same. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const source = `mkdir -p s/a/b s/k s/n; for f in 1 2 3; do echo $f >s/a/$f; echo $f >s/a/b/$f; done
  ln s/a/1 s/k/1; ln -s 2 s/a/l; echo '- 3' >s/a/.rsync-filter`;
const every = `old() { find s -exec touch -h -d 2001-01-01 {} +; }; old
  show() { find d ! -type d | sort | sed 's/.*\\/\\([^/]*\\)$/\\1/'; find d -type f | sort | xargs cat; find d -type l -exec readlink {} +; }
  go() { $R "$@" d/; echo "exit $?"; show; }; again() { old; go "$@"; go "$@"; }`;

const cases = [
  {
    what: '-c and -R: a file of a name that begins with a slash has other content',
    script: `$R -aR --no-implied-dirs $PWD/s/ d/; echo 9 >s/a/2; old; $R -acR --no-implied-dirs --out-format=%i $PWD/s/ d/; show; rm -rf d`,
  },
  {
    what: 'a link leads to another place of as many bytes',
    script: 'go -ai s/; ln -sfn 3 s/a/l; again -ai s/',
  },
  {
    what: '-H: names that are missing, and that are no links',
    script: `again -aiH s/; rm d/k/1; go -aiH s/; rm d/k/1; cp -p d/a/1 d/k/1; again -aiH s/; again -aiH --no-i-r s/`,
  },
  {
    what: 'merge files that are there, that come, and that go',
    script: `again -aiF s/; echo '- 2' >s/a/b/.rsync-filter; rm -rf d; again -aiF s/; rm -rf d; again -aiFF --no-i-r s/
      rm s/a/.rsync-filter; again -aiF s/; echo '- /1' >s/a/.rsync-filter; rm -rf d; again -aiF s/`,
  },
  {
    what: 'rules that leave directories out',
    script: `for rule in --exclude=b '--exclude=/a/b/' '--exclude=a/**' '--include=*/ --include=2 --exclude=*' -C '-f -!_*/ -f S_1'; do
      rm -rf d; set -f; again -ai $(echo "$rule" | tr _ ' ' | sed 's/-f \\([^ ]*\\) /-f\\1/g') s/; set +f; done`,
  },
  {
    what: '-x where there is no other file system',
    script: 'again -aix s/; again -aixx --no-i-r s/',
  },
];

describe.skipIf(reference === null)('a second run', () => {
  test.each(cases)('$what', ({ script }) =>
    expectSameScript({ script: `${source}; ${every}; mkdir d; ${script}`, sorted: true }, reference!),
  );
});
