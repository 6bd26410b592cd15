/** File systems that are mounted below a destination, which -x leaves alone. Needs root and mount namespaces. */
import { execFileSync } from 'node:child_process';
import { describe, test } from 'vitest';
import { isRoot, ours, realPeers, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { directions, expectSame, transferCommand } from '../support/transfer.ts';
import type { Entry, Tree } from '../support/tree.ts';

const common = { mtime: 1_300_000_000_000_000_000n, uid: 0, gid: 0 };
const dir = (path: string): Entry => ({ ...common, path, type: 'dir', mode: 0o755 });
const file = (path: string): Entry => ({
  ...common,
  path,
  type: 'file',
  mode: 0o644,
  content: { kind: 'text', seed: 1, size: 10, edits: [] },
});

const source: Tree = [dir('sub'), file('sub/kept'), dir('plain'), file('one')];
const before: Tree = [
  dir('mount'),
  dir('sub'),
  file('sub/gone'),
  dir('sub/mount'),
  dir('plain'),
  dir('extra'),
  file('extra/x'),
  dir('extra/mount'),
];

/** Mounts, runs the command, and shows what is there afterwards; all of it ends with the namespace. */
const script = `
for at in dst/mount dst/sub/mount dst/plain dst/extra/mount; do
  mount -t tmpfs none $at && mkdir $at/inside && touch $at/stay $at/inside/stay || exit 99
done
"$@"; code=$?
find dst | sort
exit $code`;

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const rows = ['--delete', '--delete-before', '--delete-after', '--delete-delay', '--delete -xx'].flatMap(
  (when) => directions.map((direction) => ({ when, direction })),
);

describe.skipIf(referencePeer() === null || !isRoot || !canMount())('mounts at the destination', () => {
  test.for(fewer(rows))('$direction: -x $when', async ({ when, direction }) => {
    const [peer] = realPeers();
    const options = ['-rltx', ...when.split(' ')];
    await expectSame(
      {
        transfer: {
          command: (who) => [
            ...['unshare', '-m', 'sh', '-c', script, 'sh'],
            ...transferCommand({ direction, peer, options }, who),
          ],
        },
        source,
        before: { dst: before },
        output: 'exact',
      },
      ours(),
      referencePeer()!,
    );
  });
});
