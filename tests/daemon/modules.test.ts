/** Modules as their clients meet them: lists, transfers either way, what they refuse, what their log says. */
import { describe, test } from 'vitest';
import { freePort } from '../support/guarded.ts';
import { isRoot, kernelName, ours, realPeers, referencePeer } from '../support/peers.ts';
import { expectSameServed, preamble } from '../support/served.ts';
import { test as tabled } from '../support/tables.ts';

const reference = referencePeer();

const config = `${preamble}transfer logging = yes
motd file = TWIN/motd
&include TWIN/more.d

[from]
  path = TWIN/from
  comment = to be read
  exclude = *.o /secret/

[to]
  path = TWIN/to/
  read only = no

[hidden]
  path = TWIN/from
  list = no

[write]
  path = TWIN/to
  read only = no
  write only = yes

[nowhere]
  path = TWIN/absent
  comment = is not there

[nopath]
`;

const made = `mkdir -p from/sub/deep from/secret to more.d x
printf 'one\\n' >from/one; printf 'two\\n' >from/sub/two; echo o >from/sub/x.o; echo s >from/secret/s
ln -s one from/link; printf 'hello\\nyou\\n' >motd
printf '[more]\\npath = TWIN/from\\n' >more.d/a.conf; echo junk >more.d/b.txt
touch -h -d '2020-02-02 02:02:02' from/* from/sub/* from/sub from
`;

const [newest = reference!, ...older] = realPeers();

describe.skipIf(reference === null).each([...older, ours()])('a daemon serves $name', (client) => {
  const same = (script: string) =>
    expectSameServed({ config, script: made + script, client, log: 'sorted' }, reference!);

  test('lists, a pull and a push', () =>
    same(`$C $U/; $C -r --no-motd $U/hidden/sub; $C --no-motd -avi $U/from/ x/; echo $?
      $C --no-motd -avi --delete from/ $U/to/; echo $?; $C --no-motd -ai -s $U/from/sub x/z/; echo $?
      $C --no-motd -ai --protocol=29 from/ $U/to/29/; echo $?`));

  test('variables that are no UTF-8', () =>
    expectSameServed(
      {
        config: `${preamble}[v]\npath = TWIN/%PLACE%\ncomment = in %PLACE%\nauth users = me\nsecrets file = TWIN/secrets
  pre-xfer exec = printf %s "$PLACE" >TWIN/told; echo %PLACE% >>TWIN/told\n`,
        script: `export PLACE=$'m\\351' RSYNC_PASSWORD=$'p\\351'; mkdir "$PLACE"; echo one >"$PLACE/one"
          printf 'me:p\\351\\n' >secrets; chmod 600 secrets; touch -d 2020-02-02 m*/one m*
          $C $U/ | od -c; $C -r rsync://me@localhost/v/; echo $?; od -c told`,
        client,
      },
      reference!,
    ));

  test('variables that no shell has, and modules that are named by one', async () =>
    expectSameServed(
      {
        config: `${preamble}[v%PLACE%]\npath = TWIN/%A.B%\ncomment = in %A.B% %PLACE%\n`,
        script: `d=$'m\\351'; mkdir $d; echo one >$d/one; touch -d 2020-02-02 $d/one $d; D="env PLACE=$d A.B=$d $D"
          for RSYNC_CONNECT_PROG in "$D --daemon --config=$CONF" "sh -c 'exec $D --server --daemon --config=$CONF .'"; do
          export RSYNC_CONNECT_PROG; $C $U/ | od -c; $C -r $U/v$d/; echo $?; $C -r $U/v%PLACE%/; echo $?; done
          $D --daemon --no-detach --config=$CONF --port=$PORT --address=127.0.0.1 2>/dev/null & pid=$!; unset RSYNC_CONNECT_PROG
          for n in {1..200}; do $C rsync://127.0.0.1:$PORT/ >/dev/null 2>&1 && break; sleep 0.05; done
          $C rsync://127.0.0.1:$PORT/ | od -c; $C -r rsync://127.0.0.1:$PORT/v$d/; echo $?; kill $pid; wait $pid 2>/dev/null; true`,
        client,
        env: { PORT: `${await freePort()}` },
      },
      reference!,
    ));
});

describe.skipIf(reference === null)('a daemon serves its own kind', () => {
  const client = newest;
  const same = (script: string, log: 'sorted' | 'none' = 'sorted') =>
    expectSameServed({ config, script: made + script, client, ...(log === 'sorted' && { log }) }, reference!);

  test('lists of modules, and of what is in one', () =>
    same(`$C $U/; $C --no-motd $U; $C $U/from/; $C -r --no-motd $U/hidden/sub; $C $U/nopath; echo $?`));
  test('what is not there', () =>
    same(`for m in absent/ nowhere/ nopath/ from/absent from/one/x from/sub/x.o; do
      $C --no-motd -a $U/$m x/; echo $?; done`));
  test('a pull', () => same(`$C --no-motd -avi $U/from/ x/; $C --no-motd -avi $U/from/ x/; echo $?`));
  test('names that wildcards stand for', () =>
    same(
      `ln -s /etc/passwd from/out; ln -s ../.. from/up; ln -s nowhere from/dangling; ln -s sub from/inner
      touch -h -d '2020-02-02 02:02:02' from/* from; $C --no-motd -ri "$U/from/*" x/; echo $?
      $C --no-motd -rlti "$U/from/*" x/y/; echo $?; $C --no-motd -rlti "$U/from/*/t*" x/z/; echo $?`,
    ));
  test('links that go round, or were munged', () =>
    same(
      `ln -s round from/round; ln -s other/a from/way; ln -s other from/other; ln -s deep from/sub/in
      ln -s ../other from/sub/round; ln -s /rsyncd-munged/one from/munged; ln -s munged from/to-munged
      touch -h -d '2020-02-02 02:02:02' from/* from/sub/* from/sub from
      for o in -rlti -rkti -rlkti -rLti '-rti --copy-unsafe-links'; do for p in '*' s*/ sub/ round sub/round munged way; do
      $C --no-motd $o "$U/from/$p" x/new/ | sort; echo "$o $p \${PIPESTATUS[0]}"; rm -rf x/*; done; done`,
    ));
  test('a munged link as the destination', () =>
    same(
      `mkdir to/sub; for to in munged munged/ munged/new/ sub/../munged; do for o in -rti '-rtni --mkpath'; do
      for s in from/one from/sub/ 'from/one from/sub'; do ln -s /rsyncd-munged/one to/munged
      $C --no-motd $o $s $U/to/$to; echo "$o $s $to $?"; find to -printf '%P %y %l\\n' | sort; rm -rf to/munged
      done; done; done`,
    ));
  test('hard links of a dry run into a directory that is not there, beside names that are', () =>
    same(
      `ln from/sub/two from/sub/again; touch -d '2020-02-02 02:02:02' from/sub; cp -a from/sub to/
      for o in -aiHn -aHnv '-aiHn --protocol=29'; do $C --no-motd $o from/sub $U/to/new/; echo $?
      rm -rf to/sub/two; done`,
    ));
  test('names with quotes', () =>
    expectSameServed(
      {
        config: config.replace(/^[ug]id = 0\n/gm, ''),
        script: `${made} for n in 'quo"te' '", one' 'back\\' 'e"' '"'; do
          echo 1 >from/sub/"$n"; chmod 0 from/sub/"$n"; done
          touch -d '2020-02-02 02:02:02' from/sub/* from/sub from; for p in '' sub/ sub; do
          $C --no-motd -ai $U/from/$p x/; echo $?; done; mkdir to/sub; chmod 555 to/sub
          $C --no-motd -r from/one $U/to/sub/'a"b c/'; echo $?
          $C --no-motd -r from/one $U/to/sub/'back\\'; echo $?; chmod 755 to/sub`,
        client,
        plainUser: true,
        log: 'sorted',
      },
      reference!,
    ));
  test('a pull of several', () =>
    same(
      `$C --no-motd -aRi $U/from/./sub/two $U/from/one x/; $C --no-motd -a $U/from/s* $U/from/one x/y/; echo $?`,
    ));
  test('no way out', () =>
    same(
      `echo no >no; ln -s ../no from/out; ln -s TWIN/no from/abs
      for p in ../no sub/../../no out abs ../../../../../../../etc/passwd; do
      $C --no-motd -aL $U/from/$p x/ 2>/dev/null; echo $?; done; ls -R x`,
      'none',
    ));
  test('a push', () =>
    same(
      `$C --no-motd -avi from/ $U/to/; echo $?; echo more >>from/one
      $C --no-motd -ai --delete from/sub/ from/one $U/to/new/; echo $?`,
      'sorted',
    ));
  test('what may not be written, or read', () =>
    same(`$C --no-motd -a from/ $U/from/ ; echo $?; $C --no-motd -a $U/write/ x/; echo $?
      $C --no-motd -a --remove-source-files $U/from/one x/; echo $?`));
  test('names that the module hides', () =>
    expectSameServed(
      {
        config: config.replace('path = TWIN/to/\n', 'path = TWIN/to/\n  exclude = /sub/ hid*\n'),
        script: `${made} echo h >from/hidden; mkdir to/sub; echo kept >to/sub/kept; echo kept >to/hid
          touch -d '2020-02-02 02:02:02' from/secret/s from/secret
          $C --no-motd -a --delete from/ $U/to/; echo $?; $C --no-motd -a from/one $U/to/sub/; echo $?
          $C --no-motd -a from/one $U/to/hid.x; echo $?; $C --no-motd -r $U/to/ | grep -v ' \\.$'; $C --no-motd -a $U/to/sub/ x/; echo $?`,
        client,
      },
      reference!,
    ));
  test('directories that options name', () =>
    same(
      `mkdir -p to/tmp to/d bak; echo old >to/one
      $C --no-motd -a --backup --backup-dir=/bak --temp-dir=/tmp from/one $U/to/; echo $?
      $C --no-motd -a --backup --backup-dir=../../bak from/sub/two $U/to/one; echo $?
      $C --no-motd -ai --link-dest=../../../d from/sub/ $U/to/e/; echo $?
      $C --no-motd -a --partial-dir=/part from/one $U/to/f; echo $?`,
      'none',
    ));
  const alternates = `for a in "new/ ../../../x" "sub/new/ ../../../x" "new/er/ x/./y/../z/" "new /x" "sub/ ../../../x"; do
      echo "$a"; $C --no-motd -n -a --compare-dest=\${a#* } from/one $U/to/\${a% *} 2>&1; done`;
  const inRoot = (path: string) =>
    expectSameServed(
      {
        config: `${preamble}use chroot = yes\n[to]\npath = TWIN/${path}\nread only = no\n`,
        script: `${made} mkdir to/sub; ${alternates}`,
        client,
      },
      reference!,
    );
  // The module is hidden where that would tell of the machine; in a root of its own nothing is.
  test.skipIf(!isRoot || kernelName === 'portable').each(['./to', 'to'])(
    'directories beside a destination in a root of its own: %s',
    inRoot,
  );
  test('directories beside a destination, without a word of where the module is', () =>
    same(`mkdir to/sub; { ${alternates}; } | sed "s,: $PWD/to/,: /,"`, 'none'));
  test('names that come by the wire, and files of names', () =>
    same(`printf 'one\\nsub/two\\n../no\\n' >names; cp names from/names
      $C --no-motd -ai --files-from=names $U/from/ x/; echo $?
      $C --no-motd -ai --files-from=:/names $U/from/ x/; echo $?; $C --no-motd -ai -s $U/from/sub $U/from/one x/z/; echo $?`));
  test('older protocols', () =>
    same(
      `for p in 29 30 31; do $C --no-motd -ai --protocol=$p $U/from/ x$p/; echo $?
      $C --no-motd -ai --protocol=$p --delete from/ $U/to/$p/; echo $?; done`,
      'none',
    ));
  test('a remote shell starts it', () =>
    same(
      `export RSYNC_RSH=TWIN/sh; printf '#!/bin/sh\\nshift\\nexec "$@"\\n' >sh; chmod +x sh
      $C -r --rsync-path="$D --config=$CONF" host::from/; echo $?
      $C -ai --rsync-path="$D --config=$CONF" host::from/ x/; echo $?`.replaceAll('TWIN', '$PWD'),
    ));
});

/** A setting for attributes, which the portable kernel has not. */
const fakeSuper = [
  'fake super = yes',
  `PUSH; getfattr -d to/one; $C -ai $U/to/ x/; stat -c '%u %g %a %F' x/*
    $C -aX --fake-super $U/to/ x/y/; $C -aX m/ $U/to/X/; echo $?; getfattr -d x/y/one; $C -aXX m/ $U/to/; echo $?`,
] as const;

/** Settings of two modules, one to pull from and one to push to, and what a client does with them. */
const settings: readonly (readonly [setting: string, script: string])[] = [
  ['include = *.o /sub/; exclude = *', 'PULL; PUSH'],
  ['filter = - *.o P /one; include = x', 'PULL; PUSH; touch to/one; $C -ai --delete --exclude=one m/ $U/to/'],
  ['filter = H one S two', 'PULL; PUSH'],
  ['filter = ! - *.o', 'PULL'],
  ["exclude = 'a b' one", 'echo a >"m/a b"; PULL'],
  [
    'ignore errors = yes',
    `echo g >x/gone; $C -a --delete $U/m/none $U/m/ x/; echo $?; ls x
    echo h >to/h; $C -a --delete m/none m/ $U/to/; echo $?; ls to`,
  ],
  ['ignore errors = no', 'echo g >x/gone; $C -a --delete $U/m/none $U/m/ x/; echo $?; ls x'],
  ['open noatime = yes', 'PULL; $C -a --open-noatime $U/m/ x/2/; echo $?'],
  [
    'numeric ids = yes',
    `$C -ai --usermap=1:3 $U/m/ x/; for o in --usermap=daemon:3 --groupmap=bin:8 --usermap=1:3 --no-i-r; do
    $C -a $o m/ $U/to/; echo $o $?; stat -c '%u %g' to/one; rm -r to/*; done`,
  ],
  ['numeric ids = no', `$C -a --usermap=daemon:3 m/ $U/to/; echo $?; stat -c '%u %g' to/one`],
  ...(kernelName === 'portable' ? [] : [fakeSuper]),
  ['dont compress = *.o', '$C -aiz $U/m/ x/; echo $?; $C -aiz --skip-compress=o m/ $U/to/; echo $?'],
  ['timeout = 30', '$C -ai --timeout=5 $U/m/ x/; echo $?; $C -ai --timeout=50 $U/m/ x/2/; echo $?; PUSH'],
  [
    'transfer logging = yes; log format = %a|%b|%B|%c|%C|%f|%G|%h|%i|%l|%L|%m|%M|%n|%o|%P|%u|%U',
    'PULL; PUSH; touch -d 2021-01-01 m/one; PUSH',
  ],
  [
    'transfer logging = yes; log format = %C %b %c %n',
    '$C -ac $U/m/ x/; $C -ac m/ $U/to/; $C -acI --no-W $U/m/ x/; $C -acI --no-W m/ $U/to/',
  ],
  ['transfer logging = yes; log format =', 'PULL; echo g >to/gone; $C -a --delete m/ $U/to/'],
  ['max verbosity = 1', 'for o in -rv -rvp -rvt -avb -avO; do $C $o m/ $U/to/d$o/; echo $?; done'],
  ['transfer logging = no', 'echo g >to/gone; $C -ai --delete m/ $U/to/'],
  [
    'list = no',
    `$C -a --link-dest=x m/ $U/to/; $C -a --compare-dest=../../q --copy-dest=./a//b m/ $U/to/e/f/
    $C -a --link-dest=one m/ $U/to/`,
  ],
  ['path = TWIN/%RSYNC_MODULE_NAME%', 'PULL; PUSH'],
  ['path = TWIN/m/one', 'PULL'],
  ['path = m', 'PULL'],
  ['log file = TWIN/none/log2', 'PULL'],
  ['charset = nosuch', '$C -ai --iconv=utf-8 $U/m/ x/; echo $?; PULL'],
  ['incoming chmod = nonsense', 'PUSH; $C -ai --chmod=F600 m/ $U/to/2/; stat -c %a to/2/*'],
  ['outgoing chmod = nonsense', 'PULL'],
  [
    'munge symlinks = yes',
    `PUSH; ln -s /rsyncd-munged/one to/l2; touch -d 2020-02-02 to; $C -aiL $U/to/ x/u/; $C -aik $U/to/ x/v/
    $C -ai --copy-unsafe-links $U/to/ x/w/; $C -ai --safe-links $U/to/ x/z/; readlink x/*/*`,
  ],
];

describe.skipIf(reference === null)('a setting of a module', () => {
  tabled.each(settings)('%s', (setting, script) => {
    const own = setting.split('; ').join('\n');
    const path = (name: string) => (own.startsWith('path =') ? '' : `path = TWIN/${name}\n`);
    const made = `mkdir -p m/sub x to; echo one >m/one; echo two >m/sub/two; echo o >m/sub/x.o; chmod 640 m/one
ln -s one m/link; [ $UID != 0 ] || chown 1:2 m/one; touch -h -d '2020-02-02 02:02:02' m/* m/sub/* m
`;
    const said = script
      .replaceAll('PULL', '$C -ai $U/m/ x/; echo $?')
      .replaceAll('PUSH', '$C -ai m/ $U/to/; echo $?');
    return expectSameServed(
      {
        config: `${preamble}[m]\n${path('m')}${own}\n[to]\n${path('to')}read only = no\n${own}\n`,
        script: made + said,
        client: newest,
        log: 'sorted',
      },
      reference!,
    );
  });
});
