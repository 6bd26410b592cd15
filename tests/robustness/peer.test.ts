/**
 * Peers that die in the middle, or speak garbage: an error that says so, no hang, and every file either as
 * it was or as it should become.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { show } from '../support/bytes.ts';
import { finalError } from '../support/messages.ts';
import { ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { cuttingShell, noisyShell } from '../support/rsh.ts';
import { run } from '../support/run.ts';
import { type Snapshot, takeSnapshot } from '../support/snapshot.ts';
import { type Entry, materialize, type Tree } from '../support/tree.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

const file = (path: string, size: number, seed: number, mtime: bigint): Entry => ({
  path,
  type: 'file',
  mode: 0o644,
  mtime: mtime * 1_000_000_000n,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  content: { kind: 'random', seed, size, edits: [] },
});
const names = Array.from({ length: 40 }, (_, i) => `file-${String(i).padStart(2, '0')}`);
const source: Tree = names.map((name, i) => file(name, i * 1500, i, 1_300_000_000n));
const before: Tree = names.map((name, i) => file(name, i * 1500, i + 1000, 1_200_000_000n));

/** Every name is wholly old or wholly new, and there is no other name. */
function expectWhole(now: Snapshot, old: Snapshot, fresh: Snapshot, account: string): void {
  for (const [name, entry] of now) {
    if (name === '.') continue;
    expect(
      [old.get(name)?.hash, fresh.get(name)?.hash],
      `${show(name)} is neither old nor new\n${account}`,
    ).toContain(entry.hash);
  }
  expect([...now.keys()], account).toEqual([...old.keys()]);
}

/** Runs with a broken shell and gives the exit code, after looking at what is left. */
async function breakOff(
  who: Peer,
  server: Peer,
  direction: 'push' | 'pull',
  makeShell: (work: string) => string,
): Promise<{ code: number | null; account: string }> {
  return withWorkspace(async (work) => {
    const [src, dst] = [join(work, 'src'), join(work, 'dst')];
    await materialize(source, src);
    await materialize(before, dst);
    const [fresh, old] = [takeSnapshot(src), takeSnapshot(dst)];
    const [from, to] = direction === 'push' ? [`${src}/`, `lh:${dst}/`] : [`lh:${src}/`, `${dst}/`];
    const options = ['-a', '--no-whole-file', '--timeout=1', `--rsh=${makeShell(work)}`];
    const result = await run(
      [...who.command, ...options, `--rsync-path=${remoteCommand(server)}`, from, to],
      {
        timeout: 30_000,
      },
    );
    const account = `exit ${result.code}: ${show(result.stderr).replaceAll('\\x0a', '\n')}`;
    expect(result.timedOut, `it hangs\n${account}`).toBe(false);
    // The far end may still be giving up; its temporary file goes with it.
    await waitUntilQuiet(dst);
    expectWhole(takeSnapshot(dst), old, fresh, account);
    if (result.code !== 0) expect(finalError(result.stderr), account).not.toBeNull();
    return { code: result.code, account };
  });
}

async function waitUntilQuiet(dst: string): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const hidden = [...takeSnapshot(dst).keys()].some((name) => name.startsWith('.') && name !== '.');
    if (!hidden) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const broken = [12, 13, 30, 255];

// Most of these only wait for a time limit to pass: they wait together.
describe.skipIf(reference === null).concurrent('the connection breaks off', () => {
  const cuts = [0, 3, 10, 40, 200, 900, 5000, 50_000, 400_000];
  const rows = (['push', 'pull'] as const).flatMap((direction) =>
    (['back', 'there'] as const).flatMap((side) => cuts.map((bytes) => ({ direction, side, bytes }))),
  );
  test.each(sampled(rows))('$direction, after $bytes bytes $side', async ({ direction, side, bytes }) => {
    const { code, account } = await breakOff(ours(), reference!, direction, (work) =>
      cuttingShell(work, side === 'back' ? { back: bytes } : { there: bytes }),
    );
    // Bytes that were never sent cannot be cut: then all went well.
    if (bytes >= 3000 && code === 0) return;
    expect(broken, account).toContain(code);
  });

  test.each(sampled(cuts))('we serve a push, and the client is gone after %i bytes', async (bytes) => {
    await breakOff(reference!, ours(), 'push', (work) => cuttingShell(work, { there: bytes }));
  });
  test.each(sampled(cuts))('we serve a pull, and the client is gone after %i bytes', async (bytes) => {
    await breakOff(reference!, ours(), 'pull', (work) => cuttingShell(work, { there: bytes }));
  });
});

describe.skipIf(reference === null).concurrent('the peer speaks garbage', () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  test.each(sampled(seeds))('push to noise %i', async (seed) => {
    const { code, account } = await breakOff(ours(), reference!, 'push', (work) =>
      noisyShell(work, seed, 20_000),
    );
    expect([1, 2, 4, 5, 10, 12, 13, 22, 30], account).toContain(code);
  });
  test.each(sampled(seeds))('pull from noise %i', async (seed) => {
    const { code, account } = await breakOff(ours(), reference!, 'pull', (work) =>
      noisyShell(work, seed, 20_000),
    );
    expect([1, 2, 4, 5, 10, 12, 13, 22, 30], account).toContain(code);
  });
});
