/** --write-batch, --only-write-batch and --read-batch: what either program writes the other reads. */
import { describe, expect } from 'vitest';
import { kernelName, ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const same = (test: Script) => expectSameScript(test, reference!);
const real = reference?.command.join(' ');
/** A batch holds the time and what it took, so it is not compared; its script names the program. */
const tree = `mkdir -p s/dir s/.q; seq 20000 >s/dir/f; seq 30 >s/g; ln s/g s/h; ln -s x s/link; : >s/.q/empty; echo "it's" >"s/a b"
  old() { mkdir -p $1/dir; seq 15000 >$1/dir/f; echo extra >$1/extra; echo other >$1/g; }
  script() { sed "1s/^'[^']*'/RSYNC/; s/--rsync-path='[^']*' //" $1.sh; stat -c '%a' $1 $1.sh; }
  find s -exec touch -h -d @1000 {} +; for d in d e g h; do old $d; touch -d @2000 $d $d/*; done`;
const clean = 'rm -f B B.sh C C.sh';

const optionSets = [
  '-ai',
  '-ai --delete',
  '-aiH --no-W',
  '-ai --protocol=29 --no-W',
  '-rtic --no-i-r',
  '-ai --exclude=.q --filter="P extra" --delete-after',
  '-ai --inplace --no-W',
  '-aib --backup-dir=../bak',
  '-ai --partial-dir=.p',
  '-ai --protocol=30',
  '-ai --protocol=31 --delete-delay',
  '-rti',
];

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  const some = way === 'local' ? optionSets : optionSets.slice(0, 4);

  test.each(some)('a batch that is written is read by both: %s', (options) =>
    same({
      way,
      sorted: true,
      script: `${tree}\nsync ${options} --write-batch=B; script B
        ${real} ${options} --read-batch=B e/; echo "rsync $?"; $R ${options} --read-batch=B g/; echo "$?"; ${clean}`,
    }),
  );
  test.each(some.slice(0, 4))('a batch alone: %s', (options) =>
    same({
      way,
      sorted: true,
      script: `${tree}\nsync ${options} --only-write-batch=B; cat d/g; script B
        ${real} ${options} --read-batch=B e/; echo "rsync $?"; $R ${options} --read-batch=B g/; echo "$?"; ${clean}`,
    }),
  );
});

describe.skipIf(reference === null)('a batch of rsync', () => {
  test.each([...optionSets, '-aiy --no-W', '-ai --delay-updates', '-aiS'])('is read: %s', (options) =>
    same({
      sorted: true,
      script: `${tree}\n${real} ${options} --write-batch=C s/ d/ >/dev/null; $R ${options} --read-batch=C e/; echo $?
        $R -ni ${options} --read-batch=C g/; echo $?; $R ${options} --read-batch=- g/ <C; echo $?; ${clean}`,
    }),
  );
  test.skipIf(kernelName === 'portable')('brings ACLs and attributes, and takes them', () =>
    same({
      sorted: true,
      script: `${tree}\nsetfacl -m u:1:r s/g; setfacl -d -m u:2:rx s/dir; setfattr -n user.a -v b s/dir/f s/dir
        told() { (cd $1 && getfacl -nR . && getfattr -Rd .); }
        ${real} -aAXi --write-batch=C s/ d/; for d in e g; do $R -aAXi --read-batch=C $d/; echo $?; told $d; done
        $R -aAXi --write-batch=B s/ h/; mkdir k; ${real} -aAXi --read-batch=B k/; echo $?; told k; ${clean}`,
    }),
  );
  test('is read with other options than it was written with', () =>
    same({
      sorted: true,
      script: `${tree}\n${real} -aHc --write-batch=C s/ d/; for o in -rv -av -rlptv '-rtvH' '-rtvz' -dv ${kernelName === 'portable' ? '' : '-rtvX'} '-av --iconv=utf8' '-rtv --inplace'; do
        rm -rf x; cp -a e x; $R $o --read-batch=C x/ 2>&1 | grep -v -e '^sent' -e '^total' -e recurse -e -dirs -e ' at '; done; ${clean}`,
    }));
  test.each([
    '-vv --iconv=.',
    '-v --iconv=utf8 --debug=iconv2,cmd2,exit3',
    '-n --iconv=utf8 -W -vv',
    '-vv --debug=exit,cmd',
  ])('tells how it is read: %s', (options) =>
    same({
      sorted: true,
      script: `${tree}\n${real} -a ${options.includes('iconv=') ? '--iconv=utf8' : ''} --write-batch=C s/ d/
        $R -a ${options} --read-batch=C e/ 2>&1 | sed -e 's/file=[^:]*/file=X/' -e '/^sent/d' -e '/^total/d'; ${clean}`,
    }),
  );
  // Of rsync's two processes it is the receiver that answers, which the other has started.
  test('that is slow to come answers who asks how far it is', () =>
    same({
      script: `mkdir s d e; for i in 1 2 3 4 5 6; do head -c 100000 /dev/zero | tr '\\0' $i >s/$i; done
        ${real} -r --write-batch=C s/ d/; mkfifo P; $R -r --read-batch=- e/ <P >out 2>&1 & p=$!; exec 3>P
        head -c 350000 C >&3; sleep 1.5; pkill -VTALRM -P $p; kill -VTALRM $p; sleep 0.2; tail -c +350001 C >&3; exec 3>&-
        wait $p; echo $?; tr '\\r' '\\n' <out | grep -o -e '^[1-6]$' -e '[0-9,]* *[0-9]*%' -e '(xfr#.*'; rm P out; ${clean}`,
    }));
  test('does what is wanted, and tells of the rest', () =>
    same({
      sorted: true,
      script: `${tree}\n${real} -a --write-batch=C s/ d/; cp -a s/g e/g; rm -r g/dir; echo more >>h/dir/f
        for d in e g h; do $R -aiv --read-batch=C $d/ 2>&1 | grep -v -e '^sent' -e '^total' | sed -e 's/ at .*//'; done; ${clean}`,
    }));
  test.each([0, 3, 9, 20])('that is cut short at its beginning (%i)', (length) =>
    same({
      sorted: true,
      script: `${tree}\n${real} -a --write-batch=C s/ d/; head -c ${length} C >B; $R -ai --read-batch=B e/ 2>&1 | sed -e 's/ at .*//' -e 's/([0-9]* bytes/(N bytes/'; echo \${PIPESTATUS[0]}; ${clean}`,
    }),
  );
  // Here rsync 3.5.0 waits for ever.
  test.each([
    ['-200', 'head -c -200', 'e', 12, ''],
    ['-1', 'head -c -1', 'e', 12, ''],
    ['in the middle', 'head -c 2000', 'e', 12, ''],
    ['not at all, but is of another file', 'cat', 'other', 23, 'No batched update for resend of "dir/f"'],
  ])('that is cut short (%s) ends with its code', (_, cut, dir, code, said) =>
    withWorkspace(async (cwd) => {
      const script = `${tree}; mkdir -p other/dir; seq 7 15001 >other/dir/f; touch -d @3000 other/dir/f
        ${real} -a --no-W --write-batch=C s/ d/; ${cut} C >B; $R -a --read-batch=B ${dir}/; echo $?; find ${dir} -name '.*.??????'`;
      const { stdout, stderr } = await run(['bash', '-c', script], {
        cwd,
        env: { R: ours().command.join(' ') },
        timeout: 50_000,
      });
      expect(stdout).toBe(`${code}\n`);
      expect(stderr).toContain(said);
    }),
  );
});

describe.skipIf(reference === null)('a server that is asked for a batch', () => {
  test.each(['--write-batch=C', '--read-batch=C', '-q -M--write-batch=C', '--stderr=all -M--write-batch=C'])(
    'by its client alone: -M%s',
    (option) => same({ way: 'push', script: `mkdir s; touch s/f; sync -r -M${option}` }),
  );
  test.each(['', '-q', '-n', '--stderr=all'])('in a local run with an option for one side: %s', (options) =>
    same({ script: `mkdir s; touch s/f; sync -r ${options} --write-batch=B -M-O; ${clean}` }),
  );
});

describe.skipIf(reference === null)('wrong use', () => {
  test.each([
    '--read-batch=none d/',
    '--read-batch=s d/',
    '--read-batch=B host:d/',
    '--write-batch=none/B s/ d/',
    '--write-batch=s s/ d/',
    '--write-batch=B --read-batch=B s/ d/',
    '--read-batch=B --remove-source-files d/',
    '--read-batch=B --protocol=29 d/',
    '-n --write-batch=C s/ d/',
    '-n --only-write-batch=C s/ d/',
  ])('%s', (args) =>
    same({
      script: `${tree}\n${real} -a --write-batch=B s/ h/; $R -ai ${args} | sort; echo \${PIPESTATUS[0]}; ${clean}`,
    }),
  );
  test('a rule that could be a command', () =>
    same({
      script: `${tree}\n$R -a --write-batch=B --filter=$'- g\\n#E#\\ntouch gone' s/ d/ 2>/dev/null; echo $?; sh ./B.sh 2>/dev/null; ls; ${clean}`,
    }));
  test('a full disk', () =>
    same({
      script: `${tree}\nln -s /dev/full B; $R -a --write-batch=B s/ d/ 2>&1 | sed 's/write [0-9]* b/write N b/; s/ at .*//' | grep -o 'No space.*'; ${clean}`,
    }));
});
