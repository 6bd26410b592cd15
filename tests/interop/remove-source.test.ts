/** --remove-source-files, where the file that was sent is not (any more) what is to be removed, beside real rsync. */
import { describe } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);

/** Waits for the temporary file in `d/`, then does something. */
const meanwhile = (what: string) => `(seen 'd/.f.??????' && { ${what}; }) & touch -d @1000 s/f s/other`;
/** The portable kernel makes no nodes. */
const fifo = process.env.OC_RSYNC_KERNEL === 'portable' ? '' : 'mkfifo s/fifo; ';
const slow = 'mkdir s d; seq 60000 >s/f; echo 1 >s/other';

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  test.each([
    ['is touched', 'touch -d @2000 s/f'],
    ['grows', 'echo more >>s/f; touch -d @1000 s/f'],
    ['gets another type', 'rm s/f; mkdir s/f'],
    ['vanishes', 'rm s/f'],
  ])('a file that %s while it is sent stays', (_, what) =>
    same({
      way,
      sorted: true,
      script: `${slow}\n${meanwhile(what)}; sync -rt --bwlimit=200 --remove-source-files --info=remove; wait`,
    }),
  );

  test('a run that is interrupted removes nothing that did not arrive', () =>
    same({
      way,
      script: `${slow}; touch -d @1000 s/f s/other
        (seen 'd/.f.??????' && kill -INT -- -$(cat pid)) &
        setsid bash -c 'echo $$ >pid; sync -rt --bwlimit=200 --remove-source-files' >/dev/null 2>&1
        wait; sleep 0.7; rm -f d/other s/other pid`,
    }));

  test.skipIf(!canBePlainUser)('what cannot be removed is told', () =>
    same({
      way,
      plainUser: true,
      sorted: true,
      script:
        'mkdir -p s/shut; echo 1 >s/shut/f; echo 2 >s/g; chmod 555 s/shut; sync -rt --remove-source-files --info=remove; chmod 755 s/shut',
    }),
  );

  test('what could not be written stays', () =>
    same({
      way,
      script: `mkdir -p s d/g/full; echo 1 >s/f; echo 2 >s/g; touch d/g/full/x; sync -rt --remove-source-files; ls s`,
    }));

  test.each(['', '--remove-sent-files', '-u', '--existing', '--ignore-existing', '--max-size=3', '-H'])(
    'what was up to date goes too: %s',
    (options) =>
      same({
        way,
        sorted: true,
        script: `mkdir -p s/dir d; echo same >s/same; echo new >s/dir/new; echo 1 >s/old; ln s/same s/twin; ln -s x s/link
          ln -s x s/samelink; ${fifo}cp -a s/same s/samelink d; echo newer >d/old; touch -d @1 s/old
          sync -rltD --remove-source-files ${options} --info=remove; sync -rltDiO --remove-source-files`,
      }),
  );
});

describe.skipIf(reference === null)('a local run', () => {
  test.each(['-rt --inplace --no-W', '-rtH', '-rtc'])('into its own source removes nothing: %s', (options) =>
    same({
      script: `mkdir s; echo 1 >s/f; touch -d @1000 s/f; ln s/f s/g; ln -s s d; $R ${options} -I --remove-source-files s/ d/; echo $?; ls s`,
    }),
  );
});
