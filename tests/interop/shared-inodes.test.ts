/** Several names of one inode at the destination, when one of them changes it: the others are told of what is there then. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

const names = `mkdir s d s/sub d/sub; echo one > s/a; touch -d @1000000000 s/a; for n in b c sub/d sub/e; do ln s/a s/$n; done; touch -d @1000000000 s/sub s`;
const cases = [
  ['nothing differs', 'sync -a; sync -aHi; sync -ai'],
  ['its mode', 'sync -aH; chmod 600 d/b; sync -aHi; chmod 600 d/b; sync -ai; stat -c %a d/*'],
  ['its time', 'sync -aH; touch -d @7 d/c; sync -aHi; touch -d @8 d/c; sync -ai; stat -c %Y d/[abc]'],
  ['its content', 'sync -aH; echo two > d/a; sync -aHi; cat d/a d/sub/e'],
  ['links of others', 'echo one > d/a; ln d/a d/b; echo x > d/c; ln d/c d/sub/d; sync -aHi; sync -aHi'],
  [
    'from the last on',
    'sync -aH; rm d/sub/e; cp s/a d/sub/e; touch -d @5 d/sub/e; touch -d @1000000000 d/sub; sync -aHi; sync -aHi',
  ],
] as const;

describe.skipIf(reference === null)('names of one inode', () => {
  test.each(fewer(cases.flatMap(([what, script]) => ways.map((way) => ({ what, script, way })))))(
    '$what: $way',
    ({ script, way }) => expectSameScript({ script: `${names}; ${script}`, way }, reference!),
  );
});
