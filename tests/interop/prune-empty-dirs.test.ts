/** --prune-empty-dirs of a list of names: which directories rsync takes for empty, of parents that come twice or not at all. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();

const lists = [
  'half/a half/b/g',
  'half half/a',
  'half/a/z half/a half/a/foo',
  'c f/g half/a/foo',
  'c/d/e f/g h top',
  'h half half c/d c/d/e/x f f/g f/g',
];
const script = (
  options: string,
) => `mkdir -p s/half/a/z s/half/b s/c/d/e s/f/g s/h; for f in half/a/foo half/b/g top c/d/e/x; do echo $f >s/$f; done
  find s -exec touch -d @1000 {} +; for list in ${lists.map((list) => `'${list}'`).join(' ')}; do
    rm -rf d; mkdir d; printf '%s\\n' $list >list; sync -ai -m --files-from=list ${options}; (cd d; find . | sort); done`;

describe.skipIf(reference === null)('--prune-empty-dirs', () => {
  const table = ['', '-r', '--no-implied-dirs', '--protocol=29'].flatMap((options, o) =>
    ways.filter((way, w) => way === 'local' || (o + w) % 2 === 0).map((way) => ({ options, way })),
  );
  test.each(table)('$options, $way', ({ options, way }) =>
    expectSameScript({ script: script(options), way, sorted: true }, reference!),
  );
});
