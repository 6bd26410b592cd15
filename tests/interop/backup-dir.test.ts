/** Backups that other backups, or what cannot be written, stand in the way of. */
import { describe, test } from 'vitest';
import { isRoot, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { canBePlainUser, expectSameScript, ways } from '../support/script.ts';

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

  // Why it failed is left out: rsync's errno may have been overwritten before it says it.
  const said = `2>&1 | sed -n '/exit/p; s/\\(make_backup.*failed\\): .*/\\1/p'`;

  test
    .skipIf(!isRoot)
    .each(fewer(['--delete', '--delete-after']).flatMap((o) => ways.map((way) => [o, way] as const)))(
    '%s, %s: a file stays for whose backup there is no room',
    (options, way) =>
      expectSameScript(
        {
          way,
          script: `mkdir s d bk; touch s/new; mount -t tmpfs -o size=64k tmpfs bk || exit 77; trap "umount -l $PWD/bk" EXIT
            seq 40000 >d/gone; echo small >d/small; sync -r ${options} -b --backup-dir=$PWD/bk ${said}; ls d bk/small
            rm -rf bk/* d/*; seq 40000 >d/old; echo new >s/old; sync -r ${options} -b --backup-dir=$PWD/bk ${said}; cksum d/old`,
        },
        reference!,
      ),
  );

  test
    .skipIf(!canBePlainUser)
    .each(fewer(['$PWD/bk', '../bk']).flatMap((dir) => ways.map((way) => ({ dir, way }))))(
    '$dir, $way: a file stays whose backup is not permitted',
    ({ dir, way }) =>
      expectSameScript(
        {
          way,
          plainUser: true,
          script: `mkdir s d bk; touch s/new; echo 1 >d/gone; echo 2 >d/too; chmod 555 bk
            sync -r --delete -b --backup-dir=${dir} ${said}; ls d bk; chmod 755 bk`,
        },
        reference!,
      ),
  );
});
