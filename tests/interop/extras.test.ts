/** ACLs and extended attributes, every way beside real rsync; what is on the disk is read by the system's own tools. */
import { describe, expect, test } from 'vitest';
import { canExtras } from '../support/extras.ts';
import { isRoot, kernelName, ours, referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { run } from '../support/run.ts';
import { expectSameScript, type Script, ways } from '../support/script.ts';

const reference = referencePeer();

const long = (letter: string, length = 300) => letter.repeat(length);

/** A tree with attributes short and long, shared and lone, on files, directories and (for root) links and nodes. */
const xattrSource = `mkdir -p s/dir/sub s/none; echo one >s/one; echo two >s/dir/two; echo three >s/dir/sub/three; echo four >s/plain
  setfattr -n user.short -v x s/one; setfattr -n user.long -v ${long('a')} s/one
  setfattr -n user.short -v x s/dir/two; setfattr -n user.long -v ${long('a')} s/dir/two
  setfattr -n user.b -v '' s/dir; setfattr -n user.a -v ${long('q', 32)} s/dir; setfattr -n user.c -v ${long('q', 33)} s/dir
  setfattr -n user.z -v ${long('z', 2000)} s/dir/sub/three; setfattr -n user.rsync.odd -v odd s/dir/sub/three
  setfattr -n user.rsync.%odd -v own s/plain; ln -s one s/link; find s -exec touch -h -d @1000 {} +`;
const rootSource = isRoot
  ? `; setfattr -n trusted.t -v ${long('t', 40)} s/one; setfattr -n trusted.u -v t s/dir; setfattr -h -n trusted.l -v l s/link
     mkfifo s/fifo; setfattr -n trusted.f -v ${long('f', 50)} s/fifo; setfattr -n security.x -v sec s/plain`
  : '';
/** Times of this run's own, of which two twins might have different ones. */
const settled = 'find s -newermt @2500 -exec touch -h -d @3000 {} +';
const showXattrs = `(cd d && find . | LC_ALL=C sort | xargs getfattr -h -d -m- | sed -E 's/(.)\\1{20,}/\\1+/')`;
const xattrs = (
  what: string,
  options: string,
  change = '',
  before = 'mkdir d',
): Script & { what: string } => ({
  what: `${what}: ${options}`,
  script: `umask 022; ${xattrSource}${rootSource}; ${before}; touch -d @1000 d
    sync ${options}; ${showXattrs}; ${change}; ${settled}; sync ${options}; ${showXattrs}; sync ${options}`,
});

const changes = `setfattr -n user.long -v ${long('b')} s/one; setfattr -x user.short s/dir/two; setfattr -n user.new -v ${long('n')} s/plain
  echo changed >s/dir/sub/three; setfattr -n user.z -v ${long('y', 2000)} s/dir/sub/three; setfattr -x user.c s/dir; setfattr -n user.e -v e s/none
  touch -d @2000 s/dir/sub/three; setfattr -n user.extra -v ${long('a')} d/dir/two; setfattr -n user.only -v o d/plain`;

const xattrCases = [
  xattrs('attributes', '-aXi', changes),
  xattrs('attributes', '-aXXi', changes),
  xattrs('attributes', '-aXi --no-i-r --delete', changes),
  xattrs('attributes', '-aXiH', `${changes}; ln s/one s/hard; ln s/dir/two s/dir/hard`),
  xattrs('attributes', '-aXi --inplace --no-W', changes),
  xattrs('attributes', '-aXi -b', changes),
  xattrs('attributes', '-aXi -b --backup-dir=../bak --delete', `${changes}; rm s/one`),
  xattrs('attributes', '-rXi', changes),
  xattrs('attributes', '-rlXic', changes),
  xattrs(
    'attributes',
    '-aXi --existing',
    changes,
    `mkdir -p d/dir; echo old >d/one; setfattr -n user.q -v q d/one`,
  ),
  xattrs('attributes', '-aXi --no-W -I --partial-dir=.part', changes),
  xattrs(
    'attributes',
    '-aXi --link-dest=../prev',
    changes,
    'mkdir d; cp -a s prev; setfattr -n user.p -v p prev/one; setfattr -n user.p -v p prev/dir',
  ),
  xattrs(
    'attributes',
    '-aXi --copy-dest=../prev',
    changes,
    'mkdir d; cp -a s prev; setfattr -n user.p -v p prev/one; setfattr -n user.p -v p prev/dir',
  ),
  xattrs(
    'attributes',
    '-aXi --compare-dest=../prev',
    changes,
    'mkdir d; cp -a s prev; setfattr -n user.p -v p prev/one',
  ),
  xattrs('attributes', '-aXni', changes),
  xattrs('rules for names', `-aXi -f-x_user.s*`, changes),
  xattrs('rules for names', `-aXi '-f+x_user.long' '-f-x_*'`, changes),
  xattrs('rules for names', `-aXi '--filter=-xr user.long'`, changes),
  xattrs('rules for names', `-aXi '--filter=-xs user.long'`, changes),
  xattrs('attributes', '-aXi --protocol=30', changes),
  xattrs('attributes', '-aXi --protocol=31 -z', changes),
  {
    what: 'attributes without -X stay',
    script: `${xattrSource}; mkdir d; echo a >d/one; setfattr -n user.q -v q d/one; sync -ai; ${showXattrs}`,
  },
  {
    what: 'a read-only file of the user',
    script: `mkdir s d; echo a >s/f; setfattr -n user.a -v ${long('v')} s/f; setfattr -n user.s -v s s/f; chmod 444 s/f; touch -d @1000 s/f
      cp -p s/f d/f; sync -aXi; ${showXattrs}; stat -c %a d/f; sync -aXi`,
  },
  { what: 'protocols that have none', script: `${xattrSource}; sync -aX --protocol=29` },
  {
    what: 'a directory that cannot be made',
    script: `mkdir -p s/dir d; setfattr -n user.a -v b s/dir; echo 1 >s/dir/f; chmod 555 d; sync -rXi; chmod 755 d`,
    plainUser: isRoot,
  },
] satisfies readonly (Script & { what: string })[];

const aclSource = `umask 022; mkdir -p s/dir/sub s/plain s/sticky; echo one >s/one; echo two >s/dir/two; echo three >s/dir/sub/three; echo four >s/exec
  chmod 2775 s/dir; chmod 1777 s/sticky; chmod 4755 s/exec; chmod 640 s/one
  setfacl -m u:12:r,g:13:rw,u:4711:rwx s/one; setfacl -m u:12:r s/dir/two; chmod 600 s/dir/two; setfacl -m u:12:r s/exec
  setfacl -m u:1:rwx,g:2:rx s/dir; setfacl -dm u:3:rwx,g:4:r,m::rx s/dir; setfacl -dm u::7,g::5,o:0 s/plain
  ln -s one s/link; find s -exec touch -h -d @1000 {} +`;
const showAcls = `(cd d && find . | LC_ALL=C sort | xargs getfacl -n && find . -printf '%M %p\\n' | sort -k2)`;
const acls = (what: string, options: string, before = 'mkdir d'): Script & { what: string } => ({
  what: `${what}: ${options}`,
  script: `${aclSource}; ${before}; sync ${options}; ${showAcls}
    setfacl -x u:12 s/one; setfacl -b s/dir/two; setfacl -k s/dir; setfacl -m u:7:x s/dir/sub/three; setfacl -dm u:8:r s/sticky; setfacl -m m::r d/dir; ${settled}
    sync ${options}; ${showAcls}; sync ${options}`,
});

const aclCases = [
  acls('ACLs', '-aAi'),
  acls('ACLs', '-rAi'),
  acls('ACLs', '-aAi --no-i-r'),
  acls('ACLs', '-aAi --numeric-ids'),
  acls('ACLs', '-aAXi --delete -b'),
  acls('ACLs', '-aAi --inplace --no-W -c'),
  acls('ACLs', '-aAiH --link-dest=../prev', 'mkdir d; cp -a s prev; setfacl -m u:99:r prev/one'),
  acls('ACLs', '-aAi --copy-dest=../prev', 'mkdir d; cp -a s prev; setfacl -m u:99:r prev/one'),
  acls(
    'ACLs',
    '-aAi --backup-dir=../bak -b',
    'mkdir d; setfacl -dm u:77:rwx d; echo old >d/one; setfacl -m u:78:r d/one',
  ),
  acls('ACLs below a default ACL', '-aAi', 'mkdir d; setfacl -dm u:77:rwx,g:78:r d'),
  acls('no -A below a default ACL', '-ai', 'mkdir d; setfacl -dm u:77:rwx,g:78:r d'),
  acls('ACLs', '-aAni'),
  acls('ACLs', '-aAi --chmod=D700,F600'),
  acls('ACLs', '-aAi --chmod=g=rx --no-p'),
  acls('ACLs', '-aAi --protocol=30'),
  acls('ACLs and mapped ids', "-aAi '--usermap=12:112,3:103' '--groupmap=13:113,4:104'"),
  acls('ACLs and mapped ids', "-aAi --numeric-ids '--usermap=12:112' '--groupmap=13:113'"),
  { what: 'protocols that have none', script: `${aclSource}; sync -aA --protocol=29` },
  ...['-aAXLi', '-aAXki', '-aAXi --copy-unsafe-links', '-aALi --no-i-r', '-aAXi'].map((options) => ({
    what: `ACLs of what links lead to: ${options}`,
    script: `umask 022; mkdir -p s o/dir d; echo 1 >o/dir/f; ln -s ../o/dir s/l; ln -s ../o/dir/f s/lf
      setfacl -m u:5:rwx,d:u:6:rwx o/dir; setfacl -m u:7:rw o/dir/f; setfattr -n user.q -v w o/dir o/dir/f
      find s o -exec touch -h -d @1000 {} +; sync ${options}; from_to s/l/ d/named/ ${options}; from_to s/lf d/ ${options}
      ${showAcls}; ${showXattrs}; sync ${options}`,
  })),
] satisfies readonly (Script & { what: string })[];

/** Owners, modes and nodes that only root can make, noted in attributes; and from there made again. */
const fakeSource = `umask 022; mkdir -p s/dir s/closed; echo one >s/one; echo suid >s/suid; chmod 4755 s/suid; chmod 2770 s/dir; chmod 400 s/one; ln -s one s/link
  ${isRoot ? 'mkfifo s/fifo; mknod s/null c 1 3; mknod s/loop b 7 9; chown 12:13 s/one s/dir; chown -h 4:5 s/link; setfacl -m u:12:r s/suid; setfacl -dm g:5:rx s/dir' : ''}
  setfattr -n user.a -v x s/suid; chmod 0 s/closed; find s -exec touch -h -d @1000 {} +`;
const showFake = `(cd d && find . | LC_ALL=C sort | xargs getfattr -h -d -m- | sed -E 's/(.)\\1{20,}/\\1+/' && find . -printf '%M %U %G %s %l %p\\n' | LC_ALL=C sort -k6)`;
// --delete-after: while lists are still being sent it is chance when a failure to read one is told.
const fake = (options: string, back: string, more = ''): Script & { what: string } => ({
  what: `--fake-super: ${options}, and back ${back}`,
  script: `${fakeSource}; mkdir d; sync ${options}; ${showFake}; sync ${options}; chmod 644 s/suid; ${more}; ${settled}
    sync ${options} --delete-after; ${showFake}; mv s old; mv d s; mkdir d; sync ${back}; ${showFake}; sync ${back}`,
});
const fakeCases = [
  fake('-aXi -M--fake-super', '-aXi --fake-super'),
  fake('-aAi -M--fake-super', '-aAi --fake-super'),
  fake('-aAXiH -M--fake-super', '-aAXiH --fake-super -M--super', 'ln s/suid s/hard'),
  fake('-ai --fake-super', '-ai --fake-super', 'rm s/link; ln -s two s/link'),
  fake('-ai -M--fake-super -b --backup-dir=../bak', '-ai --fake-super', 'rm s/link; mkdir s/link'),
  fake('-ai --no-super', '-ai --super'),
];

const rows = [...xattrCases, ...aclCases, ...fakeCases].flatMap((row, r) =>
  ways
    .filter((way, w) => way === 'local' || (r + w) % 2 === 0 || process.env.OC_RSYNC_ALL !== undefined)
    .flatMap((way) => [
      { ...row, way, name: `${row.what}, ${way}` },
      ...(isRoot && (r + way.length) % 3 === 0
        ? [{ ...row, way, plainUser: true, name: `${row.what}, ${way}, as a plain user` }]
        : []),
    ]),
);

describe.skipIf(reference === null || !canExtras || kernelName === 'portable')('ACLs and attributes', () => {
  test.for(sampled(rows))('$name', { timeout: 120_000 }, (row) => expectSameScript(row, reference!));
});

describe.skipIf(kernelName !== 'portable')('a kernel that knows no ACLs and attributes', () => {
  test.for([
    ['-aA', 'ACLs are not supported on this client'],
    ['-aX', 'extended attributes are not supported on this client'],
    ['-a --fake-super', '--fake-super requires an rsync with extended attributes enabled'],
  ])('refuses %s', async ([options, message]) => {
    const result = await run([...ours().command, ...options!.split(' '), '/dev/null', '/dev/null/none']);
    expect(result.stderr).toContain(`rsync: ${message}\n`);
    expect(result.code).toBe(1);
  });
});
