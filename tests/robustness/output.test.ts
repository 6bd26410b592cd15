/** What is said cannot be written: the copy goes on, as rsync's does where it writes in blocks. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { expectSameScript, type Way, ways } from '../support/script.ts';
import { compareRuns } from '../support/transfer.ts';
import { withWorkspace } from '../support/workspace.ts';

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

/**
 * Runs its arguments on a terminal that has hung up before they start, with SIGHUP ignored as under nohup. Prints
 * how they ended.
 */
const onDeadTerminal = `import os, pty, signal, sys
ready, tell = os.pipe()
gone, hang_up = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.write(tell, b'x')
    os.read(gone, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(ready, 1)
os.close(terminal)
os.write(hang_up, b'x')
print('ended', os.waitpid(pid, 0)[1] >> 8)`;

const noTerminals = spawnSync('python3', ['-c', 'import pty']).status !== 0;

const copy = (way: Way, options: string) => {
  const far = way === 'local' ? '' : '-e $LSH --rsync-path="$R"';
  const [from, to] = [way === 'pull' ? 'lh:$PWD/' : '', way === 'push' ? 'lh:$PWD/' : ''];
  return `mkdir s d; (cd s; touch ${files}); cat >dead.py <<'END'\n${onDeadTerminal}\nEND
    python3 dead.py $R ${far} ${options} ${from}s/ ${to}d/; ls d`;
};

describe.skipIf(referencePeer() === null || noTerminals)('a terminal that hung up', () => {
  const table = ['-r', '-rv --outbuf=B'].flatMap((options) => ways.map((way) => ({ options, way })));
  test.each(fewer(table))('has no say in the copy: $options, $way', ({ options, way }) =>
    expectSameScript({ script: copy(way, options), way }, referencePeer()!),
  );

  // What rsync says line by line ends it with 13, before anything is copied. Nobody is helped by that.
  test.each([
    ['-rv --stats', 0],
    ['-rvvP', 0],
    ['-r s/none', 23],
  ] as const)('nor in one that tells of itself line by line: %s', (options, code) =>
    withWorkspace(async (cwd) => {
      const env = { R: ours().command.join(' ') };
      const { stdout, stderr } = await run(['bash', '-c', copy('local', options)], { cwd, env });
      expect(stdout.split('\n').slice(0, -1), stderr).toEqual([`ended ${code}`, ...files.split(' ').sort()]);
    }),
  );
});
