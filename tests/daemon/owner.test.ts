/** Where what the owner of a daemon names in its configuration lies, and that it holds above what clients name. */
import { describe } from 'vitest';
import { isRoot, kernelName, realPeers, referencePeer } from '../support/peers.ts';
import { expectSameServed, preamble } from '../support/served.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const canChroot = isRoot && kernelName !== 'portable';

const made = `mkdir -p m/from/sub m/to m/held tmp new; for n in f1 f2 sub/g; do echo $n >m/from/$n; done; cp -r m/from l
printf '%s\\n' '- f1' >rules; printf '%s\\n' '- g' >m/inner; touch -d 2020-02-02 tmp new m/held m/to m/from m/from/* m/from/sub/g l l/* l/sub/g
`;

const modules = (extra: string) => `${preamble}transfer logging = yes
[m]
  path = TWIN/m
  read only = no
  ${extra.split('; ').join('\n  ')}
`;

describe.skipIf(reference === null)('of the owner of a daemon', () => {
  const [client = reference!] = realPeers();
  const same = (extra: string, script: string) =>
    expectSameServed({ config: modules(extra), script: made + script, client, log: 'sorted' }, reference!);
  const both = '$C -ai $U/m/from/ new/; echo $?; $C -ai l/ $U/m/to/; echo $?';

  test.each([
    'filter = merge TWIN/rules',
    'filter = . TWIN/rules',
    'exclude from = TWIN/rules',
    'filter = merge /inner',
    'filter = merge inner',
    'exclude from = TWIN/none',
    'filter = merge TWIN/none',
    'include from = TWIN/none',
  ])('rules of a module: %s', (extra) => same(extra, both));

  test
    .skipIf(!canChroot)
    .each(['filter = merge TWIN/rules', 'filter = merge /inner', 'exclude from = TWIN/rules'])(
    'rules of a module that is a root: %s',
    (extra) => same(`use chroot = yes; ${extra}`, both),
  );

  test.skipIf(!canChroot).each(['use chroot = yes', 'use chroot = no'])(
    'what cannot be done in a module is named as its clients name it: %s',
    (where) =>
      same(
        `${where}; uid = nobody; gid = nogroup`,
        `chmod 755 . m m/from; ln -s /etc/passwd l/abs; ln -s /m/to l/other; mkdir l/new; touch -d 2020-02-02 l/new l
        echo secret >m/from/closed; chmod 600 m/from/closed; mkdir m/from/shut; chmod 700 m/from/shut
        for o in '' -R --inplace --delete -b; do $C -rlt $o l/ $U/m/to/; echo $?; $C -rlt $o l $U/m/; echo $?; done
        $C -rlt $U/m/from/ $U/m/from/none new/; echo $?; $C $U/m/from/shut/; echo $?`,
      ),
  );

  test.skipIf(!canChroot)('a root without /proc has attributes, also of what cannot be opened', () =>
    same(
      'use chroot = yes',
      `ln -s f1 l/link; mkfifo l/fifo; perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("l/socket"))'
        setfattr -n user.a -v b l/f1 l/sub; touch -hd 2020-02-02 l l/*; $C -aHAX l/ $U/m/to/; echo $?
        setfattr -n user.c -v d l/sub; $C -aHAXi l/ $U/m/to/; echo $?; $C -aAXi $U/m/to/ new/; echo $?; getfattr -d m/to/* new/sub`,
    ),
  );

  test('an old client may name a partial directory that a link leads out of a module: it is of no use', () =>
    same(
      '',
      `ln -s ../../tmp m/to/out; $C -a --protocol=29 --partial-dir=/to/out l/ $U/m/to/; echo $?; ls tmp`,
    ));

  test('insecure links let nobody name what is out of a module, or plant links that lead there', () =>
    same(
      'insecure links = yes',
      `mkdir m/prev m/etc m/part; cp -p l/f* m/prev; ln -s ../tmp m/prevl; cp -p l/f* tmp; ln -s /etc l/abs; ln -s ../../tmp l/up; ln -s f1 l/in
        for o in --compare-dest=/prev --copy-dest=/prevl --link-dest=../prev --compare-dest=/etc --compare-dest=../../../../../../../../etc --partial-dir=/part; do
          rm -rf m/to/*; $C -rlt $o l/ $U/m/to/; echo $o $?; ls m/to | tr '\\n' ' '; readlink m/to/abs m/to/up m/to/in; done`,
    ));

  test.each(['/held', '/held/', '/x/../held', 'held', '/none', '/inner', 'TWIN/tmp', '/../../tmp'])(
    'temp dir = %s',
    (dir) =>
      same(
        `temp dir = ${dir}`,
        `${both}; $C -ai --inplace l/ $U/m/to/; echo y >l/f1; $C -ai l/ $U/m/to/; echo $?`,
      ),
  );

  test.each(['yes', 'no'])('whom a log names with reverse lookup = %s', (lookup) =>
    same(`reverse lookup = ${lookup}; log format = %h %a %o %f`, both),
  );

  test.each([
    '--backup-dir=bk -b',
    '--temp-dir=bk',
    '--partial-dir=/bk',
    '--link-dest=/bk',
    '--backup-dir=/x/../bk -b',
  ])('what is hidden is refused: %s', (given) =>
    same('exclude = bk', `mkdir m/to/bk m/bk; $C -ai ${given} l/ $U/m/to/ ; echo $?`),
  );
});
