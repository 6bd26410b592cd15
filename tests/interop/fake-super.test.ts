/**
 * --fake-super with some attributes kept and others not, of what is new, older, of another mode, and noted before: the modes
 * on the disk and those that are noted. The owners that rsync notes where it keeps none are chance (docs/compatibility.md).
 */
import { describe } from 'vitest';
import { canExtras } from '../support/extras.ts';
import { isRoot, kernelName, referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();

const make = `umask 022; make() { rm -rf s d; mkdir -p s/dir s/set; : >s/empty; for f in own ro suid dir/in; do echo $f >s/$f; done; ln -s own s/link
    chmod 4755 s/suid; chmod 444 s/ro; chmod 600 s/own; chmod 750 s/dir; chmod 3755 s/set; mkfifo s/fifo; [ $(id -u) != 0 ] || mknod s/blk b 7 9
    find s -exec touch -hd @1000000000 {} +; }
  show() { (cd d; find . ! -type l | LC_ALL=C sort | while read -r f; do m=$(stat -c '%a %f' "$f")
    note=$(getfattr --only-values -n user.rsync.%stat "$f" 2>/dev/null | cut -d' ' -f1,2)
    echo "$f \${m% *} \${note:-$(printf '%o 0,0' 0x\${m#* })}"; done); }`;
const states = [
  ':',
  'cp -a s/. d',
  'cp -a s/. d; for f in own suid ro dir/in; do chmod u+w d/$f; echo more >>d/$f; touch -d @9 d/$f; done',
  'cp -a s/. d; chmod 440 d/own; chmod 644 d/empty; chmod 444 d/suid; chmod 711 d/ro; chmod 555 d/dir; chmod 2705 d/set',
  '$R -a --no-D --fake-super s/ d; chmod 440 d/own; chmod 700 d/empty',
];
const kept = ['-rt', '-rlt', '-rltE', '-rltp', '-rltog', '-rlptgo', '-rt --chmod=F444,D511'];
const rows = kept.map((options) => ({
  options,
  // Without nodes: one of which rsync keeps no owner is an error in each second run.
  script: `${make}; ${states
    .map(
      (state, s) =>
        `echo ${s}; make; mkdir d; ${state}; for k in 1 2; do sync ${options} --fake-super; show; done; chmod -R u+rwx d`,
    )
    .join('\n')}`,
}));
const nodes = (fake: string) => `${make}; make; sync -a ${fake}; sync -aii ${fake}; show; cp -a s/fifo d
  [ $(id -u) != 0 ] || cp -a s/blk d; sync -aii ${fake}; chmod 600 d/fifo; sync -aii ${fake} 2>&1 | grep -v error:; show`;

describe.skipIf(reference === null || !canExtras || kernelName === 'portable')('--fake-super', () => {
  for (const plainUser of isRoot && canBePlainUser ? [false, true] : [false]) {
    describe(plainUser ? 'as a plain user' : 'as who runs the tests', () => {
      test.each(rows)('$options', ({ script }) =>
        expectSameScript({ script, plainUser, sorted: false }, reference!),
      );
      test.each(['local', 'push', 'pull'] as const)('what it makes of nodes: %s', (way) =>
        expectSameScript(
          { script: nodes(way === 'push' ? '-M--fake-super' : '--fake-super'), way, plainUser, sorted: true },
          reference!,
        ),
      );
    });
  }
});
