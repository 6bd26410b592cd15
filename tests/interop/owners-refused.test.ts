/**
 * A root that may not give files away, as in many containers and on foreign file systems: what has not got its owner gets
 * nothing else, and above all no set-id bits, which would be root's.
 */
import { describe } from 'vitest';
import { canExtras } from '../support/extras.ts';
import { isRoot, kernelName, referencePeer } from '../support/peers.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript({ ...test, sorted: true }, reference!);

const tree = `R="setpriv --bounding-set -chown --inh-caps -chown $R"
mkdir -p s/sub s/empty d/sub d/empty
for f in s/old s/new s/sub/f s/large; do echo "of another" >$f; done
seq 60000 >>s/large; ln -s x s/link
cp s/old d/old; cp s/large d/large; touch -d 2001-01-01 d/old d/large
chown -hR 12345:54321 s; chmod 4755 s/old s/new s/sub/f s/large; chmod 2750 s/sub; chmod 750 s/empty
find s -exec touch -h -d 2002-02-02 {} +; touch -d 2003-03-03 d/*`;

describe.skipIf(reference === null || !isRoot).each(ways)('%s', (way) => {
  test.each([
    '-ai',
    '-ai --inplace',
    '-ai --no-W --partial-dir=.p',
    '-ai --delay-updates',
    '-ai --no-o',
    '-rlpgi',
    '-ai --no-t --chown=5:6',
    '-ai --remove-source-files',
    '-aii --fake-super',
    ...(canExtras && kernelName !== 'portable' ? ['-aiA', '-aiX'] : []),
  ])('an owner that cannot be set: %s', (options) =>
    options.includes('fake') && kernelName === 'portable'
      ? undefined
      : same({ way, script: `${tree}\nsync ${options}; ls -ln s/old | wc -l` }),
  );

  test.each(['--copy-dest=../other', '--link-dest=../other'])('of a file that is copied: %s', (option) =>
    same({
      way,
      // rsync copies to a temporary name, ours to the file's own, and a copy that fails is removed.
      script: `${tree}\ncp -a s other; chown -R 7 other
sync -ai ${option} 2>&1 | sed -E 's/ at [a-z.-]+[(].*//; s#/[.]?([a-z]+)([.][A-Za-z0-9]{6})?" failed#/\\1" failed#'; find d -printf '%m %U %p\\n'`,
    }),
  );

  test('of a backup', () =>
    same({
      way,
      script: `${tree}\nchown 7:8 d/old d/large; chmod 6711 d/old d/large; sync -ai --inplace -b --backup-dir=bak`,
    }));
});
