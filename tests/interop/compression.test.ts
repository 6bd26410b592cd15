/** Files that are large enough to be compressed on several threads, with others before and behind them. */
import { describe, test } from 'vitest';
import { hasZstd, ours, realPeers, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { type Direction, expectSame } from '../support/transfer.ts';
import type { Tree } from '../support/tree.ts';

const mebibyte = 1024 * 1024;
const mtime = 1_500_000_000_000_000_000n;
const sizes = [9 * mebibyte, 100, 0, 700_000, 8 * mebibyte + 1, 17 * mebibyte, 3000];

const tree: Tree = sizes.map((size, k) => ({
  type: 'file',
  path: `f${k}`,
  mode: 0o644,
  mtime,
  uid: 0,
  gid: 0,
  content: { kind: k === 5 ? 'random' : 'text', seed: k, size, edits: [] },
}));

const ways: readonly Direction[] = [
  'push to real',
  'real pulls from us',
  'pull from real',
  'push to ourselves',
];
const reference = referencePeer();
const rows = realPeers().flatMap((peer) =>
  ways.flatMap((direction) =>
    [...(hasZstd ? ['zstd'] : []), 'zlibx', 'lz4'].map((choice) => ({
      peer,
      direction,
      options: ['-rtz', `--zc=${choice}`],
      name: `${direction}, ${peer.name}: ${choice}`,
    })),
  ),
);

describe.skipIf(reference === null)('large files, compressed', () => {
  test.for(fewer(rows))('$name', { timeout: 120_000 }, async ({ peer, direction, options }) => {
    await expectSame(
      { transfer: { direction, peer, options }, source: tree, before: { dst: [] }, output: 'sorted' },
      ours(),
      reference!,
    );
  });
});
