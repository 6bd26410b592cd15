/** A daemon of its own: it listens, many are served at once, it can be told to end, and leaves nothing behind. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort, startGuarded, waitForPort } from '../support/guarded.ts';
import { isRoot, kernelName, onPath, ours, type Peer, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { makeModule, type Standing, soon, standing as standingWith } from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const identity = isRoot ? 'uid = 0\ngid = 0\n' : '';

/** A daemon with one module while `body` runs; `more` is put before its modules. Its pid file is gone in the end. */
async function standing(more: string, body: (daemon: Standing) => Promise<void>): Promise<void> {
  let pidFile = '';
  await standingWith({ config: `${more}[m]\npath = TWIN/m\n`, prepare: makeModule }, async (daemon) => {
    pidFile = join(daemon.dir, 'pid');
    expect(existsSync(pidFile)).toBe(true);
    await body(daemon);
  });
  expect(existsSync(pidFile)).toBe(false);
}

/** Runs a daemon's command as from a terminal: what Node gives as standard input is a socket, and that means inetd. */
function start(...words: readonly string[]) {
  return run(['sh', '-c', '"$@" </dev/null', 'sh', ...words]);
}

/** Whether a process ends soon. */
async function gone(pid: number): Promise<boolean> {
  for (let k = 0; k < 100; k++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** A client that connects, and says nothing yet. */
function silent(port: number) {
  return new Promise<{ readonly said: () => string; close(): void }>((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      resolve({ said: () => text, close: () => socket.destroy() });
    });
  });
}

describe.skipIf(reference === null)('a daemon of its own', () => {
  const client = reference!;

  test('serves many at once, while one says nothing', () =>
    standing('', async ({ url, port, dir }) => {
      const idle = await silent(port);
      expect(idle.said()).toMatch(/^@RSYNCD: 32\.0 \w+/);
      const pulls = Array.from({ length: 12 }, (_, k) =>
        run([...client.command, '-a', `${url}/m/`, join(dir, `to${k}`)]),
      );
      for (const pull of await Promise.all(pulls)) expect(pull.code, pull.stderr).toBe(0);
      for (let k = 0; k < 12; k++)
        expect(readFileSync(join(dir, `to${k}`, 'file'), 'utf8')).toBe('content\n');
      idle.close();
    }));

  test.skipIf(onPath('ss') === null || kernelName === 'portable')('has sockets as it is told', () => {
    const told = 'SO_KEEPALIVE, TCP_NODELAY, SO_SNDBUF=65536, SO_RCVBUF=20000, IPTOS_LOWDELAY, nonsense';
    const sockets = (who: Peer) =>
      withWorkspace(async (dir) => {
        const port = await freePort();
        const [config, log] = [join(dir, 'rsyncd.conf'), join(dir, 'log')];
        writeFileSync(config, `listen backlog = 3\nsocket options = ${told}\nlog file = ${log}\n`);
        const server = startGuarded([
          ...who.command,
          ...['--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`],
        ]);
        try {
          await waitForPort(port, server);
          const { stdout } = await run(['ss', '-Hltnm', `sport = :${port}`]);
          const [, backlog] = /^LISTEN +\d+ +(\d+)/.exec(stdout) ?? [];
          const [, received, sent] = /,rb(\d+),t\d+,tb(\d+)/.exec(stdout) ?? [];
          expect(readFileSync(log, 'latin1')).toMatch(/Unknown socket option nonsense/);
          return { backlog, received, sent };
        } finally {
          await server.stop();
        }
      });
    return expect(Promise.all([sockets(ours()), sockets(reference!)])).resolves.toEqual([
      { backlog: '3', received: '40000', sent: '131072' },
      { backlog: '3', received: '40000', sent: '131072' },
    ]);
  });

  test.each([ours(), reference!])('has variables as bytes, and commands that can be heard: $name', (who) =>
    withWorkspace(async (dir) => {
      const port = await freePort();
      makeModule(dir);
      const config = join(dir, 'rsyncd.conf');
      writeFileSync(
        config,
        `use chroot = no\n${identity}log file = ${dir}/log\n[m]\npath = ${dir}/m\ncomment = %PLACE%\n
early exec = echo early >&2\npre-xfer exec = echo "$PLACE" | od -c >&2\npost-xfer exec = echo after >&2\n`,
      );
      const command = [...who.command, '--daemon', '--no-detach', `--config=${config}`];
      const server = startGuarded([
        ...['bash', '-c', `PLACE=$'at \\xe9' exec "$@"`, 'bash'],
        ...[...command, '--address=127.0.0.1', `--port=${port}`],
      ]);
      try {
        await waitForPort(port, server);
        const url = `rsync://127.0.0.1:${port}/`;
        expect((await run([...client.command, url])).stdout).toBe(`m${' '.repeat(14)}\tat \\#351\n`);
        expect((await run([...client.command, `${url}m/`])).code).toBe(0);
        const heard = () => /early\n(?:.*\n)*0000000 +a +t +351/.test(server.output());
        expect(await soon(() => heard() && /after/.test(server.output())), server.output()).toBe(true);
      } finally {
        await server.stop();
      }
    }),
  );

  test('reads its configuration anew for each client', () =>
    standing('', async ({ url, dir }) => {
      const config = readFileSync(join(dir, 'rsyncd.conf'), 'utf8');
      writeFileSync(join(dir, 'rsyncd.conf'), `${config}[later]\npath = ${dir}/m\n`);
      const { stdout } = await run([...client.command, `${url}/`]);
      expect(stdout).toBe(`${'m'.padEnd(15)}\t\n${'later'.padEnd(15)}\t\n`);
    }));

  test.runIf(kernelName === 'portable')('lets in nobody where it cannot count them, and says why', () =>
    standing('max connections = 1\nlock file = TWIN/lock\n', async ({ url, dir }) => {
      const refused = await run([...client.command, `${url}/m/`]);
      expect(refused.stderr).toMatch(/@ERROR: failed to open lock file/);
      expect(refused.code).toBe(5);
      expect(readFileSync(join(dir, 'log'), 'latin1')).toMatch(/max connections needs the native kernel/);
    }),
  );

  test.skipIf(kernelName === 'portable')('lets in no more than it may', () =>
    standing('max connections = 1\nlock file = TWIN/lock\n', async ({ url, port }) => {
      const first = await silent(port);
      const socket = connect(port, '127.0.0.1');
      socket.write('@RSYNCD: 31.0\nm\n');
      await new Promise<void>((resolve) =>
        socket.on('data', (piece) => /OK/.test(piece.toString()) && resolve()),
      );
      const refused = await run([...client.command, `${url}/m/`]);
      expect(refused.stderr).toMatch(/@ERROR: max connections \(1\) reached -- try again later/);
      expect(refused.code).toBe(5);
      socket.destroy();
      first.close();
      for (let k = 0; k < 40; k++) {
        if ((await run([...client.command, `${url}/m/`])).code === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('the place was not given back');
    }),
  );

  test('goes into the background, and ends when it is told to', () =>
    withWorkspace(async (dir) => {
      const port = await freePort();
      mkdirSync(join(dir, 'm'));
      const config = join(dir, 'rsyncd.conf');
      writeFileSync(
        config,
        `${identity}pid file = ${dir}/pid\nlog file = ${dir}/log\n[m]\npath = ${dir}/m\n`,
      );
      const command = [
        ...ours().command,
        '--daemon',
        `--config=${config}`,
        '--address=127.0.0.1',
        `--port=${port}`,
      ];
      const started = await start(...command);
      expect(started.code, started.stderr).toBe(0);
      const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
      try {
        expect((await run([...client.command, `rsync://127.0.0.1:${port}/`])).stdout).toMatch(/^m /);
        const again = await start(...command);
        // Plain Node can lock no file; but the port is taken.
        expect(again.code).toBe(kernelName === 'portable' ? 10 : 11);
      } finally {
        process.kill(pid, 'SIGTERM');
      }
      expect(await gone(pid)).toBe(true);
      expect(existsSync(join(dir, 'pid'))).toBe(false);
      expect(readFileSync(join(dir, 'log'), 'latin1')).toMatch(/starting, listening on port \d+\n/);
    }));

  test('goes by names that are bytes, in the background and for each client', () =>
    withWorkspace(async (dir) => {
      const port = await freePort();
      mkdirSync(join(dir, 'm'));
      const bytes = (name: string) => Buffer.from(`${dir}/${name}`, 'latin1');
      const config = `use chroot = no\n${identity}[m]\npath = ${dir}/m\npost-xfer exec = : >${dir}/ran-\xfc\n`;
      writeFileSync(bytes('conf-\xff'), Buffer.from(config, 'latin1'));
      const started = await start(
        ...ours().command,
        '--daemon',
        `--config=${dir}/conf-\xff`,
        `--log-file=${dir}/log-\xfe`,
        `--dparam=pid file=${dir}/pid-\xfd`,
        '--address=127.0.0.1',
        `--port=${port}`,
      );
      expect(started.code, started.stderr).toBe(0);
      const pid = Number(readFileSync(bytes('pid-\xfd'), 'latin1'));
      try {
        const pull = await run([...client.command, '-a', `rsync://127.0.0.1:${port}/m/`, join(dir, 'to')]);
        expect(pull.code, pull.stderr).toBe(0);
        expect(await soon(() => existsSync(bytes('ran-\xfc')))).toBe(true);
      } finally {
        process.kill(pid, 'SIGTERM');
      }
      expect(await gone(pid)).toBe(true);
      expect(readFileSync(bytes('log-\xfe'), 'latin1')).toMatch(/sent \d+ bytes/);
    }));

  test('has written down why, when a client sees its end', () =>
    standing('', async ({ port, dir }) => {
      const words = Array.from({ length: 17_000 }, (_, k) => `a${k}\0`).join('');
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.on('data', (piece) => /OK/.test(piece.toString()) && socket.write(`${words}\0`));
        socket.write('@RSYNCD: 31.0\nm\n');
      });
      expect(readFileSync(join(dir, 'log'), 'latin1')).toMatch(/ too many daemon arguments\n/);
    }));

  test('gives its port back at once', () =>
    withWorkspace(async (dir) => {
      mkdirSync(join(dir, 'm'));
      const config = join(dir, 'rsyncd.conf');
      writeFileSync(
        config,
        `${identity}pid file = ${dir}/pid\nlog file = ${dir}/log\n[m]\npath = ${dir}/m\n`,
      );
      const port = await freePort();
      for (let k = 0; k < 4; k++) {
        const started = await start(
          ...ours().command,
          '--daemon',
          `--config=${config}`,
          '--address=127.0.0.1',
          `--port=${port}`,
        );
        expect(started.code, started.stderr).toBe(0);
        const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
        process.kill(pid, 'SIGTERM');
        expect(await gone(pid)).toBe(true);
      }
    }));

  test('does not share a port', () =>
    standing('', async ({ port, dir }) => {
      const { code, stderr } = await start(
        ...ours().command,
        '--daemon',
        '--no-detach',
        `--config=${dir}/rsyncd.conf`,
        '-Mpid file=',
        '--address=127.0.0.1',
        `--port=${port}`,
      );
      expect(code).toBe(10);
      expect(stderr).toMatch(/bind\(\) failed: Address already in use/);
      expect(stderr).toMatch(new RegExp(`unable to bind any inbound sockets on port ${port}`));
    }));

  test('cannot be without a configuration', async () => {
    const { code, stderr } = await start(...ours().command, '--daemon', '--config=/nonexistent');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Failed to parse config file: \/nonexistent/);
  });
});
