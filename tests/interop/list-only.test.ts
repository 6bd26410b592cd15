/** What a listing shows beside names, sizes and modification times. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

describe.skipIf(reference === null)('--list-only', () => {
  test.for(ways)('%s: access times with -U', (way) =>
    expectSameScript(
      {
        way,
        script: `mkdir s; echo x > s/file; ln -s file s/link; touch -d @1400000000 s/file s
          touch -ah -d @1500000000 s/file s/link; touch -h -m -d @1400000000 s/link
          sync -rltU --list-only`,
      },
      reference!,
    ),
  );
});
