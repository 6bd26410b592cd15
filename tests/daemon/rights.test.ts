/** Who may come into a module, as whom he is in it, and what runs before and after. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { mayEnter } from '../../ts/daemon/access.ts';
import { maskedCases } from '../support/access.ts';
import { isRoot, kernelName, ours, realPeers, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameServed, preamble } from '../support/served.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const made = `mkdir -p m/sub x to; echo one >m/one; echo two >m/sub/two; chmod 640 m/one; ln -s one m/link
touch -h -d '2020-02-02 02:02:02' m/* m/sub/* m
`;

describe.skipIf(reference === null)('a module', () => {
  const [client = reference!] = realPeers();
  const same = (config: string, script: string, log: 'sorted' | 'none' = 'sorted') =>
    expectSameServed({ config, script: made + script, client, ...(log === 'sorted' && { log }) }, reference!);
  const module = (more: string, globals = '') => `${preamble}${globals}[m]\npath = TWIN/m\n${more}`;

  test.each([
    ['hosts allow = 10.0.0.0/8, 127.0.0.0/8\n', 0],
    ['hosts allow = 10.0.0.0/8\n', 5],
    ['hosts deny = 127.0.0.1\n', 5],
    ['hosts deny = *\nlist = no\n', 5],
    ['hosts allow = localhost\nhosts deny = *\n', 0],
    ['hosts allow = 127.0.0.0/33\n', 5],
  ])('%j', (hosts) => same(module(hosts), `$C $U/m/ x/; echo $?`, hosts.includes('/33') ? 'none' : 'sorted'));

  test('asks for passwords', () =>
    same(
      `${module('auth users = alice bob:ro, carol:deny @root:rw *:deny\nsecrets file = TWIN/secrets\nread only = no\n')}
[loose]\npath = TWIN/m\nauth users = alice\nsecrets file = TWIN/loose\n
[lax]\npath = TWIN/m\nauth users = alice\nsecrets file = TWIN/loose\nstrict modes = no\n
[strong]\npath = TWIN/m\nauth users = alice\nsecrets file = TWIN/secrets\nauth digest = sha256\n`,
      `printf '#a:b\\nalice:wonder land\\nbob:builder\\ncarol:x\\n@root:toor\\n' >secrets; chmod 600 secrets
      cp secrets loose; chmod 644 loose
      for who in alice:'wonder land' alice:wrong bob:builder carol:x root:toor dora:x '#a:b'; do
        export RSYNC_PASSWORD="\${who#*:}"; url=rsync://\${who%%:*}@localhost
        $C -a $url/m/one x/; echo "$who $?"; $C -a m/one $url/m/; echo "$who $?"
      done
      export RSYNC_PASSWORD='wonder land'
      for p in loose lax strong; do $C -a rsync://alice@localhost/$p/ x/; echo $?; done
      $C -a --protocol=29 rsync://alice@localhost/m/one x/; echo $?`,
      'none',
    ));

  test.each([
    ['delete', ['--delete', '--delete-after', '--remove-source-files', '-a']],
    ['a !d !r', ['-r', '-a', '-t', '-rt']],
    [
      'checksum delete-* compress',
      ['-c', '--checksum', '-z', '--zc=zlib', '--delete-during', '-a', '--delete'],
    ],
    ['* !a !delete !compress*', ['-a', '-az', '-i', '-n', '--delete', '-b']],
    ['no-such inplace partial', ['--inplace', '--append', '--partial', '-P', '--partial-dir=p', '-a']],
  ])('refuses options: %s', (list, options) =>
    same(
      module(`refuse options = ${list}\nread only = no\n`),
      options
        .map(
          (
            option,
          ) => `$C -r ${option} m/ $U/m/ 2>&1 | grep -v 'reset by peer\\|rsync error\\|xfr#'; echo push ${option}
          $C -r ${option} $U/m/ x/ 2>&1 | grep -v 'reset by peer\\|rsync error\\|xfr#'; echo pull ${option}`,
        )
        .join('\n'),
      'none',
    ),
  );

  // rsync's own clients hear of an unexpected tag then, from its daemon.
  test.each([
    ...['30', '31', '32'].flatMap((protocol) => [
      [protocol, '--delete', 'refuse --delete'],
      [protocol, '-M--no-such', '--no-such: unknown option'],
    ]),
  ])('tells who waits for names, with protocol %s, why it refuses: %s', (protocol, option, why) =>
    withWorkspace(async (dir) => {
      for (const name of ['m', 's']) mkdirSync(join(dir, name));
      for (const name of ['m/list', 's/f']) writeFileSync(join(dir, name), 'f\n');
      const config = join(dir, 'rsyncd.conf');
      writeFileSync(
        config,
        `${preamble}[m]\npath = ${dir}/m\nread only = no\nrefuse options = delete\n`.replace('TWIN', dir),
      );
      const words = [
        '-a',
        `--protocol=${protocol}`,
        '--files-from=:list',
        option,
        's/',
        'rsync://localhost/m/',
      ];
      const { code, stderr } = await run([...client.command, ...words], {
        cwd: dir,
        env: { RSYNC_CONNECT_PROG: `${ours().command.join(' ')} --daemon --config=${config} 2>/dev/null` },
      });
      if (protocol === '30') expect(stderr).not.toMatch(/unexpected tag|link_stat/);
      else expect([code, stderr]).toEqual([4, expect.stringContaining(why)]);
    }),
  );

  test('says no more than it may of what it refuses', () =>
    same(module('max verbosity = 1\n'), '$C -ivv --iconv=utf-8 m/ $U/m/ 2>&1 | grep refuse'));

  test('runs commands before and after', () =>
    same(
      module(
        `early exec = cat >TWIN/early; env | grep ^RSYNC_ | grep -v RSYNC_PID | sort >>TWIN/early
pre-xfer exec = env | grep ^RSYNC_ | grep -v 'RSYNC_PID\\|RSYNC_ARG[1-9]' | sort >TWIN/before; echo told; [ "$RSYNC_REQUEST" != m/no ]
post-xfer exec = env | grep '^RSYNC_[ER]' | sort >TWIN/after
`,
        'max verbosity = 1\n',
      ),
      `printf 'a secret' >in; unset RSYNC_CONNECT_PROG_X
      for p in one no absent; do $C -a --early-input=in $U/m/$p x/ 2>&1 | grep -v 'reset by peer\\|^rsync error'
      for n in {1..60}; do [ -e after ] && break; sleep 0.05; done; sleep 0.1
      for f in early before after; do echo "== $f"; grep -v CONNECT_PROG $f; rm -f $f; done; done`,
      'none',
    ));

  test.each(isRoot && kernelName !== 'portable' ? ['no', 'yes'] : ['no'])(
    'tells a command of what is asked for: use chroot = %s',
    (chroot) =>
      same(
        module(`use chroot = ${chroot}\nrefuse options = compress\n
  pre-xfer exec = env | grep ^RSYNC_ARG | grep -v 'ARG[0-4]=' | sort >>TWIN/asked\n`),
        `for p in ./ sub/./two ../sub './s*/.' sub/./none/x; do for o in -a -as -az; do $C $o "$U/m/$p" x/ 2>&1 | grep -v 'reset by peer\\|^rsync error'
        echo "$o $p $(cat asked)"; rm -rf x/* asked; done; done`,
      ),
  );

  test.each(['path = TWIN/absent', 'path = TWIN/m\nearly exec = exit 3'])(
    'runs the command behind it also where nobody gets in: %j',
    (where) =>
      same(
        `${preamble}[m]\n${where}\npost-xfer exec = echo "$RSYNC_RAW_STATUS $RSYNC_EXIT_STATUS" >TWIN/after\n`,
        `$C -a $U/m/ x/ 2>/dev/null; echo $?; for n in {1..60}; do [ -s after ] && break; sleep 0.05; done; cat after`,
        'none',
      ),
  );

  test.each(['exit 3', 'kill -9 $$', 'kill -15 $$'])('says how a command failed: %s', (how) =>
    same(
      module(`pre-xfer exec = ${how}\n`),
      `$C -a $U/m/ x/ 2>&1 | grep -v 'reset by peer\\|^rsync error'`,
      'none',
    ),
  );

  test.each(['', '/nonexistent', '/etc/passwd', '/', 'nosuchshell', 'true', 'TWIN/sh'])(
    'runs commands with the shell of its environment: RSYNC_SHELL=%s',
    (shell) =>
      same(
        module(
          `[early]\npath = TWIN/m\nearly exec = exit 3\n[after]\npath = TWIN/m\npost-xfer exec = echo ran >TWIN/after\n`,
        ).replace('[m]\n', '[m]\npre-xfer exec = exit 3\n'),
        `printf '#!/bin/sh\\nexec sh "$@"\\n' >sh; chmod +x sh
        export RSYNC_CONNECT_PROG="env RSYNC_SHELL=${shell.replace('TWIN', '$PWD')} $D --daemon --config=$CONF"
        for m in m early after; do $C -a $U/$m/ x/ 2>&1 | grep -v 'reset by peer\\|^rsync error'; done; sleep 0.3; ls`,
        'none',
      ),
  );

  test('changes modes, and hides link targets', () =>
    same(
      `${module('read only = no\nincoming chmod = Dg+s,Fg-r,Fo=x\noutgoing chmod = F600\nmunge symlinks = yes\n')}
[plain]\npath = TWIN/to\nread only = no\nmunge symlinks = no\nincoming chmod = F644\nignore nonreadable = yes\n`,
      `$C -a m/ $U/m/new/; $C -r m/ $U/m/without/; $C -a $U/m/one x/; $C -a m/ $U/plain/; $C -rl m/ $U/plain/b/
      readlink m/new/link to/link; $C -l $U/m/new/link; echo $?`,
      'none',
    ));

  test.skipIf(kernelName === 'portable').each([
    ['', 'uid = 1'],
    ['', 'gid = 1'],
    ['', 'gid = 1 2'],
    ['', 'uid = 65534\ngid = 65534'],
    ['daemon uid = 1', ''],
    ['daemon gid = 1', ''],
  ])('cannot be another without rights: %j %j', (globals, more) =>
    expectSameServed(
      {
        config: `${preamble.replace(/[ug]id = 0\n/g, '')}${globals}\n[m]\npath = TWIN/m\n${more}\n`,
        script: `${made} $C -r $U/m/sub/ 2>&1 | grep @ERROR; sleep 0.2`,
        client,
        plainUser: true,
        log: 'sorted',
      },
      reference!,
    ),
  );

  test('leaves out what its user cannot read', () =>
    expectSameServed(
      {
        config: `${preamble.replace(/[ug]id = 0\n/g, '')}[m]\npath = TWIN/m\nignore nonreadable = yes\n`,
        script: `${made} chmod 0 m/one; mkdir m/closed; chmod 0 m/closed; echo o >m/open
          $C -ai $U/m/ x/; echo $?; $C -ai $U/m/one x/; echo $?; chmod 700 m/closed`,
        client,
        plainUser: true,
      },
      reference!,
    ));

  test('has names in its own charset', () =>
    same(
      module('read only = no\ncharset = iso-8859-1\n'),
      `n=$(printf 'm/\\344'); echo u >"$n"; export LC_ALL=C.UTF-8
      $C -a --iconv=utf-8 $U/m/ x/; echo $?; ls x | od -c; $C -a --iconv=utf-8 x/ $U/m/b/; echo $?; ls m/b | od -c`,
      'none',
    ));

  test.skipIf(!isRoot || kernelName === 'portable')('gives up rights for all of its modules', () =>
    same(
      `log file = TWIN/log\ndaemon chroot = TWIN\ndaemon uid = 65534\ndaemon gid = 65534
[m]\npath = /m\nuse chroot = no\n`,
      'chmod 755 . m m/sub; chmod 644 m/sub/two; $C $U/; $C -r $U/m/sub/; $C -a $U/m/one x/; echo $?',
      'none',
    ),
  );

  test.skipIf(!isRoot || kernelName === 'portable')('changes its root, and who it is', () =>
    expectSameServed(
      {
        config: `log file = TWIN/log\nuse chroot = yes\nread only = no
[root]\npath = TWIN/m\nuid = 0\ngid = 0
[inner]\npath = TWIN/./m\nuid = 0\ngid = 0
[unset]\npath = TWIN/m\nuse chroot =\nuid = 0\ngid = 0
[nobody]\npath = TWIN/to
[names]\npath = TWIN/to\nuid = daemon\ngid = *
[several]\npath = TWIN/to\nuid = nobody\ngid = nogroup 0 daemon
[nouid]\npath = TWIN/to\nuid = nosuchuser
[nogid]\npath = TWIN/to\ngid = nosuchgroup
[private]\npath = TWIN/p/m\nuse chroot = no\nuid = nobody\ngid = nogroup\n`.replace(
          'use chroot =\n',
          'use chroot = unset\n',
        ),
        script: `${made} chmod 755 .; chmod 777 to; mkdir -p p/m; echo p >p/m/f; chmod 700 p; chmod 755 p/m
          for m in root inner unset; do $C -aR $U/$m/./sub/two $U/$m/one x/$m/; $C -r $U/$m/../../../etc 2>/dev/null; echo $?; done
          for m in nobody names several; do $C -a m/sub/ $U/$m/$m/; echo $?; stat -c '%U %G %n' to/$m/*; done
          for m in nouid nogid; do $C $U/$m/; echo $?; done; $C -a $U/private/f x/; echo $?`,
        client,
      },
      reference!,
    ),
  );
});

describe('hosts allow and deny', () => {
  test.each(maskedCases)('%s on %s: %s', async (list, address, isListed) => {
    const lists = { allow: list, deny: '', forwardLookup: false };
    const host = await mayEnter(lists, { address, host: 'name.example' }, () => {});
    expect(host !== undefined).toBe(isListed);
  });

  test('what cannot be looked up, or understood, keeps out', async () => {
    for (const deny of ['no-such-host.invalid', '10.0.0.0/x', '@group', '1.2.3']) {
      const lists = { allow: '', deny, forwardLookup: true };
      expect(await mayEnter(lists, { address: '10.1.2.3', host: 'UNKNOWN' }, () => {}), deny).toBeUndefined();
      const allowed = { allow: deny, deny: '', forwardLookup: true };
      expect(
        await mayEnter(allowed, { address: '10.1.2.3', host: 'UNKNOWN' }, () => {}),
        deny,
      ).toBeUndefined();
    }
  });
});
