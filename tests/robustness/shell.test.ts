/**
 * What the remote shell is given: its standard streams and how large the pipes are, its arguments and its
 * environment.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ours, referencePeer, remoteCommand } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
const realOne = process.env.OC_RSYNC_BIN !== undefined;
const pipeMax = '/proc/sys/fs/pipe-max-size';

/** The kernel in use, as `--version -V` tells it. */
async function kernelInUse(): Promise<'native' | 'portable' | null> {
  if (process.env.OC_RSYNC_KERNEL) return process.env.OC_RSYNC_KERNEL as 'native' | 'portable';
  const { stdout } = await run([...ours().command, '--version', '-V']);
  const found = /\b(native|portable)\b/.exec(stdout);
  return found === null ? null : (found[1] as 'native' | 'portable');
}

describe.skipIf(reference === null || realOne || !existsSync(pipeMax))('the wire to the remote shell', () => {
  test('is two large pipes and a socket for stderr', () =>
    withWorkspace(async (work) => {
      const record = join(work, 'record');
      writeFileSync(join(work, 'one'), 'one');
      const result = await run(
        [
          ...ours().command,
          '-a',
          `--rsh=${lsh}`,
          `--rsync-path=${remoteCommand(reference!)}`,
          join(work, 'one'),
          `lh:${join(work, 'two')}`,
        ],
        { env: { LSH_RECORD: record } },
      );
      expect(result.code, result.stderr).toBe(0);
      const fds = readFileSync(record, 'latin1')
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      const kinds = fds.map(([fd, what]) => `${fd} ${what!.replace(/:.*/, '')}`);
      const kernel = await kernelInUse();
      expect(kernel).not.toBeNull();
      if (kernel === 'native') {
        expect(kinds).toEqual(['0 pipe', '1 pipe', '2 socket']);
        const largest = Number(readFileSync(pipeMax, 'latin1'));
        for (const [, , bytes] of fds.slice(0, 2)) expect(Number(bytes)).toBe(largest);
      } else {
        expect(kinds).toEqual(['0 socket', '1 socket', '2 socket']);
      }
    }));

  test('what the shell says on stderr is shown while it runs', () =>
    withWorkspace(async (work) => {
      const rsh = join(work, 'chatty');
      writeFileSync(rsh, '#!/bin/sh\necho "a prompt" >&2\nsleep 2\nexit 9\n', { mode: 0o755 });
      const started = performance.now();
      let seen = Number.POSITIVE_INFINITY;
      await run([...ours().command, '-a', `--rsh=${rsh}`, rsh, 'lh:/nowhere'], {
        onStart: (child) =>
          child.stderr?.on('data', (chunk: Buffer) => {
            if (chunk.includes('a prompt')) seen = Math.min(seen, performance.now() - started);
          }),
      });
      expect(seen).toBeLessThan(1900);
    }));
});
