/** --stop-after and --stop-at, beside real rsync; and that what was under way is put away. */
import { describe, expect } from 'vitest';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameScript, type Script } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);

describe.skipIf(reference === null)('a time to stop', () => {
  test.each([
    '--stop-after=5',
    '--time-limit=5',
    '--stop-at="$(date -d tomorrow +%Y-%m-%dT%H:%M)"',
    '--stop-at=2000-01-01T00:00',
    '--stop-at=nonsense',
    '--stop-after=0',
    '--stop-after=-3',
    '--stop-after=x',
  ])('%s', (option) => same({ script: `mkdir s; echo 1 >s/f; sync -r ${option}` }));
});

describe.each(['local', 'pull', 'push'])('%s', (way) => {
  test(
    'is kept, a file that is under way is not left behind, and one that is complete is',
    () =>
      withWorkspace(async (cwd) => {
        const lsh = new URL('../support/lsh.sh', import.meta.url).pathname;
        const far = way === 'local' ? '' : `--rsh=${lsh} --rsync-path="$R"`;
        // In a push the far side is the one that is told.
        const to = way === 'push' ? '-M' : '';
        // The next minute comes after 2 to 12 seconds; without faketime there is no shorter time to ask for.
        const script = `mkdir s d; echo 1 >s/a; head -c 9000000 /dev/zero >s/z
        while [ $((60 - 10#$(date +%S))) -gt 12 ] || [ $((60 - 10#$(date +%S))) -lt 3 ]; do sleep 0.5; done
        $R ${far} -r --bwlimit=300 ${to}--stop-at=$(date -d '+1 minute' +%H:%M) ${way === 'pull' ? 'lh:$PWD/' : ''}s/ ${way === 'push' ? 'lh:$PWD/' : ''}d/
        echo $?; sleep 1; ls -A d`;
        const { stdout, stderr } = await run(['bash', '-c', script], {
          cwd,
          env: { R: ours().command.join(' ') },
          timeout: 90_000,
        });
        expect(stdout).toBe('30\na\n');
        expect(stderr).toMatch(/^stopping at requested limit$/m);
      }),
    100_000,
  );
});
