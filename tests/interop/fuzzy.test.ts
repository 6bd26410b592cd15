/** --fuzzy: which file is the basis of one that is missing, and what that saves, beside real rsync. */
import { describe, expect } from 'vitest';
import { ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { canBePlainUser, expectSameScript, lsh, prelude, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);
const quiet = `grep -v -e '^sent ' -e '^total ' -e '^delta-' -e 'file list'`;
/** Names of all kinds, each a little different, none like the source's in size or time. */
const names = [
  'archive-v1.tar',
  'archive-v2.tar~',
  'archive-v2.tar.bak',
  'archive.tar.orig',
  'archive-v2.tar.~3~',
  'archive-v3.tar.gz',
  'unrelated.dat',
  '.hidden',
  'a',
  'b.12',
  'b.13.old',
  "$'caf\\xc3\\xa9.txt'",
  "$'\\xff\\xfe.'",
  'empty.tar',
];
const around = `mkdir -p s/sub d/sub a/sub b; n=0; for f in ${names.join(' ')}; do
  n=$((n + 1)); seq $n 9000 >d/$f; seq $n 8000 >d/sub/$f; seq $n 7000 >a/$f; seq $n 6000 >a/sub/$f; done; : >d/empty.tar
  find d a -type f -exec touch -d @2000 {} +`;

/** Over a wire the first of them are enough. */
const optionSets = [
  '-y',
  '-yy --compare-dest=../b --compare-dest=../a',
  '-y --protocol=29',
  '-yz',
  '-yb --delete-after',
  '-y -W',
  '-y -n',
  '-y --inplace',
  '-y --no-y',
  '-yy',
  '-yy --copy-dest=../a',
  '-y --link-dest=../a',
  '-y --partial-dir=.p',
  '-y --size-only',
  '-y --modify-window=5000',
  '-y --delete',
  '-yH',
];

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test.each(way === 'local' ? optionSets : optionSets.slice(0, 5))('%s', (options) =>
    same({
      way,
      sorted: true,
      script: `${around}
        for f in archive-v2.tar archive archive-v4.tar.gz b.14 .hidder $'cafe.txt' $'\\xff\\xfd.' other; do seq 9500 >s/$f; cp s/$f s/sub; done
        seq 3 9000 >s/twin; ln s/twin s/zwei; touch -d @2000 s/twin; seq 5 9000 >s/same.size
        find s -type f ! -name twin ! -name zwei -exec touch -d @1000 {} +
        sync -rtiO --no-W ${options} --debug=fuzzy2 --stats | grep -e '^[<>c.]' -e fuzzy -e iteral -e atched; ls -AR d`,
    }),
  );
  // rsync writes what follows into a file without a beginning, or leaves it out (docs/compatibility.md).
  test.each(['--append', '--append-verify'])(
    '%s goes on where the file itself ends, and no other',
    (option) =>
      withWorkspace(async (dir) => {
        const script = `mkdir s d a; seq 90000 >s/file1; seq 50000 >d/file2; cp d/file2 a/file1; seq 95000 >s/file3; seq 99000 >a/file3
        seq 60000 >s/file4; seq 20000 >d/file4; cp s/file4 a; touch -d @1000 a/*
        sync -rty ${option}; diff -r s d -x file2; rm d/file[134]; sync -rtyy --copy-dest=../a ${option}; diff -r s d -x file2`;
        const env = { R: ours().command.join(' '), LSH: lsh };
        const { stdout } = await run(['bash', '-c', prelude(way) + script], {
          cwd: dir,
          env,
          timeout: 50_000,
        });
        expect(stdout).toBe('exit 0\nexit 0\n');
      }),
  );
  test('below protocol 29', () =>
    same({ way, script: `${around}; sync -rty --protocol=28 2>&1 | grep -o 'fuzzy.*' | sort -u` }));
  test.skipIf(!canBePlainUser)('a similar file that cannot be read', () =>
    same({
      way,
      plainUser: true,
      sorted: true,
      script: `mkdir s d; seq 9000 >s/file2; seq 8000 >d/file1; chmod 0 d/file1; sync -rtiyO --no-W | ${quiet}; chmod 600 d/file1`,
    }),
  );
  test('a basis that is itself about to change', () =>
    same({
      way,
      sorted: true,
      script: `mkdir s d; for f in file1 file2 file3 file4; do seq 9000 >s/$f; done; seq 8000 >d/file2; seq 7000 >d/file4; touch -d @1000 s/* d/*
        sync -rtiyO --no-W --debug=fuzzy2 | ${quiet}`,
    }));
});
