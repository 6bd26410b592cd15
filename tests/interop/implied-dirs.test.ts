/** --relative with --no-implied-dirs: the directories on the way are no entries of the list. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const source = 'mkdir -p s/a/b/c s/e; echo x >s/a/b/f; echo y >s/a/b/c/g; echo z >s/e/h';
const every = `again() { rm -rf d; mkdir d; }; go() { $R "$@" d/; echo "exit $?"; find d | sort; }`;

const cases = [
  {
    what: '--existing makes no directory on the way',
    script: `go --existing -aiR --no-implied-dirs s/./a/b/f; go --existing -aiR --no-implied-dirs s/./a/b
      go --existing -aiR --no-implied-dirs --no-i-r s/./a/b s/./e; mkdir -p d/a
      go --existing -aiR --info=skip --no-implied-dirs s/./a/b s/./e; go --existing -aiRn --no-implied-dirs s/./a/b/f`,
  },
  {
    what: 'directories on the way are made as they are needed',
    script: `go -aiR --no-implied-dirs s/./a/b/f s/./e; again; go -aiRn --no-implied-dirs s/./a/b/f; again
      go -aiR --no-implied-dirs --ignore-existing s/./a/b/c; again; go -aiR --no-implied-dirs --no-i-r s/./a/b/c s/./e/h`,
  },
  {
    what: 'a link of the destination is gone through as long as it stays there',
    script: `for to in real ./real ../d/real $PWD/d/real ../out; do for from in s/./a/b/f s/./a/b/c "s/./a/b/c/g s/./a/b/f"; do
      again; rm -rf out; mkdir -p d/real/b out/b; echo old >d/real/b/f; touch -d 2001-01-01 d/real/b/f; ln -s $to d/a; go -aiR --no-implied-dirs $from 2>/dev/null
      find out | sort; rm d/a; done; done`,
  },
];

describe.skipIf(reference === null)('--no-implied-dirs', () => {
  test.each(cases)('$what', ({ script }) =>
    expectSameScript({ script: `${source}; ${every}; again; ${script}`, sorted: true }, reference!),
  );
});
