/** The sessions that a daemon's process holds with nobody. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { daemonArguments } from '../../ts/daemon/arguments.ts';
import { rehearse } from '../../ts/daemon/rehearse.ts';
import { loadKernel } from '../../ts/kernel/index.ts';
import { testIo } from '../support/host.ts';
import { withWorkspace } from '../support/workspace.ts';

test('go as with a client, say nothing, and leave the process who it is', () =>
  withWorkspace(async (dir) => {
    const said: unknown[] = [];
    const io = testIo({
      stdout: (text) => said.push(text),
      stderr: (bytes) => said.push(bytes),
      become(whom) {
        said.push(whom);
        return undefined;
      },
      program: [process.execPath, import.meta.filename],
    });
    const log = join(dir, 'log');
    const options = daemonArguments(['--daemon', '--no-detach', `--log-file=${log}`]);
    if (options === 'help') throw new Error('no help was asked for');
    const kernel = await loadKernel(io.host);
    // A list is no session: rsync's process ends with that, too.
    expect(await rehearse(options, io, { kernel, whole: false, overSockets: false })).toEqual([255]);
    expect(
      await rehearse(options, io, { kernel, whole: true, overSockets: kernel.name === 'native' }),
    ).toEqual([255, 0, 0]);
    expect(said).toEqual([]);
    expect(existsSync(log)).toBe(false);
  }));
