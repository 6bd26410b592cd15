/**
 * Names of one inode whose content cannot be sent, the first of which is at the destination already. Real rsync
 * 3.5.0 waits for ever here, in local copies and over a shell; ours says what is wrong and ends.
 */
import { chmodSync, chownSync, linkSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRoot, ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { asPlainUser, canBePlainUser } from '../support/script.ts';
import { withWorkspace } from '../support/workspace.ts';

const plainId = 65534;
const shell = join(import.meta.dirname, '../support/lsh.sh');
const reference = referencePeer();

const ways: readonly { way: string; server?: () => Peer }[] = [
  { way: 'locally' },
  { way: 'from ourselves', server: ours },
  ...(reference === null ? [] : [{ way: 'from real rsync', server: () => reference }]),
];

describe.skipIf(!canBePlainUser)('hard links whose content cannot be read', () => {
  test.for(
    ways.flatMap(({ way, server }) =>
      ['-aH', '-aH --no-inc-recursive', '-aH --protocol=29'].map((options) => ({ way, server, options })),
    ),
  )('$options $way', async ({ server, options }) => {
    await withWorkspace(async (dir) => {
      for (const name of ['s', 'd']) mkdirSync(join(dir, name));
      writeFileSync(join(dir, 's/a'), 'same');
      for (const name of ['b', 'c']) linkSync(join(dir, 's/a'), join(dir, 's', name));
      writeFileSync(join(dir, 's/z'), 'another');
      writeFileSync(join(dir, 'd/a'), 'same');
      utimesSync(join(dir, 'd/a'), 1000, 1000);
      chmodSync(join(dir, 's/a'), 0);
      if (isRoot)
        for (const name of ['.', 's', 'd', 's/a', 's/z', 'd/a']) chownSync(join(dir, name), plainId, plainId);
      const far = server === undefined ? [] : [`--rsh=${shell}`, `--rsync-path=${remoteCommand(server())}`];
      const from = server === undefined ? 's/' : `lh:${dir}/s/`;
      const command = [...ours().command, ...options.split(' '), ...far, from, 'd/'];
      const result = await run(asPlainUser(command), { cwd: dir, timeout: 20_000 });
      expect(result.timedOut, result.stderr).toBe(false);
      expect(result.code, result.stderr).toBe(23);
      expect(result.stderr).toContain(`send_files failed to open "${dir}/s/a": Permission denied (13)`);
      expect(readdirSync(join(dir, 'd')).sort()).toEqual(['a', 'z']);
    });
  });
});
