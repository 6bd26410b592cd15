/**
 * Every direction, with every real rsync, at every protocol, with and without incremental recursion.
 */
import { describe, test } from 'vitest';
import { pairs } from '../support/cases.ts';
import { ours, realPeers, referencePeer } from '../support/peers.ts';
import { forAll, propertyTimeout, sampled } from '../support/property.ts';
import { directions, expectSame } from '../support/transfer.ts';

const reference = referencePeer();
const optionSets = [
  ['-ai'],
  ['-aiH'],
  ['-aiz'],
  ['-ai', '--no-whole-file', '-I'],
  ['-aic'],
  ['-aiHS', '--delete'],
];

interface Row {
  readonly name: string;
  readonly direction: (typeof directions)[number];
  readonly peer: ReturnType<typeof ours>;
  readonly options: readonly string[];
}

const rows: Row[] = [];
for (const peer of realPeers()) {
  for (const protocol of [32, 31, 30, 29, 28, 27]) {
    if (protocol > peer.protocol) continue;
    for (const recursion of ['--inc-recursive', '--no-inc-recursive']) {
      if (protocol < 30 && recursion === '--inc-recursive') continue;
      for (const direction of directions) {
        const options = optionSets[rows.length % optionSets.length]!;
        const all = [...options, `--protocol=${protocol}`, recursion];
        rows.push({ name: `${direction}, ${peer.name}: ${all.join(' ')}`, direction, peer, options: all });
      }
    }
  }
}

describe.skipIf(reference === null)('protocols', () => {
  test.each(sampled(rows))(
    '$name',
    async ({ name, direction, peer, options }) => {
      await forAll(name, pairs(), async ({ source, destination }) => {
        await expectSame(
          { transfer: { direction, peer, options }, source, before: { dst: destination }, output: 'sorted' },
          ours(),
          reference!,
        );
      });
    },
    propertyTimeout,
  );
});
