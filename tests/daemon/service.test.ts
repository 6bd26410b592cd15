/** A daemon as a service: figures of it, sockets that a manager has opened, what its connections may take. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/guarded.ts';
import { isRoot, kernelName, ours, referencePeer } from '../support/peers.ts';
import { run, testEnvironment } from '../support/run.ts';
import {
  descendants,
  makeModule,
  oneModule,
  type Standing,
  standing,
  standingPreamble,
} from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

const config = `${oneModule}[hidden]\npath = TWIN/m\nhosts deny = *\n`;

/** The same in a file, for a daemon that is started by other means. */
function configure(dir: string): string {
  const file = join(dir, 'rsyncd.conf');
  makeModule(dir);
  writeFileSync(file, (standingPreamble + config).replaceAll('TWIN', dir));
  return file;
}

/** A daemon with two modules while `body` runs. */
function serving(
  args: readonly string[],
  body: (daemon: Standing) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  return standing({ config, prepare: makeModule, args, env }, body);
}

/** Asks until `found` is true of what is said, for ten seconds. */
async function soon<T>(ask: () => Promise<T> | T, found: (answer: T) => boolean): Promise<T> {
  let answer = await ask();
  for (let k = 0; k < 200 && !found(answer); k++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await ask();
  }
  return answer;
}

describe.skipIf(reference === null)('a daemon as a service', () => {
  const client = reference!;

  test('counts its clients for Prometheus', async () => {
    const at = await freePort();
    await serving([`--metrics=127.0.0.1:${at}`], async ({ dir, url, port }) => {
      const ask = async () => (await fetch(`http://127.0.0.1:${at}/metrics`)).text();
      expect((await fetch(`http://127.0.0.1:${at}/`)).status).toBe(404);
      const connections = (text: string) => Number(/connections_total (\d+)\n/.exec(text)?.[1]);
      const before = connections(await ask());
      expect((await run([...client.command, '-a', `${url}/m/`, join(dir, 'to')])).code).toBe(0);
      writeFileSync(join(dir, 'up'), 'x'.repeat(100_000));
      expect((await run([...client.command, '-a', join(dir, 'up'), `${url}/m/`])).code).toBe(0);
      expect((await run([...client.command, `${url}/hidden/`])).code).toBe(5);
      expect((await run([...client.command, `${url}/none/`])).code).toBe(5);
      // One that dies without a word.
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve) => socket.once('data', resolve));
      expect(await soon(ask, (text) => text.includes('connections 1\n'))).toContain(
        'oc_rsync_connections 1\n',
      );
      socket.destroy();
      const text = await soon(ask, (text) => text.includes('oc_rsync_connections 0\n'));
      expect(connections(text)).toBe(before + 5);
      expect(text).toContain('oc_rsync_connections 0\n');
      expect(text).toContain('oc_rsync_files_total{module="m"} 2\n');
      expect(text).toContain('oc_rsync_refusals_total{module="hidden"} 1\n');
      expect(text).toContain('oc_rsync_refusals_total{module=""} 1\n');
      expect(Number(/received_bytes_total\{module="m"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(100_000);
      expect(text).not.toContain('oc_rsync_errors_total{');
      expect(text).toMatch(/^# TYPE oc_rsync_connections_total counter$/m);
    });
  });

  test('does not start where its figures cannot be had', () =>
    withWorkspace(async (dir) => {
      const config = configure(dir);
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      const { port } = taken.address() as { port: number };
      const free = await freePort();
      const start = (metrics: string) =>
        run([
          'sh',
          '-c',
          '"$@" </dev/null',
          'sh',
          ...ours().command,
          '--daemon',
          '--no-detach',
          `--config=${config}`,
          '--address=127.0.0.1',
          `--port=${free}`,
          `--metrics=${metrics}`,
        ]);
      const inUse = await start(`${port}`);
      expect(inUse.stderr).toContain(`--metrics: cannot listen on ${port}: Address already in use`);
      expect(inUse.code).toBe(10);
      const wrong = await start('nowhere');
      expect(wrong.stderr).toContain('--metrics wants [HOST:]PORT, not nowhere');
      expect(wrong.code).toBe(1);
      taken.close();
    }));

  test('serves by sockets that it was given', () =>
    withWorkspace(async (dir) => {
      const config = configure(dir);
      const listening = createServer();
      await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
      const { port } = listening.address() as { port: number };
      const { fd } = (listening as unknown as { _handle: { fd: number } })._handle;
      const child = spawn(
        'sh',
        [
          '-c',
          'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"',
          'sh',
          ...ours().command,
          '--daemon',
          `--config=${config}`,
        ],
        { stdio: ['ignore', 'ignore', 'ignore', fd], env: testEnvironment({}) },
      );
      const ended = new Promise((resolve) => child.on('exit', resolve));
      try {
        // From here on whoever connects is the daemon's.
        listening.close();
        const url = `rsync://127.0.0.1:${port}`;
        const pulls = Array.from({ length: 5 }, (_, k) =>
          run([...client.command, '-a', `${url}/m/`, join(dir, `to${k}`)]),
        );
        for (const pull of await Promise.all(pulls)) expect(pull.code, pull.stderr).toBe(0);
        expect(readFileSync(join(dir, 'log'), 'utf8')).toContain('listening on 1 given socket(s)\n');
      } finally {
        child.kill();
        await ended;
      }
    }));

  test('says which options a socket cannot have', () =>
    serving(['--sockopts=SO_KEEPALIVE,NO_SUCH=1'], async ({ dir }) => {
      const log = readFileSync(join(dir, 'log'), 'utf8');
      expect(log).toContain('Unknown socket option NO_SUCH\n');
      expect(log.includes('SO_KEEPALIVE')).toBe(kernelName === 'portable');
    }));

  test('puts temporary files where it was told to', () =>
    serving(['--temp-dir=/tmp-of-it'], async ({ dir, url }) => {
      writeFileSync(join(dir, 'up'), 'x'.repeat(1000));
      const push = async () => run([...client.command, join(dir, 'up'), `${url}/m/`]);
      expect((await push()).stderr).toContain('tmp-of-it');
      mkdirSync(join(dir, 'm', 'tmp-of-it'));
      expect((await push()).code).toBe(0);
      expect(readdirSync(join(dir, 'm')).sort()).toEqual(['file', 'tmp-of-it', 'up']);
    }));

  test.skipIf(kernelName === 'portable')('gives a connection no more memory than it may have', () =>
    serving(['--memory-limit=64m'], async ({ port, pid }) => {
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve) => socket.once('data', resolve));
      const limits = descendants(pid).map(limitOf);
      socket.destroy();
      expect(limits.filter((limit) => limit !== 'unlimited').length).toBeGreaterThan(0);
    }),
  );

  test('lets nobody into a module whose rules it cannot keep', () =>
    standing(
      { config: `[m]\npath = TWIN/m\nfilter = dir-merge .rules\n`, prepare: makeModule },
      async ({ url, logged }) => {
        const { code, stderr } = await run([...client.command, `${url}/m/`]);
        expect(code).toBe(5);
        expect(stderr).toContain('@ERROR: module configuration error');
        await logged(/m: a dir-merge rule in "filter" is not supported/);
      },
    ));

  test('keeps compiled code for the next that waits', () =>
    withWorkspace(async (cache) => {
      const kept = () =>
        readdirSync(cache, { recursive: true }).filter((name) => /-(daemon|copies)$/.test(`${name}`));
      await serving(
        [],
        async () => {
          expect(await soon(kept, (names) => names.length === 1)).toHaveLength(1);
        },
        { XDG_CACHE_HOME: cache, OC_RSYNC_CODE_CACHE: '' },
      );
    }));

  test.skipIf(!isRoot)('has no capability left once it serves a module as somebody else', () =>
    standing(
      { config: 'reverse lookup = no\nuid = 65534\ngid = 65534\n[m]\npath = TWIN/m\n', prepare: makeModule },
      async ({ port, pid: daemon }) => {
        const socket = connect(port, '127.0.0.1');
        socket.write('@RSYNCD: 31.0\nm\n');
        await new Promise<void>((resolve) =>
          socket.on('data', (piece) => /OK/.test(piece.toString()) && resolve()),
        );
        const pid = descendants(daemon).find((child) => userOf(child) === '65534');
        expect(pid).toBeDefined();
        for (const thread of readdirSync(`/proc/${pid}/task`)) {
          const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
          expect(status).toMatch(/^CapPrm:\s0+$/m);
          expect(status).toMatch(/^CapEff:\s0+$/m);
          expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
        }
        socket.destroy();
      },
    ),
  );
});

function userOf(pid: number): string | undefined {
  return /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

/** What a process may have of memory. */
function limitOf(pid: number): string | undefined {
  return /^Max data size\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
}
