/** Under fakeroot a plain user has the owners and devices of root, as far as calls of the C library tell. */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';
import { kernelName, referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript } from '../support/script.ts';

const reference = referencePeer();
const canFake = spawnSync('fakeroot', ['true']).status === 0;

const make = `mkdir s s/dir; mknod s/blk b 7 9; mknod s/chr c 5 1; mknod s/p p; echo x > s/f; chown 12:34 s/f; chmod 4750 s/f
  ln -s f s/l; chown -h 5:6 s/l; ln s/chr s/again; chown 7:8 s/dir; chmod 3711 s/dir; echo y > s/dir/g; chown 9 s/dir/g; chmod 640 s/dir/g
  touch -hd @1000000000 s/*; touch -d @1000000000 s`;
const show = `find d -printf '%p %y %M %U %G %s\n' | sort; stat -c '%n %t %T %h' d/blk d/chr`;
const cases = {
  'owners, modes and devices': `${make}; sync -aiH; ${show}; sync -aiH`,
  'what differs later': `${make}; sync -aH; chown 1:2 s/f s/dir; chmod 600 s/f s/dir/g; chmod 700 s/dir; rm s/blk; mknod s/blk b 7 10; touch -d @1000000000 s s/blk; sync -aiH; ${show}`,
  'in place, and by differences': `${make}; seq 9999 > s/f; chown 12:34 s/f; chmod 4750 s/f; sync -a; seq 9998 > s/f; touch -d @5 s/f; sync -ai --inplace --no-W; ${show}`,
};

describe.skipIf(reference === null || !canFake || !canBePlainUser)('under fakeroot', () => {
  // The portable kernel cannot make nodes.
  test.skipIf(kernelName === 'portable').each(Object.entries(cases))('%s', (_what, script) => {
    return expectSameScript(
      {
        script: `fakeroot bash -c '${script.replaceAll("'", `'"'"'`)}'`,
        plainUser: true,
      },
      reference!,
    );
  });
});
