/**
 * --max-alloc bounds each part of a run that grows with what is transferred, as in rsync: a file list by the row that
 * rsync has of its entries, block sums (tests/unit/wire/limits). It does not bound how many rules there are.
 */
import { linkSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSameFailure } from '../support/failures.ts';
import { ours, referencePeer, remoteCommand } from '../support/peers.ts';
import { forgetfulShell } from '../support/rsh.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const limit = '--max-alloc=1m';
/** Entries of one list that 1 MiB admits. */
const most = 65_536;
const linksOfOne = 30_000;

describe.skipIf(reference === null)('--max-alloc', () => {
  let work: string;
  let done: () => void;
  let workspace: Promise<void>;
  const source = () => join(work, 'src');
  const spare = () => join(work, 'spare');

  beforeAll(async () => {
    await new Promise<void>((ready) => {
      workspace = withWorkspace((dir) => {
        work = dir;
        ready();
        return new Promise<void>((end) => {
          done = end;
        });
      });
    });
    mkdirSync(join(source(), 'd'), { recursive: true });
    let first = '';
    for (let i = 0; i < most; i++) {
      const name = join(source(), 'd', `f${i}`);
      if (i % linksOfOne === 0) {
        first = name;
        writeFileSync(name, '');
      } else linkSync(first, name);
    }
    writeFileSync(spare(), '');
  }, 120_000);
  afterAll(async () => {
    done();
    await workspace;
  });

  /** With one entry too many while `body` lasts. */
  async function withOneMore(body: () => Promise<void>): Promise<void> {
    const more = join(source(), 'd', 'one-more');
    renameSync(spare(), more);
    try {
      await body();
    } finally {
      renameSync(more, spare());
    }
  }

  test('admits as many entries as rsync does', async () => {
    for (const who of [reference!, ours()]) {
      const result = await run([...who.command, '-an', limit, `${source()}/`, join(work, 'to')], {
        timeout: 60_000,
      });
      expect(result.code, result.stderr).toBe(0);
    }
  }, 120_000);

  test.each([
    ['of a local copy', ['-an'], 'sender'],
    ['of a local copy without incremental recursion', ['-an', '--no-inc-recursive'], 'sender'],
    ['that is pushed', ['-an'], 'sender'],
    ['that is pulled', ['-an'], 'receiver'],
    ['that is pulled without incremental recursion', ['-an', '--no-inc-recursive'], 'Receiver'],
  ] as const)(
    'ends at a list with one more, %s',
    (what, options, role) =>
      withOneMore(() => {
        const local = what.startsWith('of');
        const shell = forgetfulShell(work, limit);
        return expectSameFailure(
          {
            command: (who) => {
              const to = join(work, 'to');
              const [from, into] = local
                ? [`${source()}/`, to]
                : what.includes('pushed')
                  ? [`${source()}/`, `lh:${to}`]
                  : [`lh:${source()}/`, to];
              const far = local ? [] : [`--rsh=${shell}`, `--rsync-path=${remoteCommand(reference!)}`];
              return [...who.command, ...options, limit, ...far, from, into];
            },
            options: { timeout: 60_000 },
            says: [new RegExp(`^\\[${role}\\] exceeded --max-alloc=1048576 setting`, 'm')],
            codes: [22],
          },
          ours(),
          reference!,
        );
      }),
    120_000,
  );

  test(
    'does not count rules, here and at a server',
    () =>
      withWorkspace(async (dir) => {
        const rules = join(dir, 'rules');
        const lines = Array.from({ length: 100_000 }, (_, i) => `- /some/folder/name${i}.txt`);
        writeFileSync(rules, lines.join('\n'));
        mkdirSync(join(dir, 'small'));
        writeFileSync(join(dir, 'small', 'f'), '');
        const shell = forgetfulShell(dir, 'nothing');
        for (const who of [reference!, ours()])
          for (const [far, from] of [
            [[], join(dir, 'small/')],
            [[`--rsh=${shell}`, `--rsync-path=${remoteCommand(who)}`], `lh:${join(dir, 'small/')}`],
          ] as const) {
            const to = join(dir, `to-${who.name.replace(/\W/g, '')}-${far.length}`);
            const command = [...who.command, '-a', limit, `--exclude-from=${rules}`, ...far, from, `${to}/`];
            const result = await run(command, { timeout: 60_000 });
            expect(result.code, result.stderr).toBe(0);
          }
      }),
    120_000,
  );
});
