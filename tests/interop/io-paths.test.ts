/**
 * Large files on every I/O path that OC_RSYNC_IO forces, with real rsync at the other end, and with wires that
 * are slow, narrow or break off.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadKernel } from '../../ts/kernel/index.ts';
import { show } from '../support/bytes.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { testHost } from '../support/host.ts';
import { finalError } from '../support/messages.ts';
import { ours, referencePeer, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { dyingShell, pacingShell } from '../support/rsh.ts';
import { type RunResult, run } from '../support/run.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const { name: kernel, features } = (await loadKernel(testHost())).report();
const reasons = {
  plain: '',
  uring: features.includes('io_uring') ? '' : `${kernel} kernel, no io_uring`,
  splice: features.includes('splice') ? '' : `${kernel} kernel, no splice`,
};
const paths = sampled((['plain', 'uring', 'splice'] as const).map((io) => ({ io, why: reasons[io] })));
const lsh = join(repositoryRoot, 'tests', 'support', 'lsh.sh');

/** Larger than what is worth lending a wire for, and no multiple of anything. */
const fresh = Buffer.alloc(1_300_003, 'the new content, ');
for (let at = 0; at < fresh.length; at += 1000) fresh.writeUInt32LE(at * 31, Math.min(at, fresh.length - 4));
const old = Buffer.from(fresh);
for (let at = 5000; at < old.length; at += 300_000) old.fill('the old', at, at + 2000);

interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly work: string;
}

async function between(body: (ends: Ends) => Promise<void>, had = true): Promise<void> {
  await withWorkspace(async (work) => {
    const ends = { work, src: join(work, 'src'), dst: join(work, 'dst') };
    mkdirSync(ends.src);
    mkdirSync(ends.dst);
    writeFileSync(join(ends.src, 'large'), fresh);
    if (had) writeFileSync(join(ends.dst, 'large'), old);
    await body(ends);
  });
}

const account = (result: RunResult) => `exit ${result.code}: ${show(result.stderr)}`;

function expectFresh({ dst }: Ends, result: RunResult): void {
  expect(result.code, account(result)).toBe(0);
  expect(readFileSync(join(dst, 'large')).equals(fresh), account(result)).toBe(true);
  expect(readdirSync(dst)).toEqual(['large']);
}

describe.skipIf(reference === null).each(paths)('OC_RSYNC_IO=$io $why', ({ io, why }) => {
  const able = test.skipIf(why !== '');
  const env = { OC_RSYNC_IO: io };
  const throughShell = (ends: Ends, way: 'push' | 'pull', shell: string, ...options: string[]) => {
    const [from, to] =
      way === 'push' ? [`${ends.src}/`, `peer:${ends.dst}/`] : [`peer:${ends.src}/`, `${ends.dst}/`];
    const far = [`--rsh=${shell}`, `--rsync-path=${remoteCommand(reference!)}`];
    return run([...ours().command, '-rI', ...far, ...options, from, to], { env, timeout: 40_000 });
  };

  describe.each(['push', 'pull'] as const)('%s', (way) => {
    const sets = [['-W'], ['--no-whole-file'], ['-Wz'], ['-W', '--inplace'], ['-WS'], ['--partial', '-W']];
    able.each(sets.map((options) => ({ options })))('pipes, $options', ({ options }) =>
      between(async (ends) => expectFresh(ends, await throughShell(ends, way, lsh, ...options))),
    );

    able('pipes, --append-verify', () =>
      between(async (ends) => {
        writeFileSync(join(ends.dst, 'large'), fresh.subarray(0, 100_000));
        expectFresh(ends, await throughShell(ends, way, lsh, '--append-verify'));
      }),
    );

    able('a peer that takes and gives a byte at a time', () =>
      between(async (ends) => {
        expectFresh(ends, await throughShell(ends, way, pacingShell(ends.work, 1, 0), '-W'));
      }),
    );

    able('a peer that is slow', () =>
      between(async (ends) => {
        const shell = pacingShell(ends.work, 3000, 10);
        expectFresh(ends, await throughShell(ends, way, shell, '-W', '--timeout=20'));
      }),
    );

    const side = way === 'push' ? 'there' : 'back';
    able.each([400_000, 1_100_000, 1_299_000])('a peer that is gone after %i bytes', (bytes) =>
      between(async (ends) => {
        const result = await throughShell(ends, way, dyingShell(ends.work, side, bytes), '-W');
        expect(result.timedOut, account(result)).toBe(false);
        expect([10, 12], account(result)).toContain(result.code);
        expect(finalError(result.stderr)?.code, account(result)).toBe(result.code);
        const now = readFileSync(join(ends.dst, 'large'));
        expect(now.equals(old), 'the old file is whole').toBe(true);
        if (way === 'pull') expect(readdirSync(ends.dst)).toEqual(['large']);
      }),
    );
  });

  describe('we serve', () => {
    able.each(['push', 'pull'] as const)('a %s', (way) =>
      between(async (ends) => {
        const [from, to] =
          way === 'push' ? [`${ends.src}/`, `peer:${ends.dst}/`] : [`peer:${ends.src}/`, `${ends.dst}/`];
        const far = [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(ours())}`];
        expectFresh(ends, await run([...reference!.command, '-rIW', ...far, from, to], { env }));
      }),
    );
  });

  describe('a daemon', () => {
    let daemon: Daemon;
    let dir: string;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'oc-rsync-io-'));
      daemon = await startDaemon(reference!, dir);
    });
    afterAll(async () => {
      await daemon?.stop();
      removeTree(dir);
    });

    able.each([['-W'], ['--no-whole-file'], ['-Wz', '--zc=zlib']])('%s, both ways', (...options) =>
      between(async (ends) => {
        const far = daemon.folder('rw');
        copyFileSync(join(ends.dst, 'large'), join(far, 'large'));
        const there = [...ours().command, '-rI', ...options, `${ends.src}/`, `${daemon.url}/rw/`];
        expectFresh({ ...ends, dst: far }, await run(there, { env }));
        const back = [...ours().command, '-rI', ...options, `${daemon.url}/rw/`, `${ends.dst}/`];
        expectFresh(ends, await run(back, { env }));
      }),
    );
  });

  const noSsh = sshdMissing();
  describe.skipIf(noSsh !== null)('ssh', () => {
    let sshd: Sshd;
    let dir: string;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'oc-rsync-io-'));
      sshd = await startSshd(join(dir, 'sshd'));
    });
    afterAll(async () => {
      await sshd?.stop();
      removeTree(dir);
    });

    able.each(['push', 'pull'] as const)('%s', (way) =>
      between(async (ends) => expectFresh(ends, await throughShell(ends, way, sshd.rsh, '-W'))),
    );
  });
});

describe('a path that cannot be had', () => {
  const copy = (env: Record<string, string>) =>
    between(async (ends) => {
      const result = await run([...ours().command, '-r', `${ends.src}/`, `${ends.dst}/`], { env });
      const wrong = env.OC_RSYNC_IO === 'fast';
      expect(result.code, account(result)).toBe(wrong ? 1 : 4);
      expect(result.stderr).toContain(wrong ? 'not "fast"' : `OC_RSYNC_IO=${env.OC_RSYNC_IO} was asked for`);
      expect(readFileSync(join(ends.dst, 'large')).equals(old)).toBe(true);
    });
  test('is another word', () => copy({ OC_RSYNC_IO: 'fast' }));
  test.each(['uring', 'splice'])('is %s, and the kernel the portable one', (io) =>
    copy({ OC_RSYNC_KERNEL: 'portable', OC_RSYNC_IO: io }),
  );
});
