/** Sources that open, but cannot be read (a file of sysfs answers EINVAL): the run names them and goes on. */
import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

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

const options = [
  '-rt',
  '-rt --no-whole-file',
  '-rtz',
  '-rt --inplace',
  '-rtv --inplace',
  '-rt --no-inc-recursive',
  '-rt --protocol=29',
];
const rows = options.flatMap((option) => ways.map((way) => ({ option, way })));

describe.skipIf(reference === null || !cannotBeRead())('a source that cannot be read', () => {
  test.each(fewer(rows))('$option: $way', ({ option, way }) =>
    expectSameScript(
      {
        way,
        script: `mkdir s d; for i in 1 2 3 4 5; do echo $i > s/f$i; done; ln -s ${unreadable} s/f3-no
          sync -L ${option} 2>&1 | grep -v -e '^rsync error' -e '^sent [0-9,]* bytes' -e '^total size' | sort; ls -l d | cut -c1-10,40-`,
      },
      reference!,
    ),
  );
});
