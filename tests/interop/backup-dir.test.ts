/** Backups that other backups, or what cannot be written, stand in the way of. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

describe.skipIf(reference === null)('--backup-dir', () => {
  test.for(fewer(['$PWD/bk', '../bk', 'bk'].flatMap((dir) => ways.map((way) => ({ dir, way })))))(
    '$dir, $way: a link that was kept is not gone through',
    ({ dir, way }) =>
      expectSameScript(
        {
          way,
          sorted: true,
          script: `mkdir s d out; echo first > out/f; ln -s ../out s/x; keep="--delete -b --backup-dir=${dir}"
          sync -rl $keep; rm s/x; mkdir s/x; echo one > s/x/f; sync -rl $keep
          echo three > s/x/f; sync -rl $keep; cat out/f`,
        },
        reference!,
      ),
  );

  test.for(ways)('%s: a file whose backup fails is not deleted, and the run says so', (way) =>
    expectSameScript(
      {
        way,
        script: `mkdir s d; touch s/new d/old-one; sync -r --delete -b --suffix=${'0'.repeat(250)} 2>&1 | grep 'exit\\|make_backup' | sed 's/failed: .*//'; ls d`,
      },
      reference!,
    ),
  );
});
