/**
 * Peers that know the protocol and mean ill: what they get out of us is an exit code of rsync's, the one of real
 * rsync where nothing else is told, and nothing beside the destination.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitText } from '../../ts/errors.ts';
import { show } from '../support/bytes.ts';
import { attack } from '../support/hostile-peer.ts';
import { hostileRows, type Row } from '../support/hostile-rows.ts';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
/** A start of ours takes some 80; what a peer says must not make much more of it. */
const mostMiB = 400;

async function attacked(who: Peer, end: 'client' | 'server', row: Row) {
  return withWorkspace(async (dir) => {
    for (const name of ['src', 'dst', 'out']) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'src', 'a'), 'a file of ours');
    writeFileSync(join(dir, 'src', 'b'), 'another');
    writeFileSync(join(dir, 'out', 'kept'), 'kept');
    row.prepare?.(join(dir, 'dst'));
    const result = await attack(who, end, row, dir);
    const account = `${who.name}: exit ${result.code}, ${Math.round(result.peak)} MiB: ${show(result.stderr.slice(0, 2000)).replaceAll('\\x0a', '\n')}`;
    expect(readdirSync(join(dir, 'out')), account).toEqual(['kept']);
    expect(readFileSync(join(dir, 'out', 'kept'), 'latin1'), account).toBe('kept');
    row.look?.(join(dir, 'dst'));
    expect(readdirSync(dir).sort(), account).toEqual(['dst', 'out', 'src']);
    return { ...result, account };
  });
}

describe.skipIf(reference === null).concurrent('a hostile peer', () => {
  const table = hostileRows.flatMap((row) =>
    (['client', 'server'] as const).flatMap((end) =>
      row.only === undefined || row.only === end ? [{ ...row, end }] : [],
    ),
  );
  test.each(sampled(table, ({ always }) => always === true))('to a $end: $what', async ({ end, ...row }) => {
    const mine = await attacked(ours(), end, row);
    expect(mine.timedOut, `it hangs\n${mine.account}`).toBe(false);
    expect(mine.stderr, mine.account).not.toMatch(
      /\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError/,
    );
    expect([0, ...Object.keys(exitText).map(Number)], mine.account).toContain(mine.code);
    expect(mine.peak, mine.account).toBeLessThan(mostMiB);
    if (row.codes !== undefined) {
      expect(row.codes, mine.account).toContain(mine.code);
      return;
    }
    const theirs = await attacked(reference!, end, row);
    expect(mine.code, `${mine.account}\n${theirs.account}`).toBe(theirs.code);
  });
});
