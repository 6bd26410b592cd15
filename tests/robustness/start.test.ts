/**
 * Transfers that never begin: a shell that is not there, a host that refuses, a command that is missing, a
 * daemon that does not answer.
 */

import { existsSync, mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, daemonUser, startDaemon } from '../support/daemon.ts';
import { expectSameFailure, type Failure } from '../support/failures.ts';
import { freePort } from '../support/guarded.ts';
import { withoutLosses } from '../support/messages.ts';
import { ours, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { refusingShell, sayingShell, silentShell } from '../support/rsh.ts';
import { run } from '../support/run.ts';
import { expectSameScript } from '../support/script.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const real = reference?.command.join(' ') ?? '';
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
const source = import.meta.filename;

/**
 * The child's own code, or the broken stream's: real rsync ends with the one or the other, whichever of the
 * child's end and the stream's end it learns of first.
 */
const childOr = (code: number) => [code, 12];

const same = (failure: Failure) => expectSameFailure(failure, ours(), reference!);

describe.skipIf(reference === null)('a transfer that does not begin', () => {
  const ways: [string, (work: string) => string[]][] = [
    ['push', (work) => [source, `lh:${work}/new`]],
    ['pull', (work) => [`lh:${source}`, `${work}/new`]],
  ];
  describe.each(fewer(ways))('%s', (_, paths) => {
    test('the remote shell is not there', () =>
      withWorkspace((work) =>
        same({
          command: (who) => [...who.command, '-a', '--rsh=/no/such/ssh', ...paths(work)],
          codes: childOr(14),
          says: [/Failed to exec \/no\/such\/ssh: No such file or directory \(2\)/],
        }),
      ));
    test('the host refuses', () =>
      withWorkspace((work) => {
        const rsh = refusingShell(work, 255, 'ssh: connect to host lh port 22: Connection refused');
        return same({
          command: (who) => [...who.command, '-a', `--rsh=${rsh}`, ...paths(work)],
          codes: childOr(255),
          says: [/Connection refused/, /connection unexpectedly closed \(0 bytes received so far\)/],
        });
      }));
    test.each([1, 2, 126, 127])('the remote shell ends with %i', (code) =>
      withWorkspace((work) =>
        same({
          command: (who) => [
            ...who.command,
            '-a',
            `--rsh=${refusingShell(work, code, 'no')}`,
            ...paths(work),
          ],
          codes: childOr(code),
          says: [/^no$/m],
        }),
      ),
    );
    test('the remote command is missing', () =>
      withWorkspace((work) =>
        same({
          command: (who) => [
            ...who.command,
            '-a',
            `--rsh=${lsh}`,
            '--rsync-path=/no/such/rsync',
            ...paths(work),
          ],
          codes: childOr(127),
          says: [/\/no\/such\/rsync: not found/, /connection unexpectedly closed/],
        }),
      ));
    test('the shell greets with a banner', () =>
      withWorkspace((work) => {
        const rsh = sayingShell(work, 'banner', 'Welcome to this machine\\n');
        return same({
          command: (who) => [...who.command, '-a', `--rsh=${rsh}`, ...paths(work)],
          says: [/protocol version mismatch -- is your shell clean\?/],
        });
      }));
    test('the peer says nothing within --timeout', () =>
      withWorkspace((work) =>
        same({
          command: (who) => [
            ...who.command,
            '-a',
            '--timeout=1',
            `--rsh=${silentShell(work)}`,
            ...paths(work),
          ],
          says: [/timeout/],
          codes: [30],
        }),
      ));
    test('the peer speaks a protocol that is too old', () =>
      withWorkspace((work) => {
        const rsh = sayingShell(work, 'old', '\\023\\000\\000\\000');
        return same({
          command: (who) => [...who.command, '-a', `--rsh=${rsh}`, ...paths(work)],
          says: [/protocol version mismatch|is your shell clean/],
        });
      }));
  });

  test('the server is started by hand and gets nothing', () =>
    same({
      command: (who) => [...who.command, '--server', '--sender', '-logDtpre.LsfxCIvu', '.', '/tmp'],
      codes: [12],
    }));

  test('an option that rsync does not know', () =>
    same({
      command: (who) => [...who.command, '--no-such-option', 'a', 'b'],
      says: [/--no-such-option: unknown option/],
    }));
});

describe.skipIf(reference === null)('a daemon that does not let us in', () => {
  let dir: string;
  let daemon: Daemon;
  let mute: Server;
  let mutePort: number;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-start-'));
    daemon = await startDaemon(reference!, dir);
    mutePort = await freePort();
    mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(mutePort, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await daemon?.stop();
    mute?.close();
    removeTree(dir);
  });

  const refused = (url: string, extra: Partial<Failure> = {}, options: string[] = []) =>
    withWorkspace((work) =>
      same({ command: (who) => [...who.command, '-a', ...options, url, `${work}/new/`], ...extra }),
    );

  test('wrong password', () =>
    refused(`rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`, {
      options: { env: { RSYNC_PASSWORD: 'wrong' } },
      says: [/@ERROR: auth failed on module auth/],
    }));
  test('unknown user', () =>
    refused(`rsync://nobody-here@127.0.0.1:${daemon.port}/auth/`, {
      options: { env: { RSYNC_PASSWORD: daemonUser.password } },
      says: [/@ERROR: auth failed on module auth/],
    }));
  // What runs here leads a session of its own, and has no terminal.
  test.each([
    ['the right one', `${daemonUser.password}\nmore\n`, 0, /^Password: $/m],
    ['one without an end of line', daemonUser.password, 0, /^Password: $/m],
    ['a wrong one', 'wrong\n', 5, /^Password: @ERROR: auth failed on module auth$/m],
    ['none', '', 5, /^Password: @ERROR: auth failed on module auth$/m],
  ])('a password is asked for without a terminal, and standard input has %s', (_, input, code, says) =>
    refused(`rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`, {
      options: { input },
      codes: [code],
      says: [says],
    }),
  );
  test('unknown module', () => refused(`${daemon.url}/none/`, { says: [/@ERROR: Unknown module 'none'/] }));
  test('nobody listens', async () => {
    const port = await freePort();
    await refused(`rsync://127.0.0.1:${port}/rw/`, {
      says: [/^rsync: \[Receiver\] failed to connect to 127\.0\.0\.1.*Connection refused \(111\)$/m],
      codes: [10],
    });
  });
  test('no such host', () =>
    refused('rsync://no-such-host.invalid/rw/', { says: [/no-such-host\.invalid/] }));
  test('it says nothing within --contimeout', () =>
    refused(`rsync://127.0.0.1:${mutePort}/rw/`, { codes: [30, 35] }, ['--contimeout=1', '--timeout=2']));
  test('a connect program that fails', () =>
    refused('rsync://host/rw/', { codes: [5, 12], options: { env: { RSYNC_CONNECT_PROG: 'exit 3' } } }));
});

describe.skipIf(reference === null)('a web proxy that answers without an end of line', () => {
  test.each([
    ['its answer', 'HTTP/1.0 200 '.padEnd(1023, 'x'), /proxy response line too long/],
    ['a header', `HTTP/1.0 200 OK\r\n${'x'.repeat(1023)}`, /proxy response header line too long/],
  ])('in %s', async (_, answer, says) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const options = { env: { RSYNC_PROXY: `127.0.0.1:${port}` } };
      await same({ command: (who) => [...who.command, 'rsync://localhost/'], options, says: [says] });
    } finally {
      server.close();
    }
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('the question for a password', () => {
  test('leaves the terminal as it was when a signal ends it', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('@RSYNCD: 31.0\n@RSYNCD: AUTHREQD abc\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const command = `${remoteCommand(ours())} rsync://me@127.0.0.1:${port}/x/`;
      const seen = 'stty -a </dev/tty | grep -o "[-]*echo " | head -n 1';
      const shell = `stty echo; ${command} & p=$!; sleep 2; ${seen}; kill -TERM $p; wait $p; echo ended $?; ${seen}`;
      const { stdout } = await run(['/usr/bin/script', '-qec', shell, '/dev/null']);
      expect(stdout.match(/-?echo\b|ended \d+/g), stdout).toEqual(['-echo', 'ended 20', 'echo']);
      expect(stdout).toContain('Password: ');
    } finally {
      server.close();
    }
  });
});

describe.skipIf(reference === null)('a sender that fails before its list is sent', () => {
  test.each(
    ['$R', real].flatMap((client) =>
      ['', '--no-i-r', '--protocol=29', '--protocol=30', '--stderr=client'].map((how) => [client, how]),
    ),
  )('%s pulls %s', (client, how) =>
    expectSameScript(
      {
        script: `mkdir -p w/s/d w/t; cd w/t; ${client} -r -e $LSH --rsync-path="$R" ${how} -R lh:../s/d .; echo $?
          $R -rv -e $LSH --rsync-path=${real} ${how} -R ../s/d lh:. 2>/dev/null | grep incremental; echo \${PIPESTATUS[0]}; ls`,
      },
      reference!,
    ),
  );
});

describe.skipIf(reference === null)('a working directory that is deleted', () => {
  const commands = [
    '$R -r s/ d/',
    '$R -r $HERE/s/ $HERE/d/',
    '$R --list-only $HERE/s/',
    '$R -r -e $LSH --rsync-path="$R" $HERE/s/ lh:$HERE/d/',
    '$R -r -e $LSH --rsync-path="$R" lh:$HERE/s/ $HERE/d/',
    '$R -r --read-batch=$HERE/batch $HERE/d/',
    '$R --server -r . $HERE/d/ </dev/null',
    '$R --server --sender -r . $HERE/s/ </dev/null',
  ];
  test.each(commands)('%s', (command) =>
    expectSameScript(
      {
        // A shell that starts there says of itself what it misses.
        script: `HERE=$PWD; mkdir s gone; echo x >s/f; cd gone; rmdir ../gone
          ${command} 2>$HERE/err; echo "exit $?"; cd $HERE; grep -v ^sh: err >&2; rm err; ls`,
      },
      reference!,
    ),
  );
  test('a shell in a directory that is there starts as ever', () =>
    expectSameScript({ script: 'mkdir s; echo x >s/f; cd s; $R -r . ../d; ls ../d' }, reference!));
});

describe.skipIf(reference === null || process.env.OC_RSYNC_BIN !== undefined)('few files may be open', () => {
  test.each([20, 24, 28])('%i: the program says so', async (limit) => {
    const command = `ulimit -n ${limit}; exec ${remoteCommand(ours())} -a ${source} /nowhere/`;
    const result = await run(['bash', '-c', command]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^oc-rsync needs at least 32 open files/);
  });
  test('32 are enough', () =>
    withWorkspace(async (work) => {
      const files = `mkdir -p s/d; for i in $(seq 100); do echo $i >s/d/$i; done; cd ${work}`;
      const command = `cd ${work}; ${files}; ulimit -n 32; exec ${remoteCommand(ours())} -a s/ d/`;
      const result = await run(['bash', '-c', command]);
      expect([result.code, withoutLosses(result.stderr)]).toEqual([0, '']);
    }));
});

describe.skipIf(reference === null || sshdMissing() !== null)('a real ssh', () => {
  test('refuses our key', () =>
    withWorkspace(async (work) => {
      const sshd = await startSshd(join(work, 'sshd'));
      try {
        await same({
          command: (who) => [
            ...who.command,
            '-a',
            `--rsh=${sshd.rsh}`,
            `--rsync-path=${remoteCommand(who)}`,
            source,
            `stranger:${work}/new`,
          ],
          codes: childOr(255),
          says: [/Permission denied \(publickey\)/],
        });
      } finally {
        await sshd.stop();
      }
    }));
  test('finds nobody at the port', () =>
    withWorkspace(async (work) => {
      const port = await freePort();
      await same({
        command: (who) => [
          ...who.command,
          '-a',
          `--rsh=ssh -o BatchMode=yes -p ${port}`,
          source,
          `127.0.0.1:${work}/new`,
        ],
        codes: childOr(255),
        says: [/Connection refused/],
      });
    }));
});
