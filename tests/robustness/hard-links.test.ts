/**
 * Names of one inode whose content cannot be sent, the first of which is at the destination already. Real rsync
 * 3.5.0 waits for ever here, in local copies and over a shell; ours says what is wrong and ends. Then names that vanish.
 */
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRoot, ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { asPlainUser, canBePlainUser, expectSameScript, prelude, type Way, ways } from '../support/script.ts';
import { withWorkspace } from '../support/workspace.ts';

const plainId = 65534;
const shell = join(import.meta.dirname, '../support/lsh.sh');
const reference = referencePeer();

/** Real rsync hangs where it is the generator, so that it never is here. */
const routes: readonly { way: string; client?: Peer; server?: () => Peer; pushed?: boolean }[] = [
  { way: 'locally' },
  { way: 'from ourselves', server: ours },
  ...(reference === null
    ? []
    : [
        { way: 'from real rsync', server: () => reference },
        { way: 'from real rsync, which pushes', client: reference, server: ours, pushed: true },
      ]),
];

describe.skipIf(!canBePlainUser)('hard links whose content cannot be read', () => {
  test.for(
    routes.flatMap((route) =>
      ['-aH', '-aH --no-inc-recursive', '-aH --protocol=29'].map((options) => ({ ...route, options })),
    ),
  )('$options $way', async ({ client = ours(), server, pushed, options }) => {
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
      const from = server === undefined || pushed ? 's/' : `lh:${dir}/s/`;
      const command = [
        ...client.command,
        ...options.split(' '),
        ...far,
        from,
        pushed ? `lh:${dir}/d/` : 'd/',
      ];
      const result = await run(asPlainUser(command), { cwd: dir, timeout: 20_000 });
      expect(result.timedOut, result.stderr).toBe(false);
      expect(result.code, result.stderr).toBe(23);
      expect(result.stderr).toContain(`send_files failed to open "${dir}/s/a": Permission denied (13)`);
      expect(readdirSync(join(dir, 'd')).sort()).toEqual(['a', 'z']);
    });
  });
});

/**
 * Names of one inode that vanish while another file is read, slowly. Where they went too late, all is done again.
 */
const vanishing = (gone: string, old = '') => `mkdir s
  for try in {1..5}; do
    rm -rf s/* d; mkdir d; head -c 300000 /dev/zero >s/a-first; echo same >s/m1; ln s/m1 s/m2; ln s/m1 s/m3; echo z >s/z
    for i in ${old}; do echo old >d/$i; touch -d @1000 d/$i; done
    sync -aH --bwlimit=150 >out 2>err & seen 'd/.a-first.*'; rm ${gone}
    size=$(stat -c %s d/.a-first.* 2>stat.err); wait; [ "\${size:-200000}" -lt 200000 ] && break
  done; rm -f stat.err; cat out; cat err >&2; rm out err`;

describe.skipIf(reference === null)('hard-linked files that vanish', () => {
  const table = ['s/m1', 's/m[23]', 's/m?'].flatMap((gone) => ways.map((way) => ({ gone, way })));
  test.each(fewer(table))('as with rsync: $gone, $way', ({ gone, way }) =>
    expectSameScript({ script: vanishing(gone), way }, reference!),
  );

  // Here too real rsync waits for ever.
  const left: [gone: string, left: string[]][] = [
    ['s/m1', ['a-first', 'm1', 'm2', 'm3', 'z']],
    ['s/m?', ['a-first', 'm1', 'z']],
  ];
  const hanging = left.flatMap(([gone, names]) => ways.map((way: Way) => ({ gone, names, way })));
  test.each(fewer(hanging))('the first is there, but older: $gone, $way', ({ gone, names, way }) =>
    withWorkspace(async (cwd) => {
      const env = { R: ours().command.join(' '), LSH: shell };
      const result = await run(['bash', '-c', prelude(way) + vanishing(gone, 'm1')], { cwd, env });
      expect(result.timedOut).toBe(false);
      expect(result.stdout, result.stderr).toBe('exit 24\n');
      expect(result.stderr).toContain(`file has vanished: "${cwd}/s/m1"`);
      expect(readdirSync(join(cwd, 'd')).sort()).toEqual(names);
      expect(readFileSync(join(cwd, 'd/m1'), 'utf8')).toBe('old\n');
    }),
  );
});
