/** Backups that other backups, or what cannot be written, stand in the way of. */
import { describe, expect, test } from 'vitest';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { compareRuns } from '../support/transfer.ts';

/** Runs a script in each twin, `"$@"` in it being the program. */
async function expectSameScript(script: string): Promise<void> {
  const verdict = await compareRuns(
    {
      transfer: { command: (who: Peer) => ['sh', '-c', `${script}`, 'sh', ...who.command] },
      source: [],
      before: {},
      output: 'sorted',
    },
    ours(),
    referencePeer()!,
  );
  if (verdict.differences.length > 0) expect.fail(verdict.account);
}

describe.skipIf(referencePeer() === null)('--backup-dir', () => {
  test.for(['"$PWD/bk"', '../bk', 'bk'])('%s: a link that was kept is not gone through', async (dir) => {
    await expectSameScript(`
      mkdir s d out; echo first > out/f; ln -s ../out s/x
      "$@" -rl --delete -b --backup-dir=${dir} s/ d/
      rm s/x; mkdir s/x; echo one > s/x/f
      "$@" -rl --delete -b --backup-dir=${dir} s/ d/
      echo three > s/x/f
      "$@" -rl --delete -b --backup-dir=${dir} s/ d/
      echo "exit $?"; cat out/f`);
  });

  test('a file whose backup fails is not deleted, and the run says so', async () => {
    const suffix = '0'.repeat(250);
    const verdict = await compareRuns(
      {
        transfer: {
          command: (who: Peer) => [
            'sh',
            '-c',
            `mkdir s d; touch s/new d/old-one; "$@" -r --delete -b --suffix=${suffix} s/ d/`,
            'sh',
            ...who.command,
          ],
        },
        source: [],
        before: {},
        output: 'exact',
      },
      ours(),
      referencePeer()!,
    );
    expect(verdict.differences).toEqual([]);
    expect(verdict.ours.code).toBe(23);
    expect(verdict.ours.stderr).toContain(
      'delete_file: make_backup(old-one) failed: File name too long (36)',
    );
  });
});
