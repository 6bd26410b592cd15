/** Random requests of a daemon's clients. */
import fc from 'fast-check';
import { moduleNames } from './any-module.ts';
import { gives, someOption } from './any-options.ts';
import type { ByteString } from './bytes.ts';
import { hasZstd } from './peers.ts';

export interface AnyVisit {
  readonly options: readonly (readonly ByteString[])[];
  /** Paths of modules begin with `@/`, which becomes the daemon's address. */
  readonly sources: readonly ByteString[];
  /** '' leaves it out. */
  readonly destination: ByteString;
  /** In front of the daemon's host, and what RSYNC_PASSWORD has. */
  readonly user: ByteString;
  readonly password: ByteString;
}

/** Options that mean something else to a daemon, or that one has rules for. */
const daemonOptions: readonly (readonly ByteString[])[] = [
  ['--delete'],
  ['--delete'],
  ['--delete-after'],
  ['--delete-before', '--ignore-errors'],
  ['--delete-excluded'],
  ['--del', '--max-delete=1'],
  ['-b'],
  ['-b', '--backup-dir=bak'],
  ['-b', '--backup-dir=/bak'],
  ['-b', '--backup-dir=../../bak'],
  ['--temp-dir=/tmp'],
  ['--partial-dir=.part'],
  ['--partial-dir=/part'],
  ['--delay-updates'],
  ['--link-dest=../half'],
  ['--link-dest=/equal'],
  ['--compare-dest=../../../x'],
  ['--copy-dest=nothing'],
  ['--files-from=../list'],
  ['--files-from=:half/list'],
  ['--files-from=:/list'],
  ['--exclude-from=../rules'],
  ['--exclude=f*'],
  ['--filter=merge /rules'],
  ['--filter=: .more'],
  ['-F'],
  ['-C'],
  ['-R'],
  ['-R', '--no-implied-dirs'],
  ['-s'],
  ['--iconv=utf-8'],
  ['--iconv=.'],
  ['--numeric-ids'],
  ['--usermap=*:12345'],
  ['--groupmap=root:daemon,*:7'],
  ['--chown=nobody:daemon'],
  ['--chmod=D711,F600'],
  ['--fake-super'],
  ['-M--fake-super'],
  ['-M--log-file=/dev/null'],
  ['-M--no-such'],
  ['-z'],
  ['-zz'],
  ['--zc=zstd', '--skip-compress=o'],
  ['-c'],
  ['-n'],
  ['-y'],
  ['--inplace'],
  ['--append'],
  ['--safe-links'],
  ['--munge-links'],
  ['-K'],
  ['--remove-source-files'],
  ['--open-noatime'],
  ['--early-input=../early'],
  ['--no-motd'],
  ['--timeout=20'],
  ['--trust-sender'],
  ['--mkpath'],
  ['--list-only'],
  ['--stats'],
  ['-vv'],
  ['--info=name2,del,skip'],
  ['--protocol=29'],
  ['--protocol=30'],
  ['--old-args'],
];

const start = fc.constantFrom(
  ['-a'],
  ['-ai'],
  ['-ai'],
  ['-aii'],
  ['-av'],
  ['-rlti'],
  ['-rti'],
  ['-r'],
  ['-d'],
  [],
);

const options = fc
  .tuple(
    start,
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...daemonOptions) },
        { weight: 1, arbitrary: someOption },
      ),
      { maxLength: 4, size: 'max' },
    ),
  )
  .map(([first, more]) => [first, ...more].filter((words) => words.length > 0 && canBe(words)));

function canBe(words: readonly ByteString[]): boolean {
  return hasZstd || !words.some((word) => word.includes('zstd'));
}

const module = fc.constantFrom(...moduleNames, 'm', 'm', 'm', 'm', 'n', 'n', 'none', 'M', 'other');

const inside = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '',
    'half/',
    'half',
    'equal',
    '*',
    'half/*',
    '[eh]*',
    'f*/',
    './half/../equal/',
    '/half/',
    'half//',
  ],
  ...[
    '..',
    '../',
    '../../etc/passwd',
    'half/../../x',
    'nothing',
    'equal/nothing',
    '.',
    './',
    '*.none',
    'fresh/./',
  ],
);

const visitor = fc.constantFrom(
  ['', ''],
  ['', ''],
  ['', ''],
  ['me', 'secret'],
  ['me', 'secret'],
  ['me', 'wrong'],
  ['other', 'word of many'],
);

const far = fc.tuple(module, inside).map(([name, path]) => `@/${name}/${path}`);

type Way = Pick<AnyVisit, 'sources' | 'destination'>;

const pull: fc.Arbitrary<Way> = fc.record({
  sources: fc.oneof(
    { weight: 4, arbitrary: far.map((one) => [one]) },
    { weight: 1, arbitrary: fc.tuple(far, far) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(['@/m/half/', '@/m/equal/'], ['@/m/fresh', '@/m/none', '@/m/half']),
    },
  ),
  destination: fc.constantFrom('x/', 'x/', 'x/', 'x', 'x/new/', ''),
});

const push: fc.Arbitrary<Way> = fc.record({
  sources: fc.constantFrom(
    ['../src/'],
    ['../src/'],
    ['../src'],
    ['../src/half/', '../src/equal'],
    ['../src/./fresh/'],
    ['../src/nothing', '../src/half'],
  ),
  destination: fc.oneof(
    { weight: 3, arbitrary: module.map((name) => `@/${name}/`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          module,
          fc.constantFrom(
            'half/',
            'new/',
            'new',
            'deep/new/',
            '../up/',
            'half/../equal/',
            './',
            'equal/foo',
            'f*/',
          ),
        )
        .map(([name, path]) => `@/${name}/${path}`),
    },
  ),
});

const list: fc.Arbitrary<Way> = fc
  .constantFrom('@/', '@/', '@')
  .map((one) => ({ sources: [one], destination: '' }));

export const anyVisit: fc.Arbitrary<AnyVisit> = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: pull }, { weight: 5, arbitrary: push }, { weight: 1, arbitrary: list }),
    options,
    visitor,
  )
  .map(([way, given, [user, password]]) => ({
    ...(gives(given, 'files-from') ? ofTheWhole(way) : way),
    options: given,
    user: user!,
    password: password!,
  }));

/** rsync does not find files that are named below a part of a module (docs/compatibility.md). */
function ofTheWhole({ sources, destination }: Way): Way {
  return { sources: sources.map((one) => one.replace(/^(@\/[^/]+\/).*/, '$1')), destination };
}

/** Its words behind the client's name. */
export function visitWords(
  { options, sources, destination, user }: AnyVisit,
  host: ByteString,
): ByteString[] {
  const address = `rsync://${user === '' ? '' : `${user}@`}${host}`;
  const named = [...sources, ...(destination === '' ? [] : [destination])];
  return [...options.flat(), ...named.map((one) => one.replace(/^@/, address))];
}
