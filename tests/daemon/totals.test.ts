/**
 * What a daemon says at the end of a transfer that it has sent and received, beside rsync's daemon. The two need not send
 * the same bytes (they cut them into frames as they have them), so a relay counts those: what a log leaves out of that, the
 * handshake, has to be the same.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Between } from '../support/between.ts';
import { referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { oneModule, type Standing, sharedDaemon, soon } from '../support/standing.ts';

const reference = referencePeer();

/** The words of a client; `MODULE/` is that of the daemon. */
const transfers = {
  'a pull': ['-rt', 'MODULE/', 'to/'],
  'a pull of what is there': ['-rt', 'MODULE/', 'm/'],
  'a pull that deletes': ['-rt', '--delete', 'MODULE/', 'to/'],
  'a pull of nothing': ['-rt', 'MODULE/none', 'to/'],
  'a push': ['-rt', 'src/', 'MODULE/'],
  'a push that deletes': ['-rt', '--delete', 'src/', 'MODULE/'],
} as const;

function fill(dir: string): void {
  for (const name of ['m', 'src', 'to']) {
    rmSync(join(dir, name), { recursive: true, force: true });
    mkdirSync(join(dir, name));
  }
  for (const name of ['m/a', 'm/b', 'src/a', 'to/c']) writeFileSync(join(dir, name), name.repeat(300));
}

/** What a transfer of a real client comes to in a daemon's log, and which bytes of the wire are left out there. */
async function figuresOf({ dir, port, log }: Standing, words: readonly string[]) {
  fill(dir);
  const before = log().length;
  const between = new Between(port, undefined);
  await between.open();
  try {
    const module = `rsync://127.0.0.1:${between.port}/m/`;
    const args = words.map((word) => word.replace('MODULE/', module));
    await run([...reference!.command, ...args], { cwd: dir });
    const line = /sent (\d+) bytes {2}received (\d+) bytes {2}total size (\d+)\n/;
    const found = () => line.exec(log().slice(before));
    await soon(() => found() !== null && between.passing === 0);
    const [sent, received, size] = (found() ?? []).slice(1).map(Number) as [number, number, number];
    const { back, there } = between.counts;
    return { size, received, unsent: back - sent, unreceived: there - received };
  } finally {
    between.close();
  }
}

describe.skipIf(reference === null)('the figures of a log', () => {
  const mine = sharedDaemon({ config: oneModule, prepare: fill });
  const theirs = sharedDaemon({ config: oneModule, prepare: fill, who: reference! });

  test.each(
    [28, 29, 30, 31, 32].flatMap((protocol) =>
      Object.entries(transfers).map(([what, words]) => ({ protocol, what, words })),
    ),
  )('$what by protocol $protocol', async ({ protocol, what, words }) => {
    const args = [`--protocol=${protocol}`, ...words];
    const got = await figuresOf(mine(), args);
    const wanted = await figuresOf(theirs(), args);
    expect(got.size).toBe(wanted.size);
    expect(got.unsent).toBe(wanted.unsent);
    if (what === 'a pull of nothing') {
      // What the client says of its failure may still come by when the daemon is gone.
      expect(got.received).toBe(wanted.received);
    } else if (words.at(-1) !== 'MODULE/') expect(got.unreceived).toBe(wanted.unreceived);
    else {
      // rsync's two processes count what they tell each other: eight bytes, or none, as they come; from protocol 31 on eight
      // more, in place of the client's goodbye of five.
      const more = got.unreceived - wanted.unreceived - (protocol >= 31 ? 3 : 0);
      expect([0, 8]).toContain(more);
    }
  });
});
