/** Options that change how a run works and not what comes of it, beside real rsync. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { parseClientArgs } from '../../ts/options/parse.ts';
import { runClient } from '../../ts/session/index.ts';
import { testIo } from '../support/host.ts';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const tree =
  'mkdir -p s/dir/deep; echo 1 >s/b; echo 2 >s/a.gz; seq 5000 >s/dir/n.txt; ln s/b s/dir/hard; find s -exec touch -hd 2021-06-07 {} +';

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test.each([
    '-aiH --qsort',
    '-ai --qsort --protocol=29',
    '-aiz --skip-compress=gz/TXT',
    '-aiz --skip-compress=',
    '-aizz --skip-compress=mp[34]/[/[]',
    '-ai --blocking-io',
    '-ai --no-blocking-io',
    '-ai --outbuf=n',
    '-ai --outbuf=Line',
    '-ai --outbuf=Block',
    '-ai --outbuf=full',
    '-ai --outbuf=x',
    '-ai --stop-after=1000',
    '-ai --time-limit=5',
    '-ai --stop-at=2099-01-02',
    '-ai --stop-at=2001-01-02',
    '-ai --stop-after=0',
    '-ai --stop-after=x',
    '-ai --stop-at=12',
  ])('%s', (options) =>
    expectSameScript({ script: `${tree}; mkdir d; sync ${options}; sync ${options} -c`, way }, reference!),
  );
});

test('--outbuf=line shows each line while the run goes on', () =>
  withWorkspace(async (dir) => {
    const script = `mkdir s; : >s/1; head -c 300000 /dev/zero >s/2; : >s/3
      "$@" -ai --bwlimit=50 --outbuf=line s/ d/ | while read -r line; do echo "$(ls d | wc -l) $line"; done`;
    const { stdout } = await run(['bash', '-c', script, 'sh', ...ours().command], { cwd: dir });
    const early = stdout.split('\n').find((line) => line.endsWith(' 1'));
    expect(early, stdout).toMatch(/^[0-2] /);
  }));

describe('--stop-at', () => {
  test.each([[], ['--partial']])('ends a run in the middle, with %j', (...more) =>
    withWorkspace(async (dir) => {
      writeFileSync(join(dir, 'large'), Buffer.alloc(4 << 20));
      const argv = ['-a', '--bwlimit=256', ...more, join(dir, 'large'), join(dir, 'd/')];
      const command = parseClientArgs(argv, { env: {}, now: Date.now });
      if (command.kind !== 'run') throw new Error('no run');
      const options = { ...command.options, stopAt: Math.floor(Date.now() / 1000) + 5 };
      const started = Date.now();
      const ended = runClient(options, [...command.args], testIo());
      await expect(ended).rejects.toMatchObject({ exitCode: 30, lines: ['stopping at requested limit'] });
      expect(Date.now() - started).toBeLessThan(10_000);
      const { stdout } = await run(['ls', '-A', 'd'], { cwd: dir });
      expect(stdout).toBe(more.length > 0 ? 'large\n' : '');
    }),
  );
});

test('a dry run of one side alone is refused, where rsync ends with the same code in the middle', () =>
  withWorkspace(async (dir) => {
    const script = 'mkdir s; echo 1 >s/f; "$@" -a -M-n s/ d/; echo $?';
    const { stdout } = await run(['bash', '-c', script, 'sh', ...ours().command], { cwd: dir });
    expect(stdout).toBe('2\n');
  }));
