/**
 * Per-directory merge files where sources are named in odd ways: what they exclude must stay at home.
 */
import { describe, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { ours, type Peer, realPeers, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSame } from '../support/transfer.ts';
import { type Entry, settableTime, type Tree } from '../support/tree.ts';

const common = {
  mode: 0o644,
  mtime: settableTime(1_300_000_000_123_456_789n),
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
};
const dir = (path: ByteString): Entry => ({ ...common, path, type: 'dir', mode: 0o755 });
const file = (path: ByteString): Entry => ({
  ...common,
  path,
  type: 'file',
  content: { kind: 'text', seed: 1, size: 10, edits: [] },
});

const source: Tree = [
  ...['secret', 'cvs-secret', 'top', 'plain', 'object.o'].map(file),
  dir('sub'),
  ...['sub/secret', 'sub/top', 'sub/only', 'sub/inner'].map(file),
  dir('sub/deep'),
  ...['sub/deep/only', 'sub/deep/deepest', 'sub/deep/cvs-secret'].map(file),
];
const files = {
  'src/.rsync-filter': '- secret\n- /top\n: .more\n',
  'src/.cvsignore': 'cvs-secret\n',
  'src/.more': '- inner\n',
  'src/sub/.rsync-filter': '+ secret\n- /only\n',
  'src/sub/.more': '- deepest\n',
};

const shell = new URL('../support/lsh.sh', import.meta.url).pathname;
const rules: readonly (readonly ByteString[])[] = [
  ['-F'],
  ['-FF'],
  ['-C'],
  ['--filter=: .rsync-filter'],
  ['--filter=:n .rsync-filter'],
  ['--filter=:e /.rsync-filter'],
  ['--filter=dir-merge,- .cvsignore'],
];
/** The source's absolute path in the words of a shell. */
const sources: Readonly<Record<string, string>> = {
  'an absolute source': '"$(cd ../src && pwd)"',
  'what lies in it': '"$(cd ../src && pwd)"/sub "$(cd ../src && pwd)"/plain',
  'with a dot in the middle': '"$(cd ../src && pwd)"/./sub/deep',
  'a relative one': '../src/./sub',
};

const reference = referencePeer();
const peer = realPeers()[0];
type Way = 'local' | 'push' | 'pull' | 'pull from ourselves';
const ways: readonly Way[] = ['local', 'push', 'pull', 'pull from ourselves'];

/** `who` is the sender, whatever else takes part. */
function commandOf(
  who: Peer,
  way: Way,
  options: readonly ByteString[],
  words: string,
): readonly ByteString[] {
  const from = way.startsWith('pull') ? words.replace(/^"/, 'lh:"').replace(/ "/g, ' :"') : words;
  const client = way === 'pull' ? (reference as Peer) : who;
  const server = way === 'push' ? (peer as Peer) : who;
  const far = way === 'local' ? [] : ['-e', shell, `--rsync-path=${remoteCommand(server)}`];
  const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
  const to = way === 'push' ? 'lh:dst/' : 'dst/';
  const all = [...client.command, ...far, '-rlR', ...options].map(quote).join(' ');
  return ['sh', '-c', `exec ${all} ${from} ${to}`];
}

const table = ways.flatMap((way) =>
  Object.entries(sources).flatMap(([what, words], s) =>
    rules
      // All of them locally, and some in turn elsewhere.
      .filter((_, r) => way === 'local' || (r + s) % 3 === 0)
      .flatMap((options) =>
        ['--inc-recursive', '--no-inc-recursive'].map((recursion) => ({
          name: `${options.join(' ')} ${recursion}, ${what}: ${way}`,
          way,
          words,
          options: [...options, recursion],
        })),
      ),
  ),
);

describe.skipIf(reference === null || peer === undefined)('merge files of -R sources', () => {
  test.for(fewer(table))('$name', async (row) => {
    await expectSame(
      {
        transfer: { command: (who) => commandOf(who, row.way, row.options, row.words) },
        source,
        files,
        before: { dst: [] },
        output: 'none',
        messages: true,
      },
      ours(),
      reference!,
    );
  });
});
