/** --copy-as beside real rsync: whose rights the copy has, and whose files come of it. */
import { describe, test } from 'vitest';
import { isRoot, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();
const source = `umask 022; mkdir -p s/dir d; echo a >s/a; echo b >s/dir/b; echo secret >s/no; chmod 600 s/no; chown 12:13 s/a; chown 65534:65534 d
  touch -d @1000 s/a s/no s/dir/b s/dir s; chmod 755 .. . s d`;
const show = `find d -printf '%M %U %G %p\\n' | LC_ALL=C sort -k4`;

const cases = [
  ...['nobody', 'nobody:nogroup', '65534:65534', '65534'].map((who) => ({
    what: `--copy-as=${who}`,
    script: `${source}; sync -a --copy-as=${who}; ${show}; sync -ai --copy-as=${who} -M--copy-as=${who}`,
  })),
  {
    what: 'nobody of that name',
    script: `${source}; sync -a --copy-as=nosuch:nogroup 2>&1 | grep Invalid | sort -u`,
  },
  {
    what: 'no group of that name',
    script: `${source}; sync -a --copy-as=nobody:nosuch 2>&1 | grep Invalid | sort -u`,
  },
  {
    what: 'the user that it is already, who may not change groups',
    script: `${source}; chmod 777 .; setpriv --reuid=65534 --regid=65534 --clear-groups $R -r --copy-as=nobody s/ e/ 2>&1 | grep -o 'setgroups failed.*' | sort -u; ls e`,
  },
  {
    what: 'a place that the user cannot reach',
    script: `${source}; chmod 700 .; for o in -a -aR '-a --mkpath' '-a --list-only' '-n --list-only --copy-dest=none'; do
      $R $o --copy-as=nobody s/ d/; echo $?; done`,
  },
];

const oneSide = { what: 'only the other side', script: `${source}; sync -a -M--copy-as=nobody; ${show}` };

describe.skipIf(reference === null || !isRoot)('a copy as another user', () => {
  const rows = cases.flatMap((row, r) =>
    ways.filter((way, w) => way === 'local' || (r + w) % 2 === 0).map((way) => ({ ...row, way })),
  );
  rows.push({ ...oneSide, way: 'push' }, { ...oneSide, way: 'pull' });
  test.for(fewer(rows))('$what, $way', { timeout: 60_000 }, (row) => expectSameScript(row, reference!));
});
