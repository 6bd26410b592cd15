/** What is said cannot be written: the copy goes on, as rsync's does. */
import { describe, expect, test } from 'vitest';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { compareRuns } from '../support/transfer.ts';

const files = Array.from({ length: 30 }, (_, i) => `f${i}`).join(' ');

describe.skipIf(referencePeer() === null)('standard output', () => {
  test.for([
    ['is a full device', '"$@" -rv --stats s/ d/ > /dev/full'],
    ['and standard error are full devices', '"$@" -rvv s/ d/ > /dev/full 2> /dev/full'],
  ])('%s', async ([, script]) => {
    const verdict = await compareRuns(
      {
        transfer: {
          command: (who: Peer) => [
            'sh',
            '-c',
            `mkdir s d; (cd s; touch ${files}); ${script}`,
            'sh',
            ...who.command,
          ],
        },
        source: [],
        before: {},
        output: 'none',
      },
      ours(),
      referencePeer()!,
    );
    expect(verdict.differences).toEqual([]);
    expect(verdict.ours.stderr).toBe(verdict.reference.stderr);
  });
});
