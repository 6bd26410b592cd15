/** --log-file and its format: what is in the log, beside real rsync. */
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { isRoot, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');

/** Shows the log without its times, process ids and counts of the wire, and takes it away. */
const show = String.raw`show() { sed -E 's/^[0-9/]{10} [0-9:]{8} \[[0-9]+\] //; s/ at [^ ]+\([0-9]+\) \[([a-zA-Z]+)=[^]]*\]/ [\1]/; s/^sent .* bytes  received .* bytes.*(total.*)?/sent and received \1/; s/^(File list.*:|Total bytes.*:).*/\1/; s/speedup.*//' $1; rm -f $1; }`;
const tree = [
  'mkdir -p s/dir/deep d/dir; echo one >s/f; echo two >s/dir/g; ln -s f s/link; ln s/f s/hard',
  'echo old >d/f; echo gone >d/gone; mkdir d/dir/away; head -c 100000 /dev/zero >s/zero',
  'touch -d 2020-01-01 s/dir d/dir d/gone; touch -d 2021-02-03 s/f s/dir/g s/dir/deep s/link; find s -type f -exec touch -d 2021-06-07 {} +; touch -hd 2021-06-07 s/link; touch -d 2022-02-02 s d',
].join('\n');
const same = (script: string, more: Partial<Script> = {}) =>
  expectSameScript({ ...more, script: `${show}\n${tree}\n${script}` }, reference!);

/** Its processes write side by side, and rsync's own order changes: sorted. */
const sorted = (options: string) =>
  `sync ${options} --log-file=log >out; cat out log >all; rm out log; show all | sort`;

describe.skipIf(reference === null).each(fewer(ways))('%s', (way) => {
  test.each([
    '-a',
    '-aH',
    '-av',
    '-ai',
    '-aq',
    '-aqv',
    '-an',
    '-a --delete',
    '-ai --delete-before',
    '-rv --no-i-r',
    '-a --stats',
    '-a --out-format=%n',
    '-a --out-format=%b,%c,%n',
    '-a --protocol=29',
    '-a --protocol=28 -H',
  ])('%s', (options) => same(sorted(options), { way }));

  test.each([
    '-a --delete --log-file-format=',
    '-a --delete --log-file-format=%n',
    "-a --delete '--log-file-format=%o %n%L %M'",
    "-aH --delete '--log-file-format=%i %l %f %U %G %B'",
    "-ac '--log-file-format=%C %n'",
    "-a '--log-file-format=%C %n'",
    "-ac '--out-format=%-40C %n'",
    "-a '--log-file-format=%-10l|%10n|'",
    '-aii --log-file-format=%i',
  ])('%s', (options) => same(sorted(options), { way }));

  test('a second run adds to it', () =>
    same("echo 'a line' >log; sync -a --log-file=log; sync -a --log-file=log; show log | sort", { way }));
  test('what went wrong', () =>
    same('mkdir -p d/hard/x; sync -rl --log-file=log >out 2>&1; rm -r out d/hard; show log | sort', { way }));
  test.each(['absent/log', 'dir', 'log/below'])('one that cannot be opened: %s', (log) =>
    same(`mkdir dir; : >log; sync -r --log-file=${log}`, { way }),
  );
  test.skipIf(way !== 'push').each(['', '--stats', '-v', '--protocol=30', '--contimeout=5'])(
    'what the other side ended with: %s',
    (options) =>
      same(
        `$R -r --log-file=log --rsh='${lsh}' --rsync-path="$R" ${options} s/ lh:$PWD/deep/new >out; echo $?
        cat out log >all; rm out log; show all | sed 's/([0-9]* bytes/(N bytes/' | sort`,
        { way },
      ),
  );
  // In the log that was named by then.
  test.each([
    '--include-from=none --log-file=log',
    '--log-file=log --include-from=none',
    '--log-file=log --exclude=x --exclude-from=none --log-file=log2',
    '--log-file=log --exclude=x --log-file=log2 --exclude-from=none --stats',
    '--exclude=x --log-file=log --filter=:n,',
    '--log-file=absent/log --filter=:n,',
    '--log-file=log --files-from=none',
    '--files-from=none --log-file=log',
    '--log-file=log --bogus',
    '--bogus --log-file=log',
    '--log-file=log --timeout=x',
    '--log-file=log --max-size=x',
    '--outbuf=x --log-file=log',
    '-M--log-file=$PWD/log -M--exclude-from=none',
    '-M--exclude-from=none -M--log-file=$PWD/log',
    '-M--log-file=$PWD/log -M--timeout=x',
  ])('options that cannot be read: %s', (options) =>
    same(`sync -r ${options}; ls; for l in log log2; do [ ! -f $l ] || show $l; done`, { way }),
  );
  test('a name with a newline is one line', () =>
    same(`: >$'s/a\\nb'; : >$'s/\\x85'; ${sorted('-a')}`, { way }));
  test.skipIf(!isRoot)('a link that another user planted is not gone through', () =>
    same('ln -s target log; chown -h 65534 log; sync -rl --log-file=log 2>&1 | grep -v refusing; ls target', {
      way,
    }),
  );
  test('an own link is gone through', () =>
    same('ln -s target log; sync -a --log-file=log; show target | sort', { way }));
});

describe.skipIf(reference === null)('of the other side', () => {
  test.each(['push', 'pull'] as const)('%s', (way) =>
    same('sync -a --delete -M--log-file=$PWD/far; show far | sort', { way }),
  );
  test.each(['push', 'pull'] as const)('%s, with a format', (way) =>
    same("sync -aH --delete -M--log-file=$PWD/far '-M--log-file-format=%i %n%L %l'; show far | sort", {
      way,
    }),
  );
  test('one whose client fails tells of it as of its own', () =>
    same('from_to s/ none/d/ -a -M--log-file=$PWD/far; sleep 0.3; show far', { way: 'pull' }));
  test.each([
    'from_to s/ d/ --usermap=bogus',
    'from_to s/ d/ --groupmap=a:no-such-group',
    'from_to s/ no/d/',
    'from_to none d/',
    'from_to s/ d/ -M--filter=bogus',
    'from_to s/ d/ --checksum-choice=none --append-verify',
  ])('one that receives, when %s', (push) =>
    same(`${push} -a -M--log-file=$PWD/far; sleep 0.3; [ ! -f far ] || show far | sed 's/^sent .*/sent/'`, {
      way: 'push',
    }),
  );
});
