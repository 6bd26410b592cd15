/**
 * What each option does to a destination, in every direction; peers, protocols and recursion take turns.
 */
import { describe, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { type Pair, pairs } from '../support/cases.ts';
import { hasZstd, isRoot, ours, type Peer, realPeers, referencePeer } from '../support/peers.ts';
import { forAll, propertyTimeout, sampled } from '../support/property.ts';
import { type Direction, directions, expectSame, type OutputCheck } from '../support/transfer.ts';
import type { Entry, Tree } from '../support/tree.ts';

/** One set of options to try. */
interface Set {
  readonly options: readonly ByteString[];
  readonly only?: readonly Entry['type'][];
  readonly output?: OutputCheck;
  readonly holes?: boolean;
  /** Folders besides `dst` that each twin has before the run. */
  readonly beside?: (pair: Pair) => Record<string, Tree>;
  readonly files?: Readonly<Record<string, ByteString>>;
  /** Directions in which real rsync itself does not always do the same. */
  readonly not?: readonly Direction[];
  readonly sources?: readonly ByteString[];
  /** Options that may say that they do not work yet; then the test is skipped. */
  readonly later?: boolean;
  /** Protocols that this set is tried with; all unless told. */
  readonly protocols?: readonly number[];
}

const regular = ['file', 'dir', 'symlink'] as const;
const previous = (pair: Pair) => ({ prev: pair.destination });

const filterFile = '# a comment\n\n- *.o\n+ foo*\n- /half/x*\n; another\n';

const sets: readonly Set[] = [
  // --- what is kept
  { options: ['-ai'] },
  { options: ['-aiH'] },
  { options: ['-rlpti'] },
  { options: ['-rlptgoi'] },
  { options: ['-rtni'] },
  { options: ['-ri'] },
  { options: ['-rlDi'] },
  { options: ['-aii'] },
  { options: ['-aiv'] },
  { options: ['-aivv'], output: 'none' },
  { options: ['-aq'], output: 'exact' },
  { options: ['-aiO'], later: true },
  { options: ['-aiJ'], later: true },
  { options: ['-aHSzi'], holes: true },
  { options: ['-aiS'], holes: true },
  { options: ['-ai', '--no-perms'] },
  { options: ['-ai', '--no-owner', '--no-group'] },
  { options: ['-ai', '--no-times'] },
  { options: ['-ai', '--no-links'] },
  { options: ['-ai', '--no-devices', '--no-specials'] },
  { options: ['-ai', '--numeric-ids'] },
  { options: ['-ai', '--chmod=ug=rwX,o=rX,D+t'] },
  { options: ['-ai', '--chmod=F644,Du+rwx'] },
  { options: ['-rti', '--chmod=a-w,F+x'] },
  { options: ['-ani'] },
  { options: ['-anic', '--delete'] },
  { options: ['-ax', '-i'] },
  { options: ['-di'], later: true },
  // --- which files are looked at
  { options: ['-aic'] },
  { options: ['-anic'] },
  { options: ['-aicH'] },
  { options: ['-aic', '--inplace', '--no-whole-file'] },
  { options: ['-aic', '--compare-dest=../prev'], beside: previous },
  { options: ['-aic'], sources: ['../src/half', '../src/equal/', '../src/'] },
  { options: ['-aiI', '--no-whole-file'] },
  { options: ['-ai', '--no-whole-file', '--block-size=700'] },
  { options: ['-ai', '--no-whole-file', '-B', '4096'] },
  { options: ['-aiW'] },
  { options: ['-ai', '--size-only'] },
  { options: ['-aiu'] },
  { options: ['-ai', '--existing'] },
  { options: ['-ai', '--ignore-existing'] },
  { options: ['-ai', '--existing', '--ignore-existing', '--delete'] },
  { options: ['-ai', '--max-size=1000'] },
  { options: ['-ai', '--min-size=600', '--max-size=64K'] },
  { options: ['-ai', '--modify-window=10'], later: true },
  // --- checksums and compression
  { options: ['-aic', '--cc=xxh128', '--no-whole-file'] },
  { options: ['-aic', '--cc=xxh3', '--no-whole-file'] },
  { options: ['-aic', '--cc=xxh64', '--no-whole-file'] },
  { options: ['-aic', '--cc=md5', '--no-whole-file'] },
  { options: ['-aic', '--cc=md4', '--no-whole-file'] },
  { options: ['-aic', '--cc=sha1', '--no-whole-file'] },
  { options: ['-ai', '--cc=none', '--no-whole-file'] },
  { options: ['-aic', '--cc=md5,xxh64'] },
  { options: ['-aiz', '--no-whole-file'] },
  { options: ['-aiz', '--zc=zstd', '--no-whole-file'] },
  { options: ['-aiz', '--zc=zstd', '--zl=12'] },
  // What 3.2.7 does not know is not passed on to it either.
  {
    options: ['-aiz', '--zc=zstd', '--compress-threads=2'],
    not: ['real pushes to us', 'real pulls from us'],
  },
  { options: ['-ai', '--zt=2', '--zl=5'], not: ['real pushes to us', 'real pulls from us'] },
  { options: ['-aiz', '--zc=lz4', '--no-whole-file'] },
  { options: ['-aiz', '--zc=zlibx', '--no-whole-file'] },
  { options: ['-aiz', '--zc=zlib', '--no-whole-file', '--zl=9'] },
  { options: ['-aiz', '--zc=zlib', '--zl=1', '-I', '--no-whole-file'] },
  { options: ['-ai', '--checksum-seed=77', '--no-whole-file', '-I'], later: true },
  // --- deletion
  { options: ['-ai', '--delete'] },
  { options: ['-ai', '--delete-before'] },
  { options: ['-ai', '--delete-during'] },
  { options: ['-ai', '--delete-delay'] },
  { options: ['-ai', '--delete-after'] },
  { options: ['-aH', '-i', '--delete', '--numeric-ids'] },
  { options: ['-ai', '--delete', '--max-delete=1'], later: true },
  { options: ['-ai', '--delete', '--force', '--exclude=*.o'], later: true },
  { options: ['-ai', '--delete-excluded', '--exclude=foo*'], later: true },
  { options: ['-ai', '--delete', '--filter=P x*', '--filter=H *.c'] },
  { options: ['-ai', '--delete-before', '--filter=P x*', '--exclude=*.c'] },
  { options: ['-ai', '--delete-after', '--filter=R foo*', '--exclude=foo*'] },
  { options: ['-ai', '--delete-delay', '--filter=-! */', '--filter=P [a-f]*'] },
  { options: ['-ai', '--remove-source-files'], later: true },
  // --- how the destination is written
  { options: ['-ai', '--inplace'] },
  { options: ['-ai', '--inplace', '--no-whole-file', '-I'] },
  { options: ['-aiS', '--inplace', '--no-whole-file'], holes: true },
  { options: ['-ai', '--append'], only: regular },
  { options: ['-ai', '--append-verify'], only: regular },
  { options: ['-ai', '--partial'] },
  { options: ['-ai', '--partial-dir=.part', '--delete'] },
  { options: ['-ai', '--delay-updates'], later: true },
  { options: ['-ai', '--backup'] },
  { options: ['-ai', '--backup', '--suffix=.old', '--delete'] },
  { options: ['-ai', '--backup', '--backup-dir=../saved', '--delete'] },
  { options: ['-ain', '--backup', '--info=backup', '--delete'] },
  { options: ['-rti', '--backup', '--delete', '--inplace'], only: regular },
  { options: ['-ai', '-b', '--backup-dir=.saved', '--inplace', '--no-whole-file'] },
  { options: ['-ai', '--temp-dir=../tmp'], later: true, beside: () => ({ tmp: [] }) },
  // --- other trees as a basis
  { options: ['-ai', '--link-dest=../prev'], beside: previous },
  { options: ['-aiH', '--link-dest=../prev'], beside: previous },
  { options: ['-aiv', '--copy-dest=../prev'], beside: previous },
  { options: ['-aiv', '--compare-dest=../prev'], beside: previous },
  { options: ['-aic', '--link-dest=../none', '--link-dest=../prev', '--delete'], beside: previous },
  { options: ['-ai', '--no-whole-file', '--copy-dest=../prev', '-c'], beside: previous },
  { options: ['-aii', '--link-dest=../prev'], beside: previous },
  { options: ['-rii', '--copy-dest=../prev'], beside: previous },
  { options: ['-rtii', '--compare-dest=../prev', '--no-whole-file'], beside: previous },
  { options: ['-ani', '--link-dest=../prev', '--delete'], beside: previous },
  // --- filters and lists
  { options: ['-ai', '--exclude=*.o', '--exclude=/half/a'] },
  { options: ['-ai', '--include=*/', '--include=foo*', '--exclude=*'] },
  { options: ['-aim', '--include=*/', '--include=*o*', '--exclude=*'], later: true },
  { options: ['-ai', '--filter=merge ../rules', '--delete'], files: { rules: filterFile } },
  { options: ['-ai', '--exclude-from=../rules'], files: { rules: filterFile } },
  { options: ['-ai', '--include-from=../keep', '--exclude=*'], files: { keep: '*/\n*a*\n' } },
  { options: ['-ai', '--exclude=[[:digit:]]*', '--exclude=**/foo?c', '--exclude=eq***'] },
  { options: ['-ai', '-C'], later: true },
  {
    options: ['-ai', '--files-from=../list'],
    files: { list: 'fresh\nhalf/\n# no\n./equal/../equal\nnone\n' },
  },
  { options: ['-air', '--files-from=../list', '-0'], files: { list: 'fresh/\0half\0equal/a\0' } },
  // --- names
  { options: ['-aiR'], sources: ['.././src/half', '.././src/equal/'] },
  { options: ['-aiR', '--no-implied-dirs'], later: true, sources: ['../src/./half', '../src/./fresh'] },
  { options: ['-ai', '--stats'], output: 'stats' },
  { options: ['-aH', '--stats', '--no-whole-file', '-I'], output: 'stats' },
  { options: ['-a', '--delete', '--stats'], output: 'stats' },
  { options: ['-a', '--out-format=%i %n%L %l %M %o %U %G %B'] },
  { options: ['-a', '--out-format=%o %f %C', '-c'] },
  { options: ['-aW', '--out-format=%i %n %l %C'] },
  { options: ['-acW', '--out-format=%i %n %l %C'] },
  { options: ['-aW', '--out-format=%n %b %c', '--delete'] },
  { options: ['-ai', '--stderr=all', '--delete'] },
  { options: ['-ai', '--stderr=client', '--link-dest=../none'] },
  { options: ['-a', '--info=name2,del1,skip1,nonreg1', '--delete', '--max-size=2K'] },
  { options: ['-8ai'], later: true },
  { options: ['-aih', '--info=progress0'] },
  { options: ['-ai', '--bwlimit=100M', '--timeout=30'] },
  { options: ['-ais'], later: true },
  { options: ['-ai', '-F', '--delete'], later: true },
  { options: ['-ak', '-i'], later: true },
  { options: ['-aL', '-i'], later: true, output: 'none', only: ['file', 'dir', 'hardlink'] },
];

interface Row extends Set {
  readonly name: string;
  readonly direction: Direction;
  readonly peer: Peer;
  readonly all: readonly ByteString[];
}

function makeRows(peers: readonly Peer[]): Row[] {
  const rows: Row[] = [];
  // Each turn takes another protocol, another peer and the other recursion; prime steps keep them apart.
  const protocols = [32, 31, 30, 29, 28, 32, 31];
  sets.forEach((set, s) => {
    directions.forEach((direction, d) => {
      if (set.not?.includes(direction)) return;
      if (!hasZstd && set.options.includes('--zc=zstd')) return;
      const turn = s * directions.length + d;
      const peer = peers[turn % peers.length]!;
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

const reference = referencePeer();
const peers = realPeers();

describe.skipIf(reference === null)('options', () => {
  test.for(sampled(peers.length > 0 ? makeRows(peers) : []))(
    '$name',
    { timeout: propertyTimeout },
    async (row, context) => {
      const later = row.later ? () => context.skip('the option does not work yet') : undefined;
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
            files: row.files,
          },
          ours(),
          reference!,
          later,
        );
      });
    },
  );
});
