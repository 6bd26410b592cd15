/** Where a file is until it is complete: --temp-dir and --delay-updates, beside real rsync. */
import { accessSync, constants, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe } from 'vitest';
import { kernelName, referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);

/** A folder on another file system than the tests'; '' where there is none. */
function elsewhere(): string {
  for (const dir of ['/dev/shm', '/run/shm', '/var/tmp'])
    try {
      accessSync(dir, constants.W_OK);
      if (statSync(dir).dev !== statSync(tmpdir()).dev) return dir;
    } catch {}
  return '';
}

/** Without what makes a temporary name unique, and what tells the two programs apart. */
const steady = `2>&1 | sed -E 's/[.]\\w{6}"/"/; s/ at .*//' | sort`;
const other = elsewhere();
const onOther = `T=$(mktemp -d ${other}/put-in-place.XXXXXX); trap 'rm -rf $T' EXIT`;
const files = `mkdir -p s/dir d/dir tmp; seq 30000 >s/dir/f; seq 20000 >d/dir/f; echo 1 >s/g; chmod 640 s/g; ln s/g s/h
  touch -d @1000 s/dir/f s/g d/dir/f; ln -s x s/link`;

/** With a seed of the time's, short sums are equal by chance now and then, and a file is sent again. */
const delta = '--no-W --checksum-seed=7';

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  /** Over a wire the first two are enough. */
  const few = (rows: readonly string[]) => (way === 'local' ? rows : rows.slice(0, 2));

  describe('--temp-dir', () => {
    test.each(few(['', `-H ${delta}`, '-b', '--inplace', '--partial-dir=.p']))(
      'beside the destination: %s',
      (options) => same({ way, script: `${files}\nsync -rltiO -T "$PWD/tmp" ${options}; ls -A tmp` }),
    );
    test.each(['none', 's/g'])('that is no directory (%s)', (dir) =>
      same({ way, script: `${files}\nsync -rtiO --temp-dir="$PWD/${dir}"` }),
    );
    test
      .skipIf(other === '')
      .each([
        '',
        '-b',
        '-H',
        delta,
        `--partial-dir=.p ${delta}`,
        '--delay-updates',
        '--partial',
        ...(kernelName === 'portable' ? [] : [`-X ${delta}`]),
      ])('on another file system: %s', (options) =>
      same({ way, script: `${onOther}\n${files}\nsync -rltpiO -T $T ${options}; ls -A $T` }),
    );
    test.skipIf(!canBePlainUser)('that cannot be written to', () =>
      same({
        way,
        plainUser: true,
        script: `${files}\nchmod 500 tmp; sync -rtiO -T "$PWD/tmp" ${steady}; chmod 700 tmp`,
      }),
    );
  });

  describe('--delay-updates', () => {
    test.each(
      few([
        '--protocol=28',
        '--protocol=29 --remove-source-files',
        '',
        '--partial-dir=.p',
        '--partial-dir="$PWD/tmp"',
        '-b --suffix=.old',
        '--backup-dir=../tmp',
        delta,
        '-n',
        '--delete-delay',
        '--remove-source-files --info=remove',
        '--no-delay-updates',
      ]),
    )('%s', (options) =>
      same({
        way,
        sorted: true,
        script: `${files}\nmkdir -p d/.~tmp~; echo stale >d/.~tmp~/g; touch d/extra\nsync -rltiO --delay-updates ${options}`,
      }),
    );
    test.each(['', '--delete', '--remove-source-files'])('files of several names: %s', (options) =>
      same({
        way,
        sorted: true,
        script: `${files}\nln s/dir/f s/dir/second; cp s/g d/h; sync -rltiHO --delay-updates ${options}`,
      }),
    );
    test('in the way of its folder', () =>
      same({
        way,
        sorted: true,
        script: `${files}\nmkdir -p d/.~tmp~/g/full d/dir; ln -s ../tmp d/dir/.~tmp~; sync -rtiO --delay-updates ${steady}`,
      }));
    test('nothing takes its name when the run is ended, and the next run goes on from there', () =>
      same({
        way,
        script: `mkdir s d; seq 40000 >s/z; echo 1 >s/a; echo old >d/a; echo old >d/z; touch -d @1000 s/* d/*
          (seen 'd/.z.??????' && kill -INT -- -$(cat pid)) &
          setsid bash -c 'echo $$ >pid; sync -rt --bwlimit=200 --delay-updates --remove-source-files' >/dev/null 2>&1
          wait; sleep 0.7; rm -f pid d/.~tmp~/z; cat d/a d/z; ls s d/.~tmp~; cmp d/.~tmp~/a s/a
          sync -rtiIO --delay-updates ${delta}; ls -A d`,
      }));
    test.skipIf(!canBePlainUser)('a folder that cannot be written to', () =>
      same({
        way,
        plainUser: true,
        sorted: true,
        script: `${files}\nchmod 500 d/dir; sync -rtiO --delay-updates; chmod 700 d/dir`,
      }),
    );
  });
});

describe.skipIf(reference === null)('folders that options name are looked at', () => {
  test.each(ways)('in this order, and all that is wrong is told: %s', (way) =>
    same({
      way,
      sorted: true,
      script: `mkdir -p s d; echo x >s/f; touch -d @1000 s/f; for dir in none s/f $(printf 'y%.0s' {1..300}); do
        for o in --temp-dir '--compare-dest=/no/such -b --backup-dir' "--link-dest=$PWD/s/f -T /no/such --backup-dir"; do
          sync -rti --info=backup $o "$PWD/$dir" ${steady}; done; done`,
    }),
  );
});
