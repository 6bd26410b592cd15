/**
 * Trees for the property tests: what they consist of, how fast-check makes them, how they come onto the
 * disk, and how a destination that has fallen behind its source is made from one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { type ByteString, bytes, show, utf8 } from './bytes.ts';
import { type Content, contentBytes, holeRegions } from './content.ts';
import { isRoot } from './peers.ts';
import { packTar, type TarMember } from './tar.ts';

interface Common {
  /** Relative to the tree's root. */
  readonly path: ByteString;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
}

/** One name in a tree; folders come before what they hold. */
export type Entry =
  | (Common & { readonly type: 'file'; readonly content: Content })
  | (Common & { readonly type: 'dir' | 'fifo' | 'socket' })
  | (Common & { readonly type: 'symlink'; readonly target: ByteString })
  | (Common & { readonly type: 'hardlink'; readonly to: ByteString })
  | (Common & { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number });

export type Tree = readonly Entry[];

/** A short account of a tree for a failed test's message. */
export function describeTree(tree: Tree): string {
  return tree
    .map((entry) => {
      const extra =
        entry.type === 'file'
          ? ` ${entry.content.kind} ${entry.content.size} ${JSON.stringify(entry.content.edits)}`
          : entry.type === 'symlink'
            ? ` -> ${show(entry.target)}`
            : entry.type === 'hardlink'
              ? ` => ${show(entry.to)}`
              : '';
      const mode = entry.mode.toString(8).padStart(4, '0');
      return `${entry.type} ${mode} ${entry.uid}:${entry.gid} ${entry.mtime} ${show(entry.path)}${extra}`;
    })
    .join('\n');
}

// --- the arbitrary

const plainName = fc.constantFrom(
  'a',
  'b',
  'file',
  'foo',
  'foo.c',
  'foo-bar',
  'FOO',
  'Makefile',
  'x.o',
  'z~',
);
const oddName: fc.Arbitrary<ByteString> = fc.constantFrom(
  'a b',
  ' lead',
  'trail ',
  '-dash',
  '--delete',
  'new\nline',
  'tab\there',
  'back\\slash',
  'star*',
  'what?',
  '[set]',
  '#hash#',
  'semi;colon',
  'quo"te\'s',
  'co:lon',
  'dol$lar',
  '...',
  '.hidden',
  '~',
  '\x01\x1f\x7f',
  utf8('héllo'),
  utf8('日本語'),
  '\xff\xfe',
  'caf\xe9',
  '\x80',
  `long${'g'.repeat(251)}`,
  `${'\xe9'.repeat(120)}`,
);
const anyName = fc
  .oneof(
    { weight: 3, arbitrary: plainName },
    { weight: 3, arbitrary: oddName },
    {
      weight: 1,
      arbitrary: fc.string({ unit: fc.constantFrom(...'abxyz019._-+~'), minLength: 1, maxLength: 24 }),
    },
  )
  .filter((name) => name !== '.' && name !== '..');

const boundarySizes = [
  0, 1, 2, 5, 63, 64, 65, 511, 512, 699, 700, 701, 1399, 1400, 1401, 4095, 4096, 4097, 8191, 8192, 16_383,
  16_384, 32_767, 32_768, 32_769, 65_535, 65_536, 131_071, 131_072, 131_073, 262_143, 262_144, 262_145,
  490_000, 490_001,
];
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(3000) },
  { weight: 4, arbitrary: fc.constantFrom(...boundarySizes) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 1_500_000 }) },
);

const content: fc.Arbitrary<Content> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom('random' as const, 'text' as const, 'repeat' as const),
      seed: fc.nat(0xffff),
      size,
      edits: fc.constant([]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('holes' as const),
      seed: fc.nat(0xffff),
      size: fc.integer({ min: 65_536, max: 3_000_000 }),
      edits: fc.constant([]),
    }),
  },
);

const second = 1_000_000_000n;

/** The portable kernel makes no nodes, and sets times in microseconds by way of a double. */
const portable = process.env.OC_RSYNC_KERNEL === 'portable';
/** A 64th of a second is exact in both. */
const grain = portable ? second / 64n : 1n;

/** The nearest time before `ns` that the kernel under test can set exactly. */
export function settableTime(ns: bigint): bigint {
  return ns - (ns % grain);
}

/** Times that ext4 and tmpfs both keep: from 1901 to the year 2400, none near the present. */
const mtime = fc
  .oneof(
    { weight: 5, arbitrary: fc.bigInt(second * 900_000_000n, second * 1_600_000_000n) },
    { weight: 3, arbitrary: fc.bigInt(900_000_000n, 1_600_000_000n).map((s) => s * second) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        0n,
        1n,
        -1n,
        -second,
        -2_000_000_000n * second,
        -86_400n * second + 123_456_789n,
        2_147_483_647n * second,
        2_147_483_648n * second + 999_999_999n,
        4_294_967_296n * second,
        13_000_000_000n * second + 1n,
      ),
    },
  )
  .map(settableTime);

const fileMode = fc.constantFrom(0o644, 0o600, 0o755, 0o444, 0o000, 0o4755, 0o2644, 0o1644, 0o7777, 0o666);
const dirMode = fc.constantFrom(0o755, 0o700, 0o555, 0o775, 0o2755, 0o1777, 0o000, 0o711);
const owner = fc.constantFrom(0, 0, 0, 1, 65_534, 12_345, 99_999);

/** A plain user must be able to read what it made, and to remove it again. */
const asUser = (mode: number, type: string, plain = !isRoot) =>
  plain ? mode | (type === 'dir' ? 0o700 : 0o600) : mode;

interface Draft {
  readonly shape: Entry['type'];
  readonly parent: number;
  readonly name: ByteString;
  readonly fileMode: number;
  readonly dirMode: number;
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly content: Content;
  readonly pick: number;
}

const shapes: fc.Arbitrary<Entry['type']> = fc.oneof(
  { weight: 10, arbitrary: fc.constant('file' as const) },
  { weight: 4, arbitrary: fc.constant('dir' as const) },
  { weight: 2, arbitrary: fc.constant('symlink' as const) },
  { weight: 2, arbitrary: fc.constant('hardlink' as const) },
  {
    weight: 1,
    arbitrary: portable
      ? fc.constant('file' as const)
      : isRoot
        ? fc.constantFrom('fifo' as const, 'char' as const, 'block' as const, 'socket' as const)
        : fc.constant('fifo' as const),
  },
);

const draft: fc.Arbitrary<Draft> = fc.record({
  shape: shapes,
  parent: fc.nat(),
  name: anyName,
  fileMode,
  dirMode,
  mtime,
  uid: isRoot ? owner : fc.constant(process.getuid?.() ?? 0),
  gid: isRoot ? owner : fc.constant(process.getgid?.() ?? 0),
  content,
  pick: fc.nat(),
});

function build(
  drafts: readonly Draft[],
  only: ReadonlySet<Entry['type']> | undefined,
  { anyMode = false, plainUser = false }: TreeOptions,
): Tree {
  const dirs: ByteString[] = [''];
  const linkable: ByteString[] = [];
  const used = new Set<ByteString>();
  const tree: Entry[] = [];
  for (const d of drafts) {
    const parent = dirs[d.parent % dirs.length]!;
    const path = parent === '' ? d.name : `${parent}/${d.name}`;
    if (used.has(path) || path.length > 900) continue;
    let shape = only !== undefined && !only.has(d.shape) ? 'file' : d.shape;
    if (shape === 'hardlink' && linkable.length === 0) shape = 'file';
    // A socket is made through Node, which writes names as UTF-8 and has a limit for the whole path.
    if (shape === 'socket' && !/^[\x20-\x7e]*$/.test(path)) shape = 'fifo';
    used.add(path);
    const drawn = shape === 'dir' ? d.dirMode : d.fileMode;
    const mode = anyMode ? drawn : asUser(drawn, shape, plainUser || !isRoot);
    const common = { path, mode, mtime: d.mtime, uid: d.uid, gid: d.gid };
    if (shape === 'file') {
      tree.push({ ...common, type: 'file', content: d.content });
      linkable.push(path);
    } else if (shape === 'dir') {
      tree.push({ ...common, type: 'dir' });
      dirs.push(path);
    } else if (shape === 'symlink') {
      const targets = [
        'nowhere/at all',
        '.',
        '..',
        d.name,
        `./${dirs[d.pick % dirs.length]}`,
        '/etc/passwd',
        '\xff',
      ];
      tree.push({ ...common, mode: 0o777, type: 'symlink', target: targets[d.pick % targets.length]! });
    } else if (shape === 'hardlink') {
      tree.push({ ...common, type: 'hardlink', to: linkable[d.pick % linkable.length]! });
    } else if (shape === 'char' || shape === 'block') {
      tree.push({ ...common, type: shape, major: d.pick % 300, minor: (d.pick >> 3) % 70_000 });
    } else if (shape === 'socket') {
      tree.push({ ...common, type: 'socket', mtime: (d.mtime / second) * second });
    } else {
      tree.push({ ...common, type: 'fifo' });
    }
  }
  return tree;
}

/** What trees may have. */
export interface TreeOptions {
  readonly only?: readonly Entry['type'][];
  /** A plain user may be shut out of parts of its own tree. */
  readonly anyMode?: boolean;
  /** They are for a plain user, also where root makes them. */
  readonly plainUser?: boolean;
}

/** Trees of up to `maxEntries` names. */
export function trees(options: TreeOptions & { maxEntries?: number } = {}): fc.Arbitrary<Tree> {
  const only = options.only === undefined ? undefined : new Set(options.only);
  const max = options.maxEntries ?? 14;
  return fc
    .array(draft, { minLength: Math.min(4, max), maxLength: max, size: 'max' })
    .map((drafts) => build(drafts, only, options));
}

// --- a destination that has fallen behind

type Change = 'same' | 'gone' | 'content' | 'time' | 'mode' | 'owner' | 'type' | 'size' | 'longer' | 'older';

const change: fc.Arbitrary<{ change: Change; at: number; n: number }> = fc.record({
  change: fc.constantFrom<Change>(
    'same',
    'same',
    'gone',
    'content',
    'content',
    'time',
    'mode',
    'owner',
    'type',
    'size',
    'longer',
    'older',
  ),
  at: fc.nat(400_000),
  n: fc.integer({ min: 1, max: 900 }),
});

function changed(entry: Entry, what: { change: Change; at: number; n: number }): Entry | null {
  switch (what.change) {
    case 'same':
      return entry;
    case 'gone':
      return null;
    case 'time':
      return { ...entry, mtime: entry.mtime - 5n * second };
    case 'older':
      return { ...entry, mtime: entry.mtime + 100n * second };
    case 'mode':
      return entry.type === 'symlink' ? entry : { ...entry, mode: asUser(entry.mode ^ 0o055, entry.type) };
    case 'owner':
      return isRoot ? { ...entry, uid: entry.uid === 0 ? 1 : 0, gid: entry.gid === 0 ? 1 : 0 } : entry;
    case 'type': {
      const { path, mode, mtime: time, uid, gid } = entry;
      const common = { path, mode, mtime: time, uid, gid };
      if (entry.type === 'file') return { ...common, mode: 0o777, type: 'symlink', target: 'elsewhere' };
      if (entry.type === 'dir') return entry;
      return {
        ...common,
        mode: 0o644,
        type: 'file',
        content: { kind: 'text', seed: what.n, size: what.n, edits: [] },
      };
    }
    default: {
      if (entry.type !== 'file') return entry;
      const length = entry.content.size;
      const at = length === 0 ? 0 : what.at % length;
      const edits =
        what.change === 'content'
          ? [{ at, remove: what.n, insert: Math.min(what.n, length - at) }]
          : what.change === 'size'
            ? [
                { at, remove: 0, insert: what.n },
                { at: 0, remove: what.n, insert: 0 },
              ]
            : [{ at: length, remove: 0, insert: what.n }];
      return { ...entry, content: { ...entry.content, edits }, mtime: entry.mtime - 7n * second };
    }
  }
}

/** Destinations made from `tree` by losing, changing and adding some of its names. */
export function mutate(tree: Tree): fc.Arbitrary<Tree> {
  return fc
    .tuple(
      fc.array(change, { minLength: tree.length, maxLength: tree.length }),
      trees({ maxEntries: 4, only: ['file', 'dir', 'symlink'] }),
    )
    .map(([changes, extra]) => {
      const kept = new Map<ByteString, Entry>();
      const isDir = (path: ByteString) => path === '' || kept.get(path)?.type === 'dir';
      const parentOf = (path: ByteString) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
      const add = (entry: Entry) => {
        if (kept.has(entry.path) || !isDir(parentOf(entry.path))) return;
        if (entry.type === 'hardlink' && kept.get(entry.to)?.type !== 'file') return;
        kept.set(entry.path, entry);
      };
      tree.forEach((entry, i) => {
        const now = changed(entry, changes[i]!);
        if (now !== null) add(now);
      });
      extra.forEach(add);
      return [...kept.values()];
    });
}

// --- onto the disk

function tarMember(entry: Entry): TarMember | null {
  const { path, mode, mtime: time, uid, gid } = entry;
  const common = { path, mode, mtime: time, uid, gid };
  switch (entry.type) {
    case 'file': {
      const data = contentBytes(entry.content);
      const holes = entry.content.kind === 'holes' && entry.content.edits.length === 0;
      return holes
        ? { ...common, type: 'file', data, regions: holeRegions(entry.content) }
        : { ...common, type: 'file', data };
    }
    case 'symlink':
      return { ...common, type: 'symlink', link: entry.target };
    case 'hardlink':
      return { ...common, type: 'hardlink', link: entry.to };
    case 'char':
    case 'block':
      return { ...common, type: entry.type, major: entry.major, minor: entry.minor };
    case 'socket':
      return null;
    default:
      return { ...common, type: entry.type };
  }
}

/** A tree made ready for one disk or several: the archive is packed once. */
export interface PackedTree {
  readonly tree: Tree;
  readonly archive: Buffer;
}

export function pack(tree: Tree): PackedTree {
  const members = tree.map(tarMember).filter((member) => member !== null);
  return { tree, archive: packTar([rootMember, ...members]) };
}

/** The tree's own folder, so that its time never depends on when the test ran. */
const rootMember: TarMember = {
  path: '.',
  type: 'dir',
  mode: 0o755,
  mtime: 1_111_111_111n * second,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
};

/** Makes the tree below `dir`, which is created where it is missing. */
export async function materialize(packed: PackedTree | Tree, dir: string): Promise<void> {
  const { tree, archive } = 'archive' in packed ? packed : pack(packed);
  mkdirSync(dir, { recursive: true });
  // Sockets first: the archive sets the times of their folders after everything else.
  for (const entry of tree) if (entry.type === 'socket') await makeSocket(dir, entry);
  const owners = isRoot ? '--same-owner' : '--no-same-owner';
  const args = [
    '-xpP',
    '--warning=no-timestamp',
    '--numeric-owner',
    owners,
    '--delay-directory-restore',
    '-f',
    '-',
    '-C',
    dir,
  ];
  const done = spawnSync('tar', args, { input: archive, env: { ...process.env, LC_ALL: 'C' } });
  if (done.status !== 0)
    throw new Error(`tar could not make the tree: ${done.stderr}\n${describeTree(tree)}`);
}

async function makeSocket(dir: string, entry: Entry): Promise<void> {
  const path = join(dir, entry.path);
  mkdirSync(join(path, '..'), { recursive: true });
  // Closing removes the name it listened on, so the socket moves away before that.
  const before = join(dir, '.s');
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(before, () => resolve()));
  renameSync(before, path);
  await new Promise((resolve) => server.close(resolve));
  spawnSync('chmod', [entry.mode.toString(8), '--', path]);
  if (isRoot) spawnSync('chown', ['-h', `${entry.uid}:${entry.gid}`, '--', path]);
  const seconds = Number(entry.mtime / second);
  utimesSync(bytes(path), seconds, seconds);
}
