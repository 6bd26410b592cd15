/** Options about the names of sources and destinations beside real rsync. */
import { describe } from 'vitest';
import { kernelName, referencePeer, remoteCommand } from '../support/peers.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const same = ({ script, ...test }: Script) =>
  expectSameScript({ sorted: true, ...test, script: `${said}${script}` }, reference!);

/** `said COMMAND`: without the lines that name programs or count the bytes of their wire. */
const said = `said() { "$@" | grep -v -e '^sent ' -e '^total' -e '^opening' -e '^$' -e ytes -e time: -e '^File list size'; }
`;

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  const made = `mkdir s; echo t >s/text; echo x >s/extra; touch -d 2001-01-01 s/* s; echo file >file; mkdir have; ln -s have link
    go() { said from_to "$@"; find to have -printf '%p %m\\n'; rm -rf to have/*; }`;

  test.each([
    ['to/foo/bar/new', 'to/foo/bar/', 'have/new/', 'have/x'],
    ['./to/a/b', 'to/./a/', 'to_text', 'to', 'link/a/b'],
    ['file/x', 'file/x/', 'link/a/'],
  ])('--mkpath to %s and others', (...places) =>
    same({
      way,
      script: `${made}; for n in '' n; do for to in ${places.join(' ')}; do
        go s/text $to -rtpi$n --mkpath; go s/ $to -rvv$n --mkpath; done; done
        go s/text to/foo/bar -rti --no-mkpath; go s/text to/foo/bar -rti --mkpath --no-mkpath; go s/text to/foo/bar -rtin`,
    }),
  );

  const missing = `mkdir -p s/a/b d/a/b d/gone/x d/no d/empty; echo 1>s/a/f; echo 2>s/k; echo o>d/k; echo o>d/gone/x/f; echo n>d/missing
    echo l>d/a/gone; echo m >d/a/b/gone2; ln -s x d/link; echo e>d/extra; touch -d 2001-01-01 s/k s/a/f s/a s/a/b s
    touch -d 2003-01-01 d d/a d/a/b d/gone d/no d/empty; printf 'k\\nmissing\\na/gone\\nlink\\nabsent\\ngone\\nempty/\\na/\\n' >list
    go() { cp -a d saved; said from_to s d/ "$@" --files-from=list; find d | sort; rm -r d; mv saved d; }`;

  test.each([
    ['-rlti', '-rltvv', '-rltin --stats', '-dti'],
    ['-rpti --delete', '-rpti --force', '-rpti --no-inc-recursive', '-rpti --protocol=29'],
    ['-rltib', '-rlti --exclude=missing', '-rlti --existing', '-rltiu --no-relative --protocol=30'],
  ])('missing sources: %s and others', (...sets) =>
    same({
      way,
      script: `${missing}; for how in --ignore-missing-args --delete-missing-args; do
        ${sets.map((options) => `go $how ${options}`).join('; ')}; done; go -rti --ignore-missing-args --delete-missing-args; go -rti`,
    }),
  );
});

describe.skipIf(reference === null || kernelName === 'portable').each(ways)('%s', (way) => {
  test('what is missing below directories that are missing too', () =>
    same({
      way,
      script: `mkdir -p s/dir d/have; echo 1 >s/dir/h; echo 2 >d/have/x; printf 'no/x\\nno/y\\nnone/sub/z\\nhave/x\\ndir/h\\n' >list
        for o in -ti -pti -tin --no-implied-dirs; do said from_to s d/ $o --files-from=list --delete-missing-args; done`,
    }));
});

describe.skipIf(reference === null)('missing sources that are named', () => {
  test.each(['--ignore-missing-args', '--delete-missing-args', '--delete-missing-args --delete', ''])(
    '%s',
    (how) =>
      same({
        script: `mkdir -p s/a/b d/a/b d/gone; echo 1>s/a/f; echo 2>s/k; echo o>d/gone/f; echo n>d/missing; echo l>d/a/gone; echo m >d/a/b/gone2
        touch -d 2001-01-01 s/k s/a/f s/a s/a/b s; touch -d 2003-01-01 d d/a d/a/b d/gone; go() { $R "$@"; echo "exit $?"; }
        go -rtpin ${how} s/a s/missing s/k s/gone s/no/ d/; go -rtpi ${how} -R s/./a/gone s/./k s/./a/b/gone2 d/; find d
        go -rtpi ${how} s/missing d/; go -rtpi ${how} s/k s/gone d/; find d
        go --list-only -r ${how} s/missing s/k; go --list-only -rR ${how} s/./a/missing s/k`,
      }),
  );
});

describe.skipIf(reference === null).each(['push', 'pull'] as const)('%s', (way) => {
  test.each(['-rtis', '-rtis --protocol=29', '-rti --protect-args --delete', '-rtvvs'])(
    'names that no shell may see: %s',
    (options) =>
      same({
        way,
        script: `mkdir -p 's/A $weird)name' d; echo 1 >'s/A $weird)name/file'; echo 2 >s/one; echo 4 >'s/st*r'; touch -d 2001-01-01 s/* s/A*/* s
          said from_to 's/A $weird)name/' 'd/a (b;c' ${options}; said from_to 's/one' 'd/ x' ${options} --exclude='a b'; said from_to 's/st\\*r' 'd/$y' ${options}`,
      }),
  );
});

describe.skipIf(reference === null)('a server with --secluded-args', () => {
  test('expands wildcards as rsync does', () =>
    same({
      way: 'pull',
      script: `mkdir -p s/a/b s/ab d; echo 1 >s/one; echo 2 >s/two; echo 4 >'s/st*r'; echo 5 >s/.hid; echo 6 >s/a/b/f; touch -d 2001-01-01 s/o* s/t* s/s* s/.h* s/a/b/f
        for name in 's/o*' 's/[ot]*' '*/*/*/f' 's/nosuch*' 's//one' 's/st\\*r' 's/?hid' 's/a*' 's/a*/' 's/nosuch/../one' 's/a[b' 's/[[]x' '' s/a/b/f/; do
          touch -d 2002-02-02 s s/a s/a/b s/ab d; said from_to "$name" d/ -rtis --exclude=d/; find d | sort; rm -r d; mkdir d; done`,
    }));
  test('of a client that says nothing ends with it', () =>
    same({
      script: 'mkdir s; $R --server --sender -se.LsfxCIvu </dev/null >out 2>/dev/null; echo $?; wc -c <out',
    }));
});

describe.skipIf(reference === null)('environment and', () => {
  const asked = (call: string) =>
    same({
      way: 'pull',
      script: `mkdir -p s d; echo 1 >s/one; echo 2 >two; echo 3 >'s/one two'; touch -d 2001-01-01 s/* two; run() { said from_to 's/one two' d/ "$@"; }; ${call}`,
    });
  test.each([
    'RSYNC_PROTECT_ARGS=0 run -rti',
    'RSYNC_OLD_ARGS=1 run -rti',
    'RSYNC_OLD_ARGS=1 run -rtis',
    'run -rtis --old-args',
    'RSYNC_PROTECT_ARGS=1 run -rti --old-args',
    'RSYNC_PROTECT_ARGS=1 run -rti --no-s',
  ])('%s', asked);
  // Faults that there were: no lane leaves these out.
  for (const call of ['RSYNC_PROTECT_ARGS=1 run -rti', 'run -rti --old-args']) test(call, () => asked(call));
});

describe.skipIf(reference === null)("real rsync's client keeps names from a shell", () => {
  const client = reference === null ? '' : remoteCommand(reference);
  for (const way of ['push', 'pull'] as const)
    test(`${way}, and ours is the server`, () =>
      same({
        script: `mkdir -p 's/A $weird)name' d; echo 1 >'s/A $weird)name/file'; echo 2 >s/one; echo 4 >'s/st*r'; touch -d 2001-01-01 s/* s/A*/*
          go() { local a=$1 b=$2; shift 2; said ${client} --rsh=$LSH --rsync-path="$R" -rti "$@" "${way === 'pull' ? 'lh:$PWD/' : ''}$a" "${way === 'push' ? 'lh:$PWD/' : ''}$b"; echo "exit \${PIPESTATUS[0]}"; }
          go 's/A $weird)name/' 'd/a (b;c' -s; go s/one 'd/ x' --secluded-args --exclude='a b'; go 's/st\\*r' 'd/$y' --protect-args --protocol=29; go s/none d/ -s; RSYNC_PROTECT_ARGS=1 go s/ 'd/e e' ${kernelName === 'portable' ? '-E' : '-A'}`,
      }));
});

/** A sender that adds to what it was asked for, or forgets what it was to leave out. */
const sender = `mkdir -p s/sub d; echo 1 >s/f; echo 2 >s/sub/g; echo 3 >s/extra; printf '#!/bin/sh\\nfor last; do :; done; exec %s "$@" "\${last%%/*}/extra" 2>/dev/null\\n' "$R" >adds
  printf '#!/bin/sh\\nshift; exec %s --server --include=extra "$@" 2>/dev/null\\n' "$R" >forgets; chmod 755 adds forgets`;

describe.skipIf(reference === null)('a sender of names that nobody asked for', () => {
  test.each(['', '--trust-sender', '--old-args', '-f "merge rules"', '-F'])('%s', (more) =>
    same({
      way: 'pull',
      script: `${sender}; echo '- nothing' >rules; for o in -r -rR -r\\ --protocol=29; do said from_to s/f d/ $o --rsync-path=$PWD/adds ${more}; find d -type f | sort
        said from_to s/ d/ $o --exclude=extra --rsync-path=$PWD/forgets ${more}; find d -type f | sort; rm -r d; mkdir d; done; rm adds forgets`,
    }),
  );
});
