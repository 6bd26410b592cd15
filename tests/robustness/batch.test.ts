/**
 * Batches where something goes wrong, on each kernel, beside real rsync: a disk that gets full, an interrupt, a user
 * without rights.
 */
import { describe, test } from 'vitest';
import { isRoot, referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript, type Script, ways } from '../support/script.ts';

const reference = referencePeer();
const real = reference?.command.join(' ');
const asked = process.env.OC_RSYNC_KERNEL;
const kernels = asked === undefined ? ['native', 'portable'] : [asked];

/** `left FILE...`: what is left of a batch, which tells the time and so is not compared. */
const prelude = `left() { for f in "$@"; do [ -s $f ] && echo "$f: $(stat -c %a $f)"; done; rm -f "$@"; }
  made() { mkdir -p s d e; seq 60000 >s/big; echo 1 >s/a; seq 7 50000 >d/big; cp d/big e/; touch -d @1000 s/* d/* e/*; }`;
/** Real rsync leaves one by chance, where its receiver is killed before it could remove it. */
const oursLeavesNoTemporary = `[ "$R" = '${real}' ] || compgen -G 'd/.*.??????'`;
/** `small DIR SIZE`: a file system of that size there, until the script ends. */
const disk = `small() { mkdir $1; mount -t tmpfs -o size=$2 tmpfs $1 || exit 77; trap "umount -l $PWD/$1" EXIT; }`;

describe.skipIf(reference === null).each(kernels)('batches with the %s kernel', (kernel) => {
  const same = ({ script, ...test }: Script) =>
    expectSameScript(
      { ...test, script: `export OC_RSYNC_KERNEL=${kernel}\n${prelude}\n${disk}\n${script}` },
      reference!,
    );

  test.each(ways)('are written and read: %s', (way) =>
    same({
      way,
      sorted: true,
      script: `made; cp -a e f; ln -s x s/link; mkdir s/dir; echo 2 >s/dir/f; touch -d @1000 s/dir/f s/dir s; touch -d @2000 d e f; sync -rlti --no-W --write-batch=B
        ${real} -rlt --read-batch=B e/; echo $?; $R -rlti --read-batch=B f/; echo $?; left B B.sh`,
    }),
  );

  describe('an interrupt', () => {
    test.each(ways)(
      'while one is written leaves the old file, and the next run writes a whole one: %s',
      (way) =>
        same({
          way,
          script: `made; (seen 'd/.big.??????' && kill -INT -- -$(cat pid)) &
          setsid bash -c 'echo $$ >pid; sync -rt --bwlimit=100 --write-batch=B' >/dev/null 2>&1; wait; sleep 0.7
          rm -f d/a pid; ls -A d; cmp d/big e/big && left B B.sh
          sync -rt --write-batch=B; ${real} -rt --read-batch=B e/; echo $?; left B B.sh`,
        }),
    );
    test.each(['', '--partial', '--delay-updates'])('while one is read: %s', (options) =>
      same({
        script: `made; rm d/big; ${real} -rt ${options} --write-batch=B s/ d/; mkfifo P
          (exec 3>P; head -c 200000 B >&3; seen 'e/.big.??????'; sleep 1; kill -INT -- -$(cat pid); sleep 0.5; exec 3>&-) &
          setsid bash -c 'echo $$ >pid; exec '"$R"' -rt ${options} --read-batch=- e/ <P' >/dev/null 2>&1; echo $?; wait
          ls -A e; head -c 20 e/big; part=e/.~tmp~/big; [ ! -e $part ] || cmp -n 100000 $part s/big; rm -rf P pid e/big $part; left B B.sh`,
      }),
    );
  });

  describe.skipIf(!isRoot)('a full disk', () => {
    test.each(ways)('where one is written: %s', (way) =>
      same({
        way,
        script: `made; small full 100k; rm d/*; sync -rt --write-batch=full/B 2>err; grep -o 'No space left.*' err; rm err
           ls full; ${oursLeavesNoTemporary}; [ ! -e d/big ] || cmp d/big s/big; rm -f d/* d/.big.??????`,
      }),
    );
    test.each(['', '--inplace', '--partial', '--delay-updates', '--partial-dir=.p'])(
      'where one is read to: %s',
      (options) =>
        same({
          script: `made; rm d/big; ${real} -rt ${options} --write-batch=B s/ d/; small full 300k; echo old >full/big; touch -d @2000 full/big
          $R -rt ${options} --read-batch=B full/; echo $?; (cd full; find . -type f | sort | xargs wc -c); head -c 10 full/big; left B B.sh`,
        }),
    );
    test('that has room again: the batch is read to its end', () =>
      same({
        script: `made; rm d/big; ${real} -rt --write-batch=B s/ d/; small full 400k; head -c 200000 /dev/zero >full/fill
          $R -rt --read-batch=B full/ 2>/dev/null; echo $?; rm full/fill; $R -rtiO --read-batch=B full/; echo $?; cmp full/big s/big; left B B.sh`,
      }));
  });

  test.skipIf(!canBePlainUser)('a user without rights', () =>
    same({
      plainUser: true,
      script: `made; rm d/big; mkdir shut; chmod 555 shut; sync -rt --write-batch=shut/B; ls -A d; sync -rt --write-batch=B; stat -c %a B B.sh
        chmod 555 e; $R -rt --read-batch=B e/; echo $?; chmod 755 e; $R -rti --read-batch=B e/; echo $?
        echo old >d/big; bash ./B.sh d/ | grep -v -e ^sent -e ^total; cmp d/big s/big
        chmod 0 B; $R -rt --read-batch=B e/; echo $?; sync -rt --write-batch=B; rm -rf shut; chmod 600 B; left B B.sh`,
    }),
  );
});
