/**
 * How a transfer can be put, at random: several sources, relative and absolute, --relative with and without a dot,
 * lists of files, per-directory merge files, mounts on both sides, and (as a plain user) modes that close things. Each
 * is done twice, and the second run does nothing where rsync's does nothing.
 */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { type Pair, pairs } from '../support/cases.ts';
import { isRoot, ours, realPeers, referencePeer } from '../support/peers.ts';
import { forAll, propertyTimeout, sampled } from '../support/property.ts';
import { directions, expectSame, transferCommand } from '../support/transfer.ts';

interface Shape {
  readonly what: string;
  readonly options: fc.Arbitrary<readonly ByteString[]>;
  readonly sources: fc.Arbitrary<readonly ByteString[]>;
  /** Files beside the twins that the tree decides. */
  readonly files?: (pair: Pair, seed: number) => Readonly<Record<string, ByteString>>;
  /** Shell words that are run first. */
  readonly first?: string;
  readonly rootOnly?: boolean;
}

/** `@SRC@` is the source's absolute path. */
const src = '@SRC@';
const some = (...sources: ByteString[]) =>
  fc.shuffledSubarray(sources, { minLength: 1, maxLength: Math.min(3, sources.length) });
const fixed = (...words: ByteString[]) => fc.constant(words);
/** The second run has nothing to do whatever of these is chosen. */
const how = fc
  .tuple(
    fc.constantFrom(['-ai'], ['-rlpti'], ['-aiH'], ['-rlti', '--chmod=D+w']),
    fc.subarray(['-c', '--no-whole-file', '--inplace', '-S', '-z', '-b', '--numeric-ids', '-O', '-J']),
    fc.constantFrom([], [], ['--delete'], ['--delete-before'], ['--delete-after'], ['--delete-delay']),
    fc.constantFrom([], [], ['--exclude=*o*'], ['--filter=P f*'], ['--include=*/', '--exclude=[A-M]*']),
    fc.constantFrom([], ['--no-inc-recursive'], ['--protocol=30'], ['--protocol=29']),
  )
  .map((parts) => parts.flat())
  // Writing in place leaves no holes below protocol 29, and rsync refuses what it cannot combine.
  .filter((all) => !(all.includes('--inplace') && all.includes('-S')));
const withOptions = (...more: ByteString[]) => how.map((options) => [...options, ...more]);

const lines = (pair: Pair, seed: number, end: string) => {
  const names = pair.source.map(({ path }) => path).filter((path) => end === '\0' || !path.includes('\n'));
  const chosen = names.filter((_, i) => (i * 7 + seed) % 3 === 0);
  // With recursion such a name makes rsync refuse its own list, at a moment of its own.
  const odd = end === '\0' ? [] : ['./half/../half'];
  return [...chosen, ...odd, 'nothing/here', '#none', 'equal/'].map((name) => name + end).join('');
};
const rules = ['- f*\n', ': .more\n+ foo\n- *\n', '- /a\nP b\n', '!\n- *.o\n', '-! */\n'];

const shapes: readonly Shape[] = [
  {
    what: 'several sources',
    options: how,
    sources: some('../src/fresh', '../src/half/', `${src}/equal`, `${src}/half`, '../src/', `${src}/./fresh`),
  },
  {
    what: '--relative',
    options: withOptions('-R'),
    sources: some('../src/./half', `${src}/./fresh`, `${src}/./`, '.././src/equal/', `${src}/.././src/half/`),
  },
  {
    what: '--relative --no-implied-dirs',
    options: withOptions('-R', '--no-implied-dirs'),
    sources: some('../src/./half', `${src}/./fresh`, '../src/./equal/'),
  },
  {
    what: '--files-from',
    options: withOptions('--files-from=../list'),
    sources: fc.constantFrom(['../src/'], [src]),
    files: (pair, seed) => ({ list: lines(pair, seed, '\n') }),
  },
  {
    what: '--files-from -0r',
    options: withOptions('-0r', '--files-from=../list'),
    sources: fc.constantFrom(['../src'], [`${src}/`]),
    files: (pair, seed) => ({ list: lines(pair, seed, '\0') }),
  },
  {
    what: 'merge files',
    options: fc
      .tuple(how, fc.constantFrom('-F', '-FF', '--filter=:n .rsync-filter', '-C'))
      .map(([all, rule]) => [...all, rule]),
    // Of several sources, rsync has the rules of one in force for the others, by their depth.
    sources: some(
      '../src/',
      '../src/half',
      `${src}/fresh/`,
      src,
      '../src/fresh',
      `${src}/half`,
      `${src}/./equal`,
    ),
    files: (_pair, seed) => ({
      'src/.rsync-filter': rules[seed % rules.length]!,
      'src/half/.rsync-filter': rules[(seed + 1) % rules.length]!,
      'src/half/.more': rules[(seed + 2) % rules.length]!,
      'src/fresh/.cvsignore': 'f* !\nz~\n',
    }),
  },
  {
    what: 'merge files, --relative',
    options: fc
      .tuple(how, fc.constantFrom('-F', '-FF', '--filter=:n .rsync-filter'))
      .map(([all, rule]) => [...all, '-R', rule]),
    sources: some('../src/./half', `${src}/./`, '../src/./fresh/', `${src}/./equal`, `${src}/.././src/half`),
    files: (_pair, seed) => ({
      'src/.rsync-filter': rules[seed % rules.length]!,
      'src/half/.rsync-filter': rules[(seed + 1) % rules.length]!,
      'src/half/.more': rules[(seed + 2) % rules.length]!,
    }),
  },
  {
    what: 'mounts',
    options: fc.tuple(how, fc.constantFrom('-x', '-xx', '--one-file-system')).map(([all, x]) => [...all, x]),
    sources: fixed('../src/'),
    first: `mkdir -p dst/fresh; for at in ../src/equal dst/fresh; do
      mount -t tmpfs none $at && echo on >$at/f && mkdir $at/inner && touch -d 2011-11-11 $at/inner $at/f $at || exit 99
    done`,
    rootOnly: true,
  },
];

/** Does it twice, then shows all modes at the destination, and opens what is closed. */
const script = `
src=$(cd ../src && pwd); FIRST
c=("\${@//@SRC@/$src}")
"\${c[@]}"; echo "exit $?"
"\${c[@]}" | sed 's/^/again: /'; echo "exit \${PIPESTATUS[0]}"
perl -e 'sub walk { my $d = shift; for my $p (sort glob("\\Q$d\\E/{,.}*")) { next if $p =~ m{/\\.\\.?$}; my @s = lstat $p or next;
  printf "%o %s\\n", $s[2], $p;
  if (!-l $p && -d _) { chmod 0700 | $s[2] & 07777, $p; walk($p); } elsif (!-l $p) { chmod 0600 | $s[2] & 07777, $p } } } walk("dst")'`;

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const reference = referencePeer();
const peer = realPeers()[0];
const table = shapes
  .filter(({ rootOnly }) => rootOnly !== true || (isRoot && canMount()))
  .flatMap((shape) => directions.map((direction) => ({ ...shape, direction })));

describe.skipIf(reference === null || peer === undefined)('shapes', () => {
  test.for(sampled(table))('$what: $direction', { timeout: propertyTimeout }, async (row) => {
    const arbitrary = fc.record({
      pair: pairs({
        entries: 5,
        anyMode: true,
        only: isRoot ? undefined : ['file', 'dir', 'symlink', 'hardlink'],
      }),
      options: row.options,
      sources: row.sources,
      seed: fc.nat(1000),
    });
    await forAll(`${row.what}: ${row.direction}`, arbitrary, async ({ pair, options, sources, seed }) => {
      const { direction, first = '' } = row;
      const body = script.replace('FIRST', first);
      const shell = [...(first === '' ? [] : ['unshare', '-m']), 'bash', '-c', body, 'bash'];
      const verdict = await expectSame(
        {
          transfer: {
            command: (who) => [
              ...shell,
              ...transferCommand({ direction, peer: peer!, options, sources }, who),
            ],
          },
          source: pair.source,
          before: { dst: pair.destination },
          files: row.files?.(pair, seed),
          output: 'sorted',
        },
        ours(),
        reference!,
      );
      const again = (text: string) =>
        text
          .split('\n')
          .filter((line) => /^again: [<>ch.*]/.test(line))
          .sort();
      expect(again(verdict.ours.stdout), verdict.account).toEqual(again(verdict.reference.stdout));
    });
  });
});
