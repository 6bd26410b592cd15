/**
 * Programs that call rsync do their ordinary work, twice, with a change between: with ours behind the name `rsync` and
 * with the real one. What they leave and what they say of it must be equal (`jobs.sh`).
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRoot, onPath, ours, type Peer, readPeerFile, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const { ansible, wrappers } = readPeerFile();
const script = join(import.meta.dirname, 'jobs.sh');
/** Dirvish and Back In Time wait between their own steps. */
const longest = 120_000;

/** Each job, and whether what it needs is here. */
const jobs: readonly [name: string, present: boolean][] = [
  ['rsnapshot', onPath('rsnapshot') !== null],
  ['lsyncd', onPath('lsyncd') !== null],
  ['fpsync', onPath('fpsync') !== null],
  ['fpsync-dirs', onPath('fpsync') !== null],
  // Its configuration is mounted where it looks for it.
  ['dirvish', isRoot && onPath('dirvish') !== null],
  ['backintime', onPath('backintime') !== null],
  ['ansible', onPath('ansible') !== null && ansible !== null],
  ['rsyncwrapper', wrappers !== null],
  ['node-rsync', wrappers !== null],
  ['grsync', true],
  ['deployer', true],
  ['ftpsync', true],
  ['debmirror', true],
];

describe.skipIf(reference === null)('programs that call rsync', () => {
  // fpsync loses a part of its work now and then, with rsync itself as well.
  for (const [name, present] of jobs)
    test.skipIf(!present)(name, { timeout: 2 * longest, retry: name.startsWith('fpsync') ? 2 : 0 }, () =>
      withWorkspace(async (dir) => {
        const theirs = await work(dir, 'ref', name, reference!);
        const mine = await work(dir, 'our', name, ours());
        const account = `--- ours\n${mine.said}--- rsync\n${theirs.said}`;
        expect(mine.said, account).toBe(theirs.said);
        expect(compareSnapshots(theirs.left, mine.left), account).toEqual([]);
      }),
    );
});

async function work(dir: string, twin: 'ref' | 'our', job: string, { command }: Peer) {
  const since = Date.now();
  const cwd = join(dir, twin);
  const bin = join(dir, `${twin}-bin`);
  for (const folder of [cwd, bin]) mkdirSync(folder);
  const program = join(bin, 'rsync');
  writeFileSync(program, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`);
  chmodSync(program, 0o755);
  const apart = isRoot ? ['unshare', '-m'] : [];
  const { stdout, stderr } = await run([...apart, 'bash', script, job], {
    cwd,
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: cwd,
      NPM_HERE: wrappers ?? '',
      ANSIBLE_HERE: ansible ?? '',
    },
    timeout: longest,
  });
  const said = (stdout + stderr).replaceAll(cwd, 'TWIN').replaceAll(bin, 'BIN');
  return { said, left: takeSnapshot(join(cwd, 'out'), since) };
}
