/** Sources that open, but cannot be read (a file of sysfs answers EINVAL): the run names them and goes on. */
import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';

const unreadable = '/sys/class/net/lo/duplex';

function cannotBeRead(): boolean {
  try {
    readFileSync(unreadable);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EINVAL';
  }
}

const reference = referencePeer();

describe.skipIf(reference === null || !cannotBeRead())('a source that cannot be read', () => {
  test.for(['-rt', '-rt --no-whole-file', '-rtz', '-rt --inplace', '-rt --no-inc-recursive'])(
    '%s',
    (options) =>
      expectSameScript(
        {
          script: `mkdir s d; for i in 1 2 3 4 5; do echo $i > s/f$i; done
          $R ${options} s/f1 s/f2 ${unreadable} s/f3 s/f4 s/f5 d/ 2>&1 | grep -v '^rsync error' | sort
          echo "\${PIPESTATUS[0]}"; rm -f d/duplex`,
        },
        reference!,
      ),
  );
});
