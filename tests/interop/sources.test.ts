/**
 * How sources and destinations can be named: slashes, single files, several sources, lists, odd names,
 * and what is only listed.
 */
import { describe, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { isRoot, ours, realPeers, referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { type Direction, expectSame, type OutputCheck } from '../support/transfer.ts';
import { type Entry, settableTime, type Tree } from '../support/tree.ts';

const common = {
  mode: 0o644,
  mtime: settableTime(1_300_000_000_123_456_789n),
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
};
const file = (path: ByteString, size = 1000): Entry => ({
  ...common,
  path,
  type: 'file',
  content: { kind: 'text', seed: size, size, edits: [] },
});
const dir = (path: ByteString): Entry => ({ ...common, path, type: 'dir', mode: 0o755 });
const link = (path: ByteString, target: ByteString): Entry => ({
  ...common,
  path,
  type: 'symlink',
  mode: 0o777,
  target,
});

const source: Tree = [
  file('one', 1),
  file('big', 1_234_567),
  file('zero', 0),
  dir('sub'),
  file('sub/two.c', 2000),
  file('sub/two.o', 20),
  dir('sub/deep'),
  file('sub/deep/three.c', 3000),
  file('sub/deep/.rsync-filter', 0),
  dir('other'),
  file('other/two.c', 777),
  dir('emptydir'),
  link('to-sub', 'sub'),
  link('dangling', 'nothing/here'),
  link('to-out', '../src/sub'),
  link('other/up', '../sub'),
  link('sub/again', '../sub'),
  dir('odd'),
  file('odd/-dash'),
  file('#hash'),
  file(';semi'),
  file('odd/new\nline'),
  file('odd/\xff\xfe'),
  file('odd/caf\xe9 au lait'),
  file('odd/a:b'),
  file("odd/quo'te"),
  file('odd/star*'),
  file('odd/back\\slash'),
  ...(isRoot
    ? [
        { ...common, path: 'fifo', type: 'fifo' as const },
        { ...common, path: 'null', type: 'char' as const, major: 1, minor: 3 },
        { ...common, path: 'setuid', mode: 0o4755, type: 'file' as const, content: emptyContent() },
      ]
    : []),
];

function emptyContent() {
  return { kind: 'text' as const, seed: 0, size: 0, edits: [] };
}

interface Row {
  readonly what: string;
  readonly options: readonly ByteString[];
  readonly sources: readonly ByteString[];
  readonly destination?: ByteString;
  readonly before?: Tree;
  readonly output?: OutputCheck;
  readonly input?: ByteString;
  readonly files?: Readonly<Record<string, ByteString>>;
  readonly messages?: boolean;
  /** The only directions that it is tried in. */
  readonly only?: readonly Direction[];
  /** Those that every run tries, because they were wrong once. */
  readonly always?: readonly Direction[];
}

const directions: readonly Direction[] = [
  'local',
  'push to real',
  'pull from real',
  'real pushes to us',
  'real pulls from us',
  'push to ourselves',
  'pull from ourselves',
];

const rows: readonly Row[] = [
  // --- words that the remote shell splits
  {
    what: 'two names in one argument',
    options: ['-r', '--old-args'],
    sources: ['../src/one ../src/zero'],
    only: ['pull from real', 'pull from ourselves'],
    always: ['pull from real', 'pull from ourselves'],
  },
  // --- listing
  { what: 'list a folder', options: [], sources: ['../src/'], destination: '', output: 'exact' },
  { what: 'list a folder itself', options: [], sources: ['../src'], destination: '', output: 'exact' },
  { what: 'list recursively', options: ['-r'], sources: ['../src/sub'], destination: '', output: 'exact' },
  { what: 'list all', options: ['-a'], sources: ['../src/'], destination: '', output: 'exact' },
  { what: 'list with links', options: ['-l'], sources: ['../src/'], destination: '', output: 'exact' },
  { what: 'list one file', options: [], sources: ['../src/big'], destination: '', output: 'exact' },
  {
    what: 'list two files',
    options: [],
    sources: ['../src/big', '../src/one'],
    destination: '',
    output: 'exact',
  },
  { what: 'list human sizes', options: ['-h'], sources: ['../src/'], destination: '', output: 'exact' },
  { what: 'list verbosely', options: ['-v'], sources: ['../src/sub/'], destination: '' },
  { what: 'list nothing', options: [], sources: ['../src/none'], destination: '', messages: true },
  { what: 'list only, to a folder', options: ['-a', '--list-only'], sources: ['../src/'], output: 'exact' },
  { what: 'list without sizes of dirs', options: ['-an'], sources: ['../src/odd/'], destination: '' },
  // --- one file
  { what: 'one file to a new name', options: ['-ai'], sources: ['../src/one'], destination: 'new' },
  { what: 'one file to a new folder', options: ['-ai'], sources: ['../src/one'], destination: 'new/' },
  { what: 'one file into a folder', options: ['-ai'], sources: ['../src/one'], destination: 'dst' },
  { what: 'one file over a file', options: ['-ai'], sources: ['../src/big'], destination: 'dst/one' },
  {
    what: 'one file to itself renamed, unchanged',
    options: ['-aii'],
    sources: ['../src/one'],
    destination: 'dst/one',
    before: [file('one', 1)],
  },
  { what: 'one file without -a', options: ['-i'], sources: ['../src/big'], destination: 'new' },
  { what: 'one symlink to a new name', options: ['-ai'], sources: ['../src/dangling'], destination: 'new' },
  { what: 'one empty file', options: ['-ai'], sources: ['../src/zero'], destination: 'new' },
  {
    what: 'deep into nothing',
    options: ['-ai'],
    sources: ['../src/one'],
    destination: 'no/where/new',
    messages: true,
  },
  {
    what: 'deep into nothing, with --mkpath',
    options: ['-ai', '--mkpath'],
    sources: ['../src/one'],
    destination: 'no/where/new',
  },
  // --- folders
  { what: 'a folder without a slash', options: ['-ai'], sources: ['../src/sub'] },
  { what: 'a folder with a slash', options: ['-ai'], sources: ['../src/sub/'] },
  { what: 'a folder with a dot', options: ['-ai'], sources: ['../src/sub/.'] },
  { what: 'a folder to a new one', options: ['-ai'], sources: ['../src/sub/'], destination: 'new' },
  { what: 'a folder into a new one', options: ['-ai'], sources: ['../src/sub'], destination: 'new' },
  {
    what: 'a folder over a file',
    options: ['-ai'],
    sources: ['../src/sub/'],
    destination: 'dst/one',
    messages: true,
  },
  { what: 'a folder without -r', options: ['-i'], sources: ['../src/sub', '../src/one'] },
  { what: 'a link to a folder', options: ['-ai'], sources: ['../src/to-sub'] },
  { what: 'a link to a folder, with a slash', options: ['-ai'], sources: ['../src/to-sub/'] },
  { what: 'an empty folder', options: ['-ai'], sources: ['../src/emptydir'] },
  { what: 'nothing to delete with one file', options: ['-ai', '--delete'], sources: ['../src/sub/'] },
  // --- several
  { what: 'several sources', options: ['-ai'], sources: ['../src/sub', '../src/other/', '../src/one'] },
  { what: 'several that hold the same name', options: ['-ai'], sources: ['../src/sub/', '../src/other/'] },
  { what: 'the same source twice', options: ['-ai'], sources: ['../src/sub', '../src/sub'] },
  {
    what: 'several to a new folder',
    options: ['-ai'],
    sources: ['../src/one', '../src/big'],
    destination: 'new',
  },
  {
    what: 'several with --delete',
    options: ['-ai', '--delete'],
    sources: ['../src/sub/', '../src/emptydir'],
  },
  {
    what: 'one of several missing',
    options: ['-ai'],
    sources: ['../src/one', '../src/none', '../src/sub'],
    messages: true,
  },
  { what: 'the only one missing', options: ['-ai'], sources: ['../src/none'], messages: true },
  {
    what: 'missing with --delete',
    options: ['-ai', '--delete'],
    sources: ['../src/none/', '../src/sub/'],
    messages: true,
  },
  {
    what: 'missing and ignored',
    options: ['-ai', '--ignore-missing-args'],
    sources: ['../src/none', '../src/one'],
  },
  // --- relative
  { what: '-R with a dot', options: ['-aiR'], sources: ['../src/./sub/deep'] },
  { what: '-R and single files', options: ['-aiR'], sources: ['../src/./sub/two.c', '../src/./other/two.c'] },
  { what: '-R through a link', options: ['-aiR'], sources: ['../src/./to-sub/two.c'] },
  ...['to-sub/', './to-sub/', 'to-sub/.', 'to-out/', 'to-out/deep/three.c', 'other/up/deep'].map((name) => ({
    what: `-R ${name}, a link to a folder`,
    options: ['-aiR'],
    sources: [`../src/./${name}`],
    messages: true,
  })),
  {
    what: '-R and links, one behind the other',
    options: ['-aiR', '--no-inc-recursive'],
    sources: ['../src/./other/up/again/deep/', '../src/./other/up/again/two.c', '../src/./to-sub/deep/'],
    messages: true,
  },
  {
    what: 'files from a list, behind links',
    options: ['-air', '--files-from=../list'],
    sources: ['../src/'],
    files: { list: 'to-sub/\nto-out/deep/\nother/up/two.c\nto-out\n' },
    messages: true,
  },
  {
    what: '-R --no-implied-dirs',
    options: ['-aiR', '--no-implied-dirs'],
    sources: ['../src/./sub/deep/three.c'],
  },
  { what: '-R with --delete', options: ['-aiR', '--delete'], sources: ['../src/./sub', '../src/./other/'] },
  // --- lists of files
  {
    what: 'files from stdin',
    options: ['-ai', '--files-from=-'],
    sources: ['../src'],
    input: 'sub/two.c\none\nsub/deep\n',
    only: ['local', 'push to real', 'pull from real', 'push to ourselves', 'pull from ourselves'],
  },
  {
    what: 'files from a list',
    options: ['-ai', '--files-from=../list'],
    sources: ['../src/'],
    files: { list: 'sub/two.c\n\n# no\n;no\r\nodd/-dash\nnone\n' },
    messages: true,
  },
  {
    what: 'files from a list with zeros',
    options: ['-ai', '-0', '--files-from=../list'],
    sources: ['../src/'],
    files: { list: 'odd/new\nline\0odd/\xff\xfe\0sub' },
  },
  {
    what: 'files from a list, recursively',
    options: ['-air', '--files-from=../list', '--delete'],
    sources: ['../src/'],
    files: { list: 'sub\nother/\n' },
  },
  {
    what: 'files from a list of the other side',
    options: ['-ai', '--files-from=:../list'],
    sources: ['../src/'],
    files: { list: 'sub/two.c\nodd/\xff\xfe\n' },
    only: ['pull from real', 'pull from ourselves', 'real pulls from us'],
  },
  {
    what: 'files from the other side, pushing',
    options: ['-ai', '--files-from=lh:../list'],
    sources: ['../src/'],
    files: { list: 'sub/two.c\none\n' },
    only: ['push to real', 'push to ourselves', 'real pushes to us'],
  },
  {
    what: 'comments in a list of the other side',
    options: ['-ai', '--files-from=:../list'],
    sources: ['../src/'],
    files: { list: '#hash\n;semi\nsub/two.c\n' },
    only: ['pull from real', 'pull from ourselves', 'real pulls from us'],
    always: ['pull from real'],
  },
  ...['\n', '\0'].map((end) => ({
    what: `comments in a list with ${end === '\0' ? 'zeros' : 'lines'}`,
    options: ['-ai', ...(end === '\0' ? ['-0'] : []), '--files-from=../list'],
    sources: ['../src/'],
    files: { list: ['#hash', '#none', ';semi', 'sub/two.c', '', ' #', '#'].join(end) },
    messages: true,
    only: directions,
    always: ['pull from real' as const],
  })),
  {
    what: 'a name in a list that is too long',
    options: ['-ai', '--files-from=../list'],
    sources: ['../src/'],
    files: { list: `one\n${'n'.repeat(5000)}\nsub/two.c\n` },
    only: ['local', 'push to real', 'pull from ourselves', 'real pulls from us'],
  },
  // --- odd names as arguments
  {
    what: 'a name that is not UTF-8',
    options: ['-ai'],
    sources: ['../src/odd/\xff\xfe'],
    destination: 'dst/\xe9\xff',
  },
  { what: 'a name with blanks', options: ['-ai'], sources: ['../src/odd/caf\xe9 au lait'] },
  { what: 'a name with a newline', options: ['-ais'], sources: ['../src/odd/new\nline'] },
  { what: 'a name with a quote', options: ['-ai'], sources: ["../src/odd/quo'te"], destination: "dst/it's" },
  {
    what: 'a name with a star',
    options: ['-ai'],
    sources: ['../src/odd/star\\*'],
    only: ['pull from real', 'pull from ourselves', 'real pulls from us'],
  },
  {
    what: 'a pattern for the other side',
    options: ['-ai'],
    sources: ['../src/*/two.?'],
    only: ['pull from real', 'pull from ourselves', 'real pulls from us'],
  },
  { what: 'a name with a colon', options: ['-ai'], sources: ['../src/odd/a:b'] },
  { what: 'a name with a dash', options: ['-ai'], sources: ['../src/odd/-dash'] },
  {
    what: 'a name with a backslash',
    options: ['-ai'],
    sources: ['../src/odd/back\\slash'],
    only: ['local', 'push to real', 'real pushes to us'],
  },
  { what: 'a destination with blanks', options: ['-ai'], sources: ['../src/sub'], destination: 'a b  c/' },
];

const reference = referencePeer();
const peers = realPeers();
const table = rows.flatMap((row, r) =>
  directions
    // A listing has one place only, and no push.
    .filter((direction) => row.destination !== '' || !direction.includes('push'))
    .filter((direction) => row.only?.includes(direction) ?? true)
    // Each row locally, and in two or three of the others, which take turns.
    .filter((direction, d) => direction === 'local' || row.only !== undefined || (r + d) % 2 === 0)
    .map((direction, d) => {
      const peer = peers[(r + d) % Math.max(1, peers.length)]!;
      return { ...row, direction, peer, name: `${row.what}: ${direction}, ${peer?.name}` };
    }),
);

describe.skipIf(reference === null || peers.length === 0)('sources and destinations', () => {
  test.for(sampled(table, ({ always, direction }) => always?.includes(direction) === true))(
    '$name',
    async (row) => {
      const { direction, peer, options, sources, destination, input } = row;
      await expectSame(
        {
          transfer: { direction, peer, options, sources, destination, input },
          source,
          before: { dst: row.before ?? [file('one', 500), file('gone', 3)] },
          output: row.output ?? 'sorted',
          files: row.files,
          messages: row.messages,
        },
        ours(),
        reference!,
      );
    },
  );
});
