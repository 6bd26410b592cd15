/**
 * Deaths at any moment: each file is old or new as a whole, a signal that can be caught leaves no temporary file, and
 * the next run makes good what was left.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ours, type Peer, realPeers, referencePeer, remoteCommand } from '../support/peers.ts';
import { someOf } from '../support/property.ts';
import { killGroup, run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { type Entry, materialize, settableTime, type Tree } from '../support/tree.ts';
import { accountOf, expectOldOrNew } from '../support/whole.ts';
import { withWorkspace } from '../support/workspace.ts';

const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
const common = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const dir = (path: string): Entry => ({
  ...common,
  path,
  type: 'dir',
  mode: 0o755,
  mtime: 1_200_000_000_000_000_000n,
});
const file = (path: string, size: number, seed: number, day: number): Entry => ({
  ...common,
  path,
  type: 'file',
  mode: 0o644,
  mtime: settableTime(BigInt(1_300_000_000 + day * 86_400) * 1_000_000_000n),
  content: { kind: 'random', seed, size, edits: [] },
});
/** Small ones that go in batches, and large ones that are met in the middle. */
const tree = (seed: number, day: number): Tree =>
  Array.from({ length: 12 }, (_, d) => [
    dir(`d${d}`),
    ...Array.from({ length: 30 }, (_, i) => file(`d${d}/f${i}`, i * 211, seed + i, day)),
    file(`d${d}/large`, 900_000, seed + d, day),
  ]).flat();

const source = tree(1, 9);
const before = tree(200, 1);
const temporary = /(^|\/)\.[^/]+\.[A-Za-z0-9]{6}$/;

const ways = ['local', 'push', 'pull', 'real pulls from us', 'real pushes to us'] as const;
const signals = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const kinds = [
  ['-a'],
  ['-a', '--no-whole-file'],
  ['-a', '-b', '--suffix=.old'],
  ['-a', '--partial-dir=.part'],
] as const;

const cases = [0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 0.95].flatMap((when, w) =>
  ways.flatMap((way, a) =>
    signals.map((signal, s) => ({ when, way, signal, options: kinds[(w + a + s) % kinds.length]! })),
  ),
);

function commandOf(way: (typeof ways)[number], options: readonly string[], work: string): string[] {
  const real = realPeers()[0] as Peer;
  const client = way.startsWith('real') ? real : ours();
  const server = way.startsWith('real') ? ours() : real;
  const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(server)}`];
  const pushes = way.includes('push');
  const [src, dst] = [`${work}/src/`, `${work}/dst/`];
  const from = way === 'local' || pushes ? src : `lh:${src}`;
  return [...client.command, ...far, ...options, from, pushes ? `lh:${dst}` : dst];
}

describe.skipIf(referencePeer() === null || realPeers().length === 0)('a death', () => {
  test.each(someOf(cases, 12))(
    'by $signal at $when of the way: $way $options',
    ({ when, way, signal, options }) =>
      withWorkspace(async (work) => {
        await materialize(source, join(work, 'src'));
        const dst = join(work, 'dst');
        await materialize(before, dst);
        const [fresh, old] = [takeSnapshot(join(work, 'src')), takeSnapshot(dst)];
        const command = commandOf(way, options, work);
        const whole = await run(command, { timeout: 50_000 });
        expect(whole.code, accountOf(whole)).toBe(0);
        rmSync(dst, { recursive: true });
        await materialize(before, dst);

        const result = await run(command, {
          timeout: 50_000,
          onStart: (child) => {
            const timer = setTimeout(() => killGroup(child, signal), whole.ms * when);
            child.on('exit', () => clearTimeout(timer));
          },
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
        const account = accountOf(result);
        expect(result.timedOut, account).toBe(false);
        const now = takeSnapshot(dst);
        const theirs = way === 'push' || way === 'real pulls from us';
        // An rsync that is told to end while it makes a temporary file leaves it, if rarely.
        const mayLeave = signal === 'SIGKILL' || theirs;
        const isBackup = (name: string) => name.endsWith('.old') || /(^|\/)\.part(\/|$)/.test(name);
        const shown = new Map([...now].filter(([name]) => !isBackup(name)));
        expectOldOrNew(shown, old, fresh, account, mayLeave ? temporary : undefined);
        for (const [name, { hash }] of now)
          if (name.endsWith('.old'))
            expect(hash, `${name}\n${account}`).toBe(old.get(name.slice(0, -4))?.hash);

        const again = await run([...command, '--delete', '--no-backup'], { timeout: 50_000 });
        expect(again.code, accountOf(again)).toBe(0);
        const left = new Map(takeSnapshot(dst));
        // rsync makes the folder first, and leaves it alone where nothing got into it.
        if (theirs)
          for (const name of left.keys())
            if (name.endsWith('/.part') && readdirSync(join(dst, name)).length === 0) left.delete(name);
        expect(compareSnapshots(fresh, left)).toEqual([]);
      }),
  );
});
