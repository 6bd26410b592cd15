/** A run in a folder of its own, for words that mean something else where there is a file of that name. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peers.ts';

interface LoneRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Where it was, with what it has left. */
  readonly folder: string;
}

/** Runs it in a new folder below `place` that `prepare` has filled; `rsh` is its remote shell. */
export function loneRun(
  place: string,
  peer: Peer,
  words: readonly string[],
  { rsh, prepare }: { readonly rsh: string; prepare(folder: string): void },
): LoneRun {
  const folder = mkdtempSync(join(place, 'in-'));
  prepare(folder);
  const [program = '', ...before] = peer.command;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...words], {
    cwd: folder,
    encoding: 'latin1',
    timeout: 20_000,
    env: { ...process.env, HOME: folder, RSYNC_RSH: rsh },
  });
  return { status, stdout, stderr, folder };
}
