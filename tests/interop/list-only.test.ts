/** What a listing shows beside names, sizes and modification times. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

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

  const names = `printf 'k\\nnone\\na\\n'`;
  test.for(ways)('%s: names from standard input', (way) =>
    expectSameScript(
      {
        way,
        script: `mkdir -p s/a d; echo x >s/k; echo y >s/a/f; touch -d @1400000000 s/k s/a/f s/a
          for o in -t -r -R -s --protocol=29; do ${names} | sync $o --list-only --files-from=-; done
          ${names} | tr '\\n' '\\0' | sync -0 --list-only --files-from=-; sync --list-only --files-from=- </dev/null; ls d`,
      },
      reference!,
    ),
  );
  // The words of the help are our own.
  test.for([
    '$R --list-only --files-from=- s/',
    '$R --list-only --files-from=- -e $LSH --rsync-path="$R" lh:$PWD/s/',
    '$R --list-only --files-from=-',
  ])('names from standard input need a destination: %s', (command) =>
    expectSameScript(
      {
        script: `mkdir s; echo k | ${command} 2>&1 | tail -n 1 | tee said | sed 's/ at .*\\[/ [/; s/=.*//'; rm said`,
      },
      reference!,
    ),
  );
});
