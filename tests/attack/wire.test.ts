/**
 * Conversations with real rsync that break off after any byte, and in which any byte is bent. They are recorded
 * first, so that each place of them can be met; all places with OC_RSYNC_ALL, else some.
 */
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ours, type Peer, realPeers, referencePeer, remoteCommand } from '../support/peers.ts';
import { someOf } from '../support/property.ts';
import { bendingShell, cuttingShell, recordingShell } from '../support/rsh.ts';
import { type RunResult, run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { type Entry, materialize, settableTime, type Tree } from '../support/tree.ts';
import { accountOf, expectOldOrNew, expectOrderlyEnd, expectWholeFiles } from '../support/whole.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const common = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const file = (path: string, size: number, seed: number, day: number): Entry => ({
  ...common,
  path,
  type: 'file',
  mode: 0o644,
  mtime: settableTime(BigInt(1_300_000_000 + day * 86_400) * 1_000_000_000n),
  content: { kind: 'random', seed, size, edits: [] },
});
const folder = (path: string): Entry => ({
  ...common,
  path,
  type: 'dir',
  mode: 0o755,
  mtime: 1_200_000_000_000_000_000n,
});
const link = (path: string, target: string): Entry => ({
  ...common,
  path,
  type: 'symlink',
  mode: 0o777,
  mtime: 1_200_000_000_000_000_000n,
  target,
});
const sizes = [0, 1, 700, 1500, 3000, 9000];
const tree = (seed: number, day: number): Tree => [
  ...sizes.map((size, i) => file(`f${i}`, size, seed + i, day)),
  folder('sub'),
  ...sizes.map((size, i) => file(`sub/g${i}`, size + 5, seed + 20 + i, day)),
];
const source: Tree = [
  ...tree(1, 9),
  folder('sub/deep'),
  file('sub/deep/new', 2000, 99, 3),
  link('link', 'f1'),
];
const before: Tree = [...tree(1, 1), folder('kept'), file('kept/x', 10, 50, 1)].map((entry) =>
  entry.type === 'file' && entry.path.endsWith('3')
    ? { ...entry, content: { ...entry.content, seed: 77 } }
    : entry,
);

interface Conversation {
  readonly what: string;
  readonly push: boolean;
  readonly client: Peer;
  readonly server: Peer;
  readonly options: readonly string[];
}

const [peer] = realPeers();
const conversations: readonly Conversation[] =
  peer === undefined
    ? []
    : [
        ['-a', '--no-whole-file', '-I'],
        ['-az', '--delete', '--no-inc-recursive'],
        ['-rltH', '--protocol=29', '--checksum'],
      ].flatMap((options) =>
        [true, false].flatMap((push) =>
          [
            { client: ours(), server: peer, who: 'we start' },
            { client: peer, server: ours(), who: 'we serve' },
          ].map(({ who, ...sides }) => ({
            ...sides,
            push,
            options,
            what: `${who} a ${push ? 'push' : 'pull'}, ${options.join(' ')}`,
          })),
        ),
      );

/** Milliseconds after which a run has stopped for good. */
const patience = 15_000;

/** Runs a conversation through a shell in a folder of its own, and looks at it afterwards. */
async function converse(
  { push, client, server, options }: Conversation,
  shell: (work: string) => string,
  look: (result: RunResult, work: string) => void,
  seconds = 1,
): Promise<void> {
  await withWorkspace(async (work) => {
    for (const [name, what] of [
      ['src', source],
      ['dst', before],
      ['out', [file('kept', 4, 1, 1)]],
    ] as const)
      await materialize(what, join(work, name));
    const [from, to] = push ? ['src/', 'lh:dst/'] : ['lh:src/', 'dst/'];
    const far = [
      `--rsh=${shell(work)}`,
      `--rsync-path=${remoteCommand(server)}`,
      `--timeout=${seconds}`,
      '--checksum-seed=7',
    ];
    const result = await run([...client.command, ...far, ...options, from, to], {
      cwd: work,
      timeout: patience,
    });
    // What the far end still does, it does at once.
    await new Promise((resolve) => setTimeout(resolve, 150));
    look(result, work);
  });
}

const states = (work: string) => ({
  now: takeSnapshot(join(work, 'dst')),
  out: takeSnapshot(join(work, 'out')),
});

describe.skipIf(reference === null || peer === undefined).concurrent('a conversation', () => {
  const base = mkdtempSync(join(tmpdir(), 'oc-rsync-wire-'));
  let [fresh, old] = [takeSnapshot(base), takeSnapshot(base)];
  let outside = fresh;
  const lengths = new Map<Conversation, { there: number; back: number }>();

  beforeAll(async () => {
    await materialize(source, join(base, 'src'));
    await materialize(before, join(base, 'dst'));
    mkdirSync(join(base, 'out'));
    await materialize([file('kept', 4, 1, 1)], join(base, 'out'));
    writeFileSync(join(base, 'mark'), '');
    [fresh, old, outside] = ['src', 'dst', 'out'].map((name) => takeSnapshot(join(base, name))) as [
      typeof fresh,
      typeof fresh,
      typeof fresh,
    ];
    for (const conversation of conversations)
      await converse(
        conversation,
        recordingShell,
        (result, work) => {
          expect(result.code, accountOf(result)).toBe(0);
          lengths.set(conversation, {
            there: statSync(join(work, 'there')).size,
            back: statSync(join(work, 'back')).size,
          });
        },
        30,
      );
  });
  afterAll(() => removeTree(base));

  const ways = ['there', 'back'] as const;
  const table = conversations.flatMap((conversation) =>
    ways.map((way) => ({ what: conversation.what, conversation, way })),
  );
  const every = (length: number) => Array.from({ length }, (_, i) => i);
  /** One process of ours, and one of rsync's, a place. */
  const limit = 40 * 60_000;

  test.each(table)('that breaks off $way: $what', { timeout: limit }, async ({ conversation, way }) => {
    const length = lengths.get(conversation)![way];
    const deletes = conversation.options.includes('--delete');
    for (const at of someOf(every(length), 2))
      await converse(
        conversation,
        (work) => cuttingShell(work, way === 'there' ? { there: at } : { back: at }),
        (result, work) => {
          const account = `after ${at} of ${length} bytes: ${accountOf(result)}`;
          expectOrderlyEnd(result);
          const { now, out } = states(work);
          const kept = deletes ? new Map([...old].filter(([name]) => !name.startsWith('kept'))) : old;
          expectOldOrNew(now, kept, new Map([...fresh, ...old]), account);
          expect(compareSnapshots(outside, out), account).toEqual([]);
        },
      );
  });

  test.each(table)('that is bent $way: $what', { timeout: limit }, async ({ conversation, way }) => {
    const length = lengths.get(conversation)![way];
    const places = every(length).flatMap((at) => [0x01, 0x80, 0xff].map((flip) => ({ at, flip })));
    for (const { at, flip } of someOf(places, 2)) {
      let stuck = false;
      const shell = (work: string) => bendingShell(work, way, at, flip);
      await converse(conversation, shell, (result, work) => {
        const account = `byte ${at} of ${length} bent by ${flip}: ${accountOf(result)}`;
        stuck = result.timedOut;
        if (!stuck) expectOrderlyEnd(result);
        const { now, out } = states(work);
        expectWholeFiles(now, old, fresh, account);
        expect(compareSnapshots(outside, out), account).toEqual([]);
      });
      // Two ends that wait for each other and say that they are alive do so for ever: real rsyncs, too.
      const real = { ...conversation, client: peer!, server: peer! };
      if (stuck)
        await converse(real, shell, (result) =>
          expect(result.timedOut, `byte ${at} of ${length} bent by ${flip}: it hangs`).toBe(true),
        );
    }
  });
});
