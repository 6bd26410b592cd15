/** Content of devices, read with --copy-devices and written with --write-devices, beside real rsync. */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';
import { isRoot, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();
const canLoop = isRoot && spawnSync('losetup', ['-f']).status === 0;

/** `$L` is a block device that holds `img`, also as `s/blk` and `d/blk` below it; it goes with the script. */
const device = `umask 022; mkdir -p s/sub d; seq 1 60000 | head -c 262144 >img; L=$(losetup -f --show img); trap 'losetup -d $L' EXIT
  M=$(stat -c 0x%t $L); m=$(stat -c 0x%T $L); mknod s/sub/blk b $((M)) $((m)); mknod s/null c 1 3; echo plain >s/plain; find s -exec touch -h -d @1000 {} +`;
const content = `(cd d && find . -type f | LC_ALL=C sort | xargs sha1sum; find . -printf '%y %m %s %p\\n' | LC_ALL=C sort -k4)`;

const cases = [
  {
    what: 'the content of devices',
    script: `${device}; sync -rlptgoi --copy-devices; ${content}; $R -rlptgoD --copy-devices -c s/ d/; ${content}`,
  },
  {
    what: 'devices with -D and --copy-devices',
    script: `${device}; sync -ai --copy-devices -z; ${content}; sync -rlpgoic --copy-devices`,
  },
  {
    what: 'a file into a device',
    script: `${device}; rm -r s d; mkdir s d; mknod d/f b $((M)) $((m)); seq 100 60000 | head -c 262144 >s/f; touch -d @2000 s/f d/f; touch -d @1000 s d
      sync -rlti --write-devices -I; head -c 262144 $L | sha1sum; sync -rlti --write-devices; echo short >s/f; sync -rlti --write-devices --no-W; head -c 300 $L | sha1sum; ls -l d | cut -c1`,
  },
  {
    what: 'a file that is larger than the device',
    script: `${device}; rm -r s d; mkdir s d; mknod d/f b $((M)) $((m)); seq 100 90000 >s/f; touch -d @1000 s d; sync -rl --write-devices; ls -l d | cut -c1`,
  },
  {
    what: 'a device that gives way without --write-devices',
    script: `${device}; rm -r s d; mkdir s d; mknod d/f b $((M)) $((m)); echo a >s/f; touch -d @1000 s d; sync -rl; ls -l d | cut -c1; head -c 100 $L | sha1sum`,
  },
];

describe.skipIf(reference === null || !canLoop)('content of devices', () => {
  const rows = cases.flatMap((row) => ways.map((way) => ({ ...row, way })));
  test.for(fewer(rows))('$what, $way', { timeout: 60_000 }, (row) => expectSameScript(row, reference!));
});

describe.skipIf(reference === null)('creation times', () => {
  test('are refused where nobody can set them', { timeout: 60_000 }, () =>
    expectSameScript(
      { script: 'mkdir s; sync -aN; sync -a -M--crtimes; sync -a --no-crtimes', way: 'push' },
      reference!,
    ),
  );
});
