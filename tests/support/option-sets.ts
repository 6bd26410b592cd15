/**
 * Sets of options, each tried in every direction beside real rsync; peers, protocols and recursion take turns.
 */
import { describe, test } from 'vitest';
import type { ByteString } from './bytes.ts';
import { type Pair, pairs } from './cases.ts';
import { hasZstd, isRoot, ours, type Peer, realPeers, referencePeer } from './peers.ts';
import { forAll, propertyTimeout, sampled } from './property.ts';
import { type Direction, directions, expectSame, type OutputCheck } from './transfer.ts';
import type { Entry, Tree } from './tree.ts';

/** What every user may make, and every file system keeps. */
export const regular = ['file', 'dir', 'symlink'] as const;

/** One set of options to try. */
export interface OptionSet {
  readonly options: readonly ByteString[];
  readonly only?: readonly Entry['type'][];
  readonly output?: OutputCheck;
  readonly holes?: boolean;
  /** Access times are set before the run, and compared after it. */
  readonly atimes?: boolean;
  /** Both sides have ACLs and extended attributes, which are compared after the run. */
  readonly extras?: boolean;
  /** Folders besides `dst` that each twin has before the run. */
  readonly beside?: (pair: Pair) => Record<string, Tree>;
  readonly files?: Readonly<Record<string, ByteString>>;
  /** Directions in which real rsync itself does not always do the same. */
  readonly not?: readonly Direction[];
  readonly sources?: readonly ByteString[];
  /** Only the newest of the real peers knows these options. */
  readonly newest?: boolean;
  /** Protocols that this set is tried with; all unless told. */
  readonly protocols?: readonly number[];
}

interface Row extends OptionSet {
  readonly name: string;
  readonly direction: Direction;
  readonly peer: Peer;
  readonly all: readonly ByteString[];
}

function makeRows(sets: readonly OptionSet[], peers: readonly Peer[]): Row[] {
  const rows: Row[] = [];
  // Each turn takes another protocol, another peer and the other recursion; prime steps keep them apart.
  const protocols = [32, 31, 30, 29, 28, 32, 31];
  sets.forEach((set, s) => {
    directions.forEach((direction, d) => {
      if (set.not?.includes(direction)) return;
      if (!hasZstd && set.options.includes('--zc=zstd')) return;
      const turn = s * directions.length + d;
      const known = set.newest ? peers.filter(({ version }) => version === peers[0]!.version) : peers;
      const peer = known[turn % known.length]!;
      const possible = (set.protocols ?? protocols).filter((p) => p <= peer.protocol);
      const protocol = possible[(s * 3 + d) % possible.length]!;
      const turnTaking = protocol === 32 ? [] : [`--protocol=${protocol}`];
      const recursion = (s + d) % 3 === 0 && protocol >= 30 ? ['--no-inc-recursive'] : [];
      const all = [...set.options, ...turnTaking, ...recursion];
      rows.push({ ...set, direction, peer, all, name: `${direction}, ${peer.name}: ${all.join(' ')}` });
    });
  });
  return rows;
}

/** Makes a test of each set in each direction. */
export function testOptionSets(title: string, sets: readonly OptionSet[]): void {
  const reference = referencePeer();
  const peers = realPeers();
  describe.skipIf(reference === null)(title, () => {
    test.for(sampled(peers.length > 0 ? makeRows(sets, peers) : []))(
      '$name',
      { timeout: propertyTimeout },
      async (row) => {
        const arbitrary = pairs({ entries: 6, only: row.only ?? (isRoot ? undefined : regular) });
        await forAll(row.name, arbitrary, async (pair) => {
          const { direction, peer, sources } = row;
          await expectSame(
            {
              transfer: { direction, peer, options: row.all, sources },
              source: pair.source,
              before: { dst: pair.destination, ...row.beside?.(pair) },
              output: row.output ?? 'sorted',
              holes: row.holes,
              atimes: row.atimes,
              extras: row.extras,
              files: row.files,
            },
            ours(),
            reference!,
          );
        });
      },
    );
  });
}
