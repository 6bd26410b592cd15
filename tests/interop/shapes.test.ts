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
import { isRoot, kernelName, ours, realPeers, referencePeer } from '../support/peers.ts';
import { forAll, propertyTimeout, sampled } from '../support/property.ts';
import { asPlainUser, canBePlainUser } from '../support/script.ts';
import { directions, expectSame, transferCommand } from '../support/transfer.ts';

interface Shape {
  readonly what: string;
  readonly options: fc.Arbitrary<readonly ByteString[]>;
  readonly sources: fc.Arbitrary<readonly ByteString[]>;
  /** Files beside the twins that the tree decides. */
  readonly files?: (pair: Pair, seed: number) => Readonly<Record<string, ByteString>>;
  /** Shell words that are run first. */
  readonly first?: string;
  /** ... and what they need of the system. */
  readonly mounts?: boolean;
  /** It is done as a user without rights too, where root runs the tests. */
  readonly alsoPlain?: boolean;
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
/** rsync fakes what happens to lie in its memory for an owner or a group that is not kept. */
const keepingOwners = how.filter((options) => options[0]!.startsWith('-a'));
const withOptions = (...more: ByteString[]) => how.map((options) => [...options, ...more]);

const lines = (pair: Pair, seed: number, end: string) => {
  const names = pair.source.map(({ path }) => path).filter((path) => end === '\0' || !path.includes('\n'));
  const chosen = names.filter((_, i) => (i * 7 + seed) % 3 === 0);
  // With recursion such a name makes rsync refuse its own list, at a moment of its own.
  const odd = end === '\0' ? [] : ['./half/../half'];
  return [...chosen, ...odd, 'nothing/here', '#none', 'equal/'].map((name) => name + end).join('');
};
const rules = ['- f*\n', ': .more\n+ foo\n- *\n', '- /a\nP b\n', '!\n- *.o\n', '-! */\n'];

/** Whose attributes are faked: of the side that we start, of the other, of both. */
const fakes = [['--fake-super'], ['-M--fake-super'], ['--fake-super', '-M--fake-super']];
/**
 * Makes `folder` a copy of the source, where it is not there, and lets its names belong to others, be devices, fifos
 * and links, and have modes that nobody could give them, as --fake-super keeps it. Every \`step\`-th is left as it is.
 */
const odd = (folder: string, step: number) => `
[ -d ${folder} ] || cp -a ../src ${folder}
n=0; find ${folder} -mindepth 1 '(' -type f -o -type d ')' -print0 | sort -z >names; while IFS= read -r -d '' p; do
  n=$((n+1)); [ $((n % ${step})) = 0 ] && continue
  who=$((n * 7 % 5 * 12345)):$((n % 3 * 99))
  if [ -d "$p" ]; then kind=4$((n % 2 * 2))755; else case $((n % 9)) in
    1) kind=20620; dev=$n,3;; 2) kind=60660; dev=7,$((n * 300));; 3) kind=10644;; 4) kind=140700;;
    5) kind=120777; t=$(stat -c %y "$p"); echo -n to/$n >"$p" && touch -d "$t" "$p";; 6) kind=104755;; *) kind=100600;;
  esac; fi
  setfattr -n user.rsync.%stat -v "$kind \${dev:-0,0} $who" -- "$p" 2>/dev/null; unset dev
done <names; rm names`;

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
    mounts: true,
    first: `mkdir -p dst/fresh; for at in ../src/equal dst/fresh; do
      mount -t tmpfs none $at && echo on >$at/f && mkdir $at/inner && touch -d 2011-11-11 $at/inner $at/f $at || exit 99
    done`,
    rootOnly: true,
  },
  {
    what: '--fake-super',
    options: fc
      .tuple(
        keepingOwners,
        fc.constantFrom(...fakes),
        fc.constantFrom([], ['-X'], ['--specials'], ['--no-D']),
      )
      .map(([all, sides, more]) => [...all, ...sides, ...(all.includes('--protocol=29') ? [] : more)]),
    sources: fc.constantFrom(['fs/'], ['fs/half', 'fs/fresh/']),
    first: odd('fs', 3),
    alsoPlain: true,
  },
  {
    what: '--fake-super on both ends of what is there',
    options: keepingOwners.map((options) => [...options, '--fake-super', '-M--fake-super']),
    sources: fixed('fs/'),
    first: `${odd('fs', 5)}; ${odd('dst', 4)}`,
    alsoPlain: true,
  },
];

/** Does it twice, then shows all modes at the destination, and opens what is closed. */
const script = `
src=$(cd ../src && pwd); FIRST
c=("\${@//@SRC@/$src}")
"\${c[@]}"; echo "exit $?"
"\${c[@]}" | sed 's/^/again: /'; echo "exit \${PIPESTATUS[0]}"
ATTRIBUTES
perl -e 'sub walk { my $d = shift; for my $p (sort glob("\\Q$d\\E/{,.}*")) { next if $p =~ m{/\\.\\.?$}; my @s = lstat $p or next;
  printf "%o %s\\n", $s[2], $p;
  if (!-l $p && -d _) { chmod 0700 | $s[2] & 07777, $p; walk($p); } elsif (!-l $p) { chmod 0600 | $s[2] & 07777, $p } } } walk("dst")'`;

/** Each with the name that it is of. */
const attributes = `find dst -print0 | sort -z | xargs -0 -r getfattr -hd -m- 2>/dev/null |
  awk '/^# file/ { of = $0; next } /./ { print of ": " $0 }'`;

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
  // Plain Node knows no attributes.
  .filter(({ what }) => kernelName !== 'portable' || !what.startsWith('--fake-super'))
  .filter(({ rootOnly }) => rootOnly !== true || (isRoot && canMount()))
  .flatMap((shape) => directions.map((direction) => ({ ...shape, direction, plain: false })))
  .flatMap((row) =>
    row.alsoPlain === true && isRoot && canBePlainUser ? [row, { ...row, plain: true }] : [row],
  )
  .map((row) => ({ ...row, name: `${row.what}: ${row.direction}${row.plain ? ', as a plain user' : ''}` }));

describe.skipIf(reference === null || peer === undefined)('shapes', () => {
  test.for(sampled(table))('$name', { timeout: propertyTimeout }, async (row) => {
    const arbitrary = fc.record({
      pair: pairs({
        entries: 5,
        // rsync 3.5.0 notes nothing of what its user may not read.
        plainUser: row.plain,
        anyMode: !(row.alsoPlain === true && (row.plain || !isRoot)),
        only: isRoot && !row.plain ? undefined : ['file', 'dir', 'symlink', 'hardlink'],
      }),
      options: row.options,
      sources: row.sources,
      seed: fc.nat(1000),
    });
    await forAll(row.name, arbitrary, async ({ pair, options, sources, seed }) => {
      const { direction, first = '', mounts = false, plain } = row;
      const body = script
        .replace('FIRST', () => first)
        .replace('ATTRIBUTES', () => (row.alsoPlain === true ? attributes : ''));
      const bash = ['bash', '-c', body, 'bash'];
      const shell = mounts ? ['unshare', '-m', ...bash] : plain ? asPlainUser(bash) : bash;
      const verdict = await expectSame(
        {
          transfer: {
            command: (who) => [
              ...shell,
              ...transferCommand({ direction, peer: peer!, options, sources }, who),
            ],
          },
          source: pair.source,
          plainUser: plain,
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
