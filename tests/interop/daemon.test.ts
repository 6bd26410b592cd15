/**
 * The client of an rsync daemon: listing, motd, pull, push, passwords, refusals; through TCP, through a
 * remote shell, and through a connect program.
 */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { pairs } from '../support/cases.ts';
import { type Daemon, daemonUser, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/guarded.ts';
import { isOlder, kernelName, ours, realPeers, referencePeer, remoteCommand } from '../support/peers.ts';
import { forAll, propertyTimeout, sampled } from '../support/property.ts';
import { type Case, type Custom, expectSame } from '../support/transfer.ts';
import { materialize, trees } from '../support/tree.ts';
import { removeTree } from '../support/workspace.ts';

const reference = referencePeer();

describe.skipIf(reference === null).each(realPeers())('daemon of $name', (peer) => {
  let dir: string;
  let daemon: Daemon;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-daemon-'));
    daemon = await startDaemon(peer, dir);
    const sample = fc.sample(trees({ maxEntries: 12 }), { seed: 7, numRuns: 1 })[0]!;
    await materialize(sample, daemon.folder('ro'));
    await materialize(sample.slice(0, 4), daemon.folder('auth'));
  });

  afterAll(async () => {
    await daemon?.stop();
    removeTree(dir);
  });

  const same = (transfer: Custom, more: Partial<Case> = {}) =>
    expectSame(
      { transfer, source: [], before: { dst: [] }, output: 'exact', messages: true, ...more },
      ours(),
      reference!,
    );

  const client = (...args: ByteString[]): Custom => ({ command: (who) => [...who.command, ...args] });

  test('lists its modules after the motd', () => same(client(`${daemon.url}/`)));
  test('lists its modules by host::', () => same(client(`--port=${daemon.port}`, '127.0.0.1::')));
  test('lists without the motd', () => same(client('--no-motd', `${daemon.url}/`)));
  test('lists a module', () => same(client(`${daemon.url}/ro/`)));
  test('lists a module recursively', () => same(client('-r', `${daemon.url}/ro`)));
  test('lists a hidden module', () => same(client(`${daemon.url}/hidden/`)));
  test('has no such module', () => same(client('-a', `${daemon.url}/none/`, 'dst/')));
  test('cannot enter a missing folder', () => same(client('-a', `${daemon.url}/nowhere/`, 'dst/')));
  test('has no such file', () => same(client('-a', `${daemon.url}/ro/no-such-file`, 'dst/')));
  test('refuses to write to a read-only module', () => same(client('-a', '../src/', `${daemon.url}/ro/`)));
  test('refuses two hosts', () => same(client('-a', `${daemon.url}/ro/`, `${daemon.url}/rw/`)));
  // Plain Node cannot set them.
  test
    .skipIf(kernelName === 'portable')
    .each([
      'TCP_NODELAY,SO_SNDBUF=65536 SO_RCVBUF=32768',
      'IPTOS_LOWDELAY,IPTOS_THROUGHPUT=3',
      'SO_KEEPALIVE=0,NO_SUCH,SO_SNDBUF',
      'SO_SNDLOWAT=4',
    ])('has socket options: %s', async (text) => {
    await same(client(`--sockopts=${text}`, '-r', `${daemon.url}/ro/`));
  });
  // Early input is new in 3.2.0.
  const takesEarlyInput = test.skipIf(isOlder(peer, '3.2.0'));
  takesEarlyInput.each(['a secret\n', '', 'x'.repeat(5200)])('gets early input: %j', async (text) => {
    await same({
      command: (who) => {
        const run = `printf '%s' '${text}' >in; rm -f ${dir}/early; ${who.command.join(' ')} --early-input=in ${daemon.url}/early/`;
        return ['sh', '-c', `${run} >/dev/null; echo $?; rm -f in; cat ${dir}/early`];
      },
    });
  });
  test('early input that is not there', () => same(client('--early-input=absent', `${daemon.url}/early/`)));
  test.each([
    ['rsync://h/m/'],
    ['rsync://h:99/m/'],
    ['h::m/'],
    ['--port=55', 'h::m/'],
    ['--port=55', 'rsync://h:99/m/'],
  ])('a remote shell hears of the port that was named: %s %s', async (...args) => {
    const words = args.filter((arg) => arg !== undefined).join(' ');
    // What each says of a shell that has nothing to say is told elsewhere.
    await same({
      command: (who) => {
        const shell = `sh -c 'echo "$RSYNC_PORT" >port'`;
        return [
          'sh',
          '-c',
          `${who.command.join(' ')} -e "$0" ${words} dst/ 2>&1 | wc -c >/dev/null; cat port`,
          shell,
        ];
      },
    });
  });
  test('is told the port by an option', () =>
    same(client('-ai', `--port=${daemon.port}`, '127.0.0.1::ro/', 'dst/'), { output: 'sorted' }));
  test.each([
    ['-4', '127.0.0.1'],
    ['-6', '127.0.0.1'],
    ['-4', 'localhost'],
    ['--ipv6', '::1'],
    ['--address=127.0.0.1', '127.0.0.1'],
    ['--address=::1', '127.0.0.1'],
    ['--address=192.0.2.1', '127.0.0.1'],
    ['--address=localhost', '127.0.0.1'],
    ['--address=no.such.host.invalid', '127.0.0.1'],
  ])('is reached %s, at %s', async (option, host) => {
    const args = ['-ai', option, `--port=${daemon.port}`, `[${host}]::ro/`, 'dst/'];
    await same(client(...args), { output: 'sorted' });
  });
  test('knows the client by its address', () =>
    same(client('-ai', '--address=127.0.0.2', `${daemon.url}/second/`, 'dst/'), { output: 'sorted' }));
  test('does not let another address in', () => same(client('-ai', `${daemon.url}/second/`, 'dst/')));
  test('lets a password in by the environment', () =>
    same(
      {
        command: (who) => [
          ...who.command,
          '-ai',
          `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
          'dst/',
        ],
        env: { RSYNC_PASSWORD: daemonUser.password },
      },
      { output: 'sorted' },
    ));
  test('takes the user from the environment', () =>
    same(
      {
        command: (who) => [...who.command, '-ai', `${daemon.url}/auth/`, 'dst/'],
        env: { RSYNC_PASSWORD: daemonUser.password, USER: daemonUser.name, LOGNAME: daemonUser.name },
      },
      { output: 'sorted' },
    ));
  test('lets a password in by a file', () =>
    same(
      {
        command: (who) => [
          'sh',
          '-c',
          'umask 077; printf "%s\\n" "$1" >../pw; shift; exec "$@"',
          'sh',
          daemonUser.password,
          ...who.command,
          '-ai',
          '--password-file=../pw',
          `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
          'dst/',
        ],
      },
      { output: 'sorted' },
    ));
  test('lets a password in that standard input begins with', () =>
    same(
      {
        command: (who) => [
          'sh',
          '-c',
          'printf "%s\\nmore\\n" "$1" | { shift; exec "$@"; }',
          'sh',
          daemonUser.password,
          ...who.command,
          '-ai',
          '--password-file=-',
          `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
          'dst/',
        ],
      },
      { output: 'sorted' },
    ));
  test.each(['', '\\n', 'wrong'])('standard input that begins with no password: "%s"', async (text) => {
    await same({
      command: (who) => [
        'sh',
        '-c',
        'printf "$1" | { shift; exec "$@"; }',
        'sh',
        text,
        ...who.command,
        '-ai',
        '--password-file=-',
        `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
        'dst/',
      ],
    });
  });
  test('does not let a wrong password in', () =>
    same({
      command: (who) => [
        ...who.command,
        '-ai',
        `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
        'dst/',
      ],
      env: { RSYNC_PASSWORD: 'wrong' },
    }));
  test('wants a password file that others cannot read', () =>
    same(
      {
        command: (who) => [
          ...who.command,
          '-ai',
          '--password-file=../pw',
          `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`,
          'dst/',
        ],
      },
      { files: { pw: `${daemonUser.password}\n` } },
    ));
  test('speaks through a remote shell', () =>
    same(
      {
        command: (who) => [
          ...who.command,
          '-ai',
          `--rsh=${join(import.meta.dirname, '..', 'support', 'lsh.sh')}`,
          `--rsync-path=${remoteCommand(peer)} --config=${join(dir, 'rsyncd.conf')}`,
          'lh::ro/',
          'dst/',
        ],
      },
      { output: 'sorted' },
    ));
  test('speaks through a connect program', async () => {
    // Only a daemon whose stdin is no socket listens for itself; then these keep it from outliving the test.
    const standalone = `--no-detach --address=127.0.0.1 --port=${await freePort()}`;
    await same(
      {
        command: (who) => [...who.command, '-ai', 'rsync://some-host/ro/', 'dst/'],
        env: {
          RSYNC_CONNECT_PROG: `${remoteCommand(peer)} --daemon ${standalone} --config=${join(dir, 'rsyncd.conf')}`,
        },
      },
      { output: 'sorted' },
    );
  });

  const sets: ByteString[][] = [
    ['-ai'],
    ['-aiHS', '--delete'],
    ['-aiz', '--no-whole-file'],
    ['-aic', '--delete-after'],
    ['-ai', '--backup'],
    ['-ai', '--exclude=*.o', '--delete'],
  ];
  const rows = ['pull', 'push'].flatMap((way, w) =>
    [32, 31, 30, 29, 28]
      .filter((protocol) => protocol <= peer.protocol)
      .flatMap((protocol, p) =>
        ['--inc-recursive', '--no-inc-recursive']
          .filter((recursion) => protocol >= 30 || recursion === '--no-inc-recursive')
          .map((recursion, r) => {
            const options = [...sets[(w + p * 2 + r) % sets.length]!, `--protocol=${protocol}`, recursion];
            return { way, options, name: `${way} ${options.join(' ')}` };
          }),
      ),
  );

  let next = 0;
  test.each(sampled(rows))(
    '$name',
    async ({ way, options, name }) => {
      await forAll(`${peer.name} ${name}`, pairs({ entries: 6 }), async ({ source, destination }) => {
        const place = `case${next++}`;
        const module = daemon.folder('rw');
        if (way === 'pull') {
          await materialize(source, join(module, place));
          await same(client(...options, `${daemon.url}/rw/${place}/`, 'dst/'), {
            before: { dst: destination },
            output: 'sorted',
            messages: false,
          });
          return;
        }
        const folder = (twin: string) => join(module, `${place}-${twin}`);
        await same(
          {
            command: (who, twin) => [
              ...who.command,
              ...options,
              '../src/',
              `${daemon.url}/rw/${place}-${twin}/dst/`,
            ],
            folder,
          },
          { source, before: { dst: destination }, output: 'sorted', messages: false },
        );
      });
    },
    propertyTimeout,
  );
});
