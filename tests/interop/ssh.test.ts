/**
 * Over a real ssh, both ways: generated trees, and trees that nobody here made.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { show } from '../support/bytes.ts';
import { pairs } from '../support/cases.ts';
import { withoutLosses } from '../support/messages.ts';
import { ours, type Peer, realPeers, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer, forAll, propertyTimeout, sampled } from '../support/property.ts';
import { run } from '../support/run.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { expectSame } from '../support/transfer.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const missing = sshdMissing();
if (missing !== null) console.log(`skipped: everything over ssh: ${missing}`);

/** How many names of a real tree one run copies; all of them in a large run. */
const nameLimit = process.env.OC_RSYNC_FUZZ_RUNS === undefined ? 3000 : Number.POSITIVE_INFINITY;

/** Folders directly below `dir`, as many as together hold no more than `nameLimit` names. */
function sampleFolders(dir: string): string[] {
  const chosen: string[] = [];
  let count = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const inside = readdirSync(join(dir, entry.name), { recursive: true }).length + 1;
    if (count + inside > nameLimit) continue;
    count += inside;
    chosen.push(join(dir, entry.name));
  }
  return chosen;
}

describe.skipIf(missing !== null || reference === null)('ssh', () => {
  let dir: string;
  let sshd: Sshd;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-ssh-'));
    sshd = await startSshd(join(dir, 'sshd'));
  });

  afterAll(async () => {
    await sshd?.stop();
    removeTree(dir);
  });

  /** `client` starts, `server` is started by it; absolute paths, since ssh begins in the home folder. */
  const command = (client: Peer, server: Peer, ...args: string[]) => [
    ...client.command,
    `--rsh=${sshd.rsh}`,
    `--rsync-path=${remoteCommand(server)}`,
    ...args,
  ];

  describe.each(realPeers())('with $name', (peer) => {
    const roles: [string, (who: Peer) => [Peer, Peer]][] = [
      ['we start it', (who) => [who, peer]],
      ['they start us', (who) => [peer, who]],
    ];
    const ways = ['push', 'pull'] as const;
    const rows = roles.flatMap(([role, ends]) =>
      ways.flatMap((way) =>
        // With -H: without it, what is written into one name of a file changes the others, before or after they are looked at.
        [['-aiH'], ['-aiz', '--delete'], ['-aicH', '--no-whole-file', '--inplace']].map((options) => ({
          name: `${way}, ${role}: ${options.join(' ')}`,
          ends,
          way,
          options,
        })),
      ),
    );
    test.each(sampled(rows))(
      '$name',
      async ({ name, ends, way, options }) => {
        await forAll(`ssh ${peer.name} ${name}`, pairs(), async ({ source, destination }) => {
          await expectSame(
            {
              transfer: {
                command: (who, twin) => {
                  const [client, server] = ends(who);
                  // Both twins lie beside the source; the shell finds out where, for ssh does not keep it.
                  const [from, to] = way === 'push' ? ['$src/', 'peer:$dst/'] : ['peer:$src/', '$dst/'];
                  const script = `src=$(cd ../src && pwd) dst=$(cd ../${twin}/dst && pwd); exec "$@" ${from} ${to}`;
                  return ['sh', '-c', script, 'sh', ...command(client, server, ...options)];
                },
              },
              source,
              before: { dst: destination },
              output: 'sorted',
            },
            ours(),
            reference!,
          );
        });
      },
      propertyTimeout,
    );
  });

  const realTrees = ['/usr/include', '/usr/share/perl', '/usr/share/doc'].filter((path) => existsSync(path));
  describe.each(realTrees)('%s', (tree) => {
    test.each(fewer(['push', 'pull', 'serve a push', 'serve a pull'] as const))(
      '%s, and nothing is left to do',
      async (way) => {
        const folders = sampleFolders(tree);
        await withWorkspace(async (work) => {
          const [client, server] = way.startsWith('serve') ? [reference!, ours()] : [ours(), reference!];
          const dst = join(work, 'dst/');
          const push = way.endsWith('push');
          const sources = push ? folders : folders.map((folder) => `peer:${folder}`);
          const copy = await run(command(client, server, '-aH', ...sources, push ? `peer:${dst}` : dst), {
            timeout: 240_000,
          });
          expect(show(withoutLosses(copy.stderr))).toBe('');
          expect(copy.code).toBe(0);
          const check = await run([...reference!.command, '-anicH', '--delete', ...folders, dst]);
          expect(check.code).toBe(0);
          expect(show(check.stdout)).toBe('');
        });
      },
      300_000,
    );
  });
});
