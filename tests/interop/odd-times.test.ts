/** Times just below a second, before 1970, and in fractions that not every kernel can keep. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { kernelName, ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

const times = [
  '2023-11-14 23:59:59.999999999',
  '2023-11-14 23:59:59.9999999',
  '2023-11-14 23:59:59.9999',
  '2023-11-14 00:00:00.000000001',
  '1969-12-31 23:59:59.999999999',
  '1960-01-01 00:00:00.000000001',
  '2106-02-07 06:28:15.999999999',
];
const source = times.map(
  (time, i) => `touch -d '${time}' s/f${i}; ln -s x s/l${i}; touch -hd '${time}' s/l${i}`,
);
const seconds = `find d -type f -printf '%f %Ts\n' | sort`;

describe.skipIf(reference === null)('odd times', () => {
  test.each(ways)('need nothing in the second run: %s', (way) =>
    expectSameScript(
      {
        script: `mkdir s; ${source.join('; ')}; sync -ai; sync -ai; ${seconds}; rm -r d; sync -ai --no-W --inplace; sync -aci; ${seconds}; rm -r d/* s`,
        way,
      },
      reference!,
    ),
  );

  test('exact ones, where they are asked for, are kept or missed with an error, and need nothing then', () =>
    withWorkspace(async (dir) => {
      mkdirSync(join(dir, 's'));
      const copy = ['-ai', '--modify-window=-1', `${dir}/s/`, `${dir}/d/`];
      for (const [i, time] of times.entries()) {
        writeFileSync(join(dir, 's', `f${i}`), 'x');
        await run(['touch', '-d', time, join(dir, 's', `f${i}`)]);
      }
      const first = await run([...ours().command, ...copy]);
      const portable = kernelName === 'portable';
      expect(first.stderr.includes('keeps times to the microsecond')).toBe(portable);
      expect(first.code, first.stderr).toBe(portable ? 23 : 0);
      const second = await run([...ours().command, ...copy]);
      expect([second.code, second.stdout, second.stderr]).toEqual([0, '', '']);
    }));

  test('a loss is told of once and is no error', () =>
    withWorkspace(async (dir) => {
      mkdirSync(join(dir, 's'));
      for (const i of times.keys()) writeFileSync(join(dir, 's', `f${i}`), 'x');
      for (const [i, time] of times.entries()) await run(['touch', '-d', time, join(dir, 's', `f${i}`)]);
      const { code, stderr } = await run([
        ...ours().command,
        '-a',
        '--preallocate',
        `${dir}/s/`,
        `${dir}/d/`,
      ]);
      expect(code).toBe(0);
      const lines = stderr.split('\n').filter((line) => line !== '');
      expect(lines.length, stderr).toBe(kernelName === 'portable' ? 2 : 0);
      expect(statSync(join(dir, 'd', 'f0')).size).toBe(1);
    }));
});
