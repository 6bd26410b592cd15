/**
 * Clients that know the protocol and mean ill, at the door of a daemon: what each gets is an end that the log tells of,
 * by the code that rsync's daemon ends with. Nothing beside the module changes, nobody else is kept waiting, and the
 * daemon is what it was before.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { exitText } from '../../ts/errors.ts';
import { attackModule } from '../support/hostile-peer.ts';
import { hostileRows, type Row } from '../support/hostile-rows.ts';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { run } from '../support/run.ts';
import { residentMiB, type Standing, soon, standing } from '../support/standing.ts';

const reference = referencePeer();

const config = `[src]
path = TWIN/src
[dst]
path = TWIN/dst
read only = no
`;

/** As it is before each attack. */
function fresh(dir: string): void {
  for (const name of ['src', 'dst', 'out']) {
    rmSync(join(dir, name), { recursive: true, force: true });
    mkdirSync(join(dir, name));
  }
  writeFileSync(join(dir, 'src', 'a'), 'a file of ours');
  writeFileSync(join(dir, 'src', 'b'), 'another');
  writeFileSync(join(dir, 'out', 'kept'), 'kept');
}

interface Played {
  readonly code: number;
  readonly account: string;
}

/** Plays an attack, and looks what the log says of it. */
async function played(daemon: Standing, row: Row): Promise<Played> {
  fresh(daemon.dir);
  row.prepare?.(join(daemon.dir, 'dst'));
  const before = daemon.log().length;
  const said = await attackModule(daemon.port, row.peer === 'sender' ? 'dst' : 'src', row);
  const lines = () => daemon.log().slice(before);
  const last = /^.*(?:sent \S+ bytes {2}received|rsync error: ).*$/m;
  await soon(() => last.test(lines()), 3000);
  // rsync's receiver ends after its generator.
  await setTimeout(30);
  const codes = [...lines().matchAll(/rsync error: .*\(code (\d+)\)/g)].map((match) => Number(match[1]));
  const account = `${said.slice(0, 300)}\n${lines().slice(0, 2000)}`;
  expect(readdirSync(join(daemon.dir, 'out')), account).toEqual(['kept']);
  expect(readFileSync(join(daemon.dir, 'out', 'kept'), 'latin1'), account).toBe('kept');
  row.look?.(join(daemon.dir, 'dst'));
  return { code: codes[0] ?? 0, account };
}

async function withDaemons(body: (mine: Standing, theirs: Standing) => Promise<void>): Promise<void> {
  const setup = (who: Peer) => ({ config, who, prepare: fresh });
  await standing(setup(ours()), (mine) => standing(setup(reference!), (theirs) => body(mine, theirs)));
}

describe.skipIf(reference === null)('a hostile client', () => {
  test('of each kind', { timeout: 900_000 }, () =>
    withDaemons(async (mine, theirs) => {
      const memory = residentMiB(mine.pid);
      for (const row of sampled(hostileRows.filter(({ only }) => only !== 'client'))) {
        const { code, account } = await played(mine, row);
        const what = `${row.what}: code ${code}\n${account}`;
        expect.soft(account, what).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError/);
        expect.soft([0, ...Object.keys(exitText).map(Number)], what).toContain(code);
        if (row.codes !== undefined) {
          // What was only partly done is told by each part, and not once more at the end.
          expect.soft([...row.codes, ...(row.codes.includes(23) ? [0] : [])], what).toContain(code);
          continue;
        }
        const real = await played(theirs, row);
        expect.soft(code, `${what}\n--- rsync: ${real.account}`).toBe(real.code);
      }
      const next = await run([...reference!.command, '-a', `${mine.url}/src/`, join(mine.dir, 'to')]);
      expect(next.code, next.stderr).toBe(0);
      await mine.settles();
      expect(residentMiB(mine.pid)).toBeLessThan(memory + 20);
    }),
  );
});
