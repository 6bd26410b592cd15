/** Bad luck of a daemon: clients that die, disks that are full, what is gone, what a dead one left, and its own end. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { freePort } from '../support/guarded.ts';
import { isRoot, ours, type Peer, realPeers, referencePeer } from '../support/peers.ts';
import { killGroup, run } from '../support/run.ts';
import { descendants, makeModule, oneModule, type Standing, soon, standing } from '../support/standing.ts';
import { test } from '../support/tables.ts';

const reference = referencePeer();
const [client = reference!] = realPeers();
const clients: readonly Peer[] = [client, ours()];
const megabyte = 1024 * 1024;

function prepare(dir: string): void {
  makeModule(dir);
  mkdirSync(join(dir, 's'));
  writeFileSync(join(dir, 's', 'big'), Buffer.alloc(8 * megabyte, 'a large file '));
}

const slowly = ['-rt', '--bwlimit=2m'];

async function expectServed({ url, dir, log }: Standing): Promise<void> {
  const to = join(dir, 'served');
  rmSync(to, { recursive: true, force: true });
  const { code, stderr } = await run([...client.command, '-r', `${url}/m/file`, to]);
  expect(code, `${stderr}\n${log()}`).toBe(0);
  expect(readFileSync(to, 'latin1')).toBe('content\n');
}

/** The temporary file of `big`, while it comes. */
function temporary(dir: string): string | undefined {
  return readdirSync(join(dir, 'm')).find((name) => /^\.big\.\w{6}$/.test(name));
}

/** Starts a push, and does something to it in its middle. */
async function inTheMiddle(
  { url, dir }: Standing,
  who: Peer,
  options: readonly string[],
  then: (child: ChildProcess) => void | Promise<void>,
) {
  let started: ChildProcess | undefined;
  const done = run([...who.command, ...slowly, ...options, 's/', `${url}/m/`], {
    cwd: dir,
    onStart: (child) => {
      started = child;
    },
  });
  const came = () => {
    const name = temporary(dir);
    return name !== undefined && statSync(join(dir, 'm', name), { throwIfNoEntry: false })?.size !== 0;
  };
  expect(await soon(came)).toBe(true);
  await then(started!);
  return done;
}

describe.each(clients)('a push of $name that ends in its middle', (who) => {
  test.each(['SIGKILL', 'SIGTERM'] as const)('by %s leaves nothing', (signal) =>
    standing({ config: oneModule, prepare }, async (daemon) => {
      await inTheMiddle(daemon, who, [], (child) => killGroup(child, signal));
      await daemon.settles();
      await daemon.logged(/rsync error: /);
      expect(readdirSync(join(daemon.dir, 'm'))).toEqual(['file']);
      await expectServed(daemon);
    }),
  );

  test('leaves what --partial asks for', () =>
    standing({ config: oneModule, prepare }, async (daemon) => {
      await inTheMiddle(daemon, who, ['--partial'], (child) => killGroup(child, 'SIGKILL'));
      await daemon.settles();
      expect(readdirSync(join(daemon.dir, 'm')).sort()).toEqual(['big', 'file']);
      const again = await run([...who.command, '-rt', 's/', `${daemon.url}/m/`], { cwd: daemon.dir });
      expect(again.code, again.stderr).toBe(0);
      expect(
        readFileSync(join(daemon.dir, 'm', 'big')).equals(readFileSync(join(daemon.dir, 's', 'big'))),
      ).toBe(true);
    }));
});

describe('a pull of one who dies', () => {
  test.each(clients)('$name: is given up', (who) =>
    standing(
      {
        config: oneModule,
        prepare(dir) {
          prepare(dir);
          renameSync(join(dir, 's', 'big'), join(dir, 'm', 'big'));
        },
      },
      async (daemon) => {
        const pull = run([...who.command, ...slowly, `${daemon.url}/m/`, join(daemon.dir, 'to')], {
          onStart: (child) => setTimeout(() => killGroup(child, 'SIGKILL'), 1200),
        });
        await pull;
        await daemon.settles();
        await expectServed(daemon);
      },
    ),
  );
});

/** Runs `body` with a full disk of 2 MiB at `TWIN/disk`, where one can be mounted. */
async function withDisk(dir: string, body: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(dir, 'disk');
  mkdirSync(disk, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status === 0;
  if (!mounted) return;
  try {
    await body(disk);
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
}

describe.skipIf(!isRoot)('a disk without room (needs root, to mount one)', () => {
  test.each(['--whole-file', '--inplace', '--partial'])('below a module: the client is told; %s', (option) =>
    standing({ config: `${oneModule}[disk]\npath = TWIN/disk\nread only = no\n`, prepare }, (daemon) =>
      withDisk(daemon.dir, async (disk) => {
        const push = await run([...client.command, '-r', option, 's/', `${daemon.url}/disk/`], {
          cwd: daemon.dir,
        });
        expect(push.code, push.stderr).toBe(11);
        expect(push.stderr).toMatch(/No space left on device/);
        await daemon.logged(
          /No space left on device[^\n]*\n(.*\n)*.*rsync error: error in file IO \(code 11\)/,
        );
        await daemon.settles();
        expect(readdirSync(disk).filter((name) => name.startsWith('.'))).toEqual([]);
        await expectServed(daemon);
      }),
    ),
  );

  test('below its log: everybody is served', () =>
    standing({ config: `${oneModule}log file = TWIN/disk/log\n`, prepare }, (daemon) =>
      withDisk(daemon.dir, async (disk) => {
        spawnSync('sh', ['-c', 'cat /dev/zero >"$1"/full 2>/dev/null', 'sh', disk]);
        await expectServed(daemon);
        const push = await run([...client.command, '-r', 's/', `${daemon.url}/m/`], { cwd: daemon.dir });
        expect(push.code, push.stderr).toBe(0);
        await daemon.settles();
      }),
    ));
});

describe('what is gone', () => {
  test('a module: its clients are told, until it is there again', () =>
    standing({ config: `${oneModule}[n]\npath = TWIN/n\nread only = no\n`, prepare }, async (daemon) => {
      const ask = () => run([...client.command, `${daemon.url}/n/`]);
      expect((await ask()).stderr).toMatch(/@ERROR: chdir failed/);
      mkdirSync(join(daemon.dir, 'n'));
      expect((await ask()).code).toBe(0);
      rmSync(join(daemon.dir, 'n'), { recursive: true });
      expect((await ask()).stderr).toMatch(/@ERROR: chdir failed/);
      await daemon.settles();
    }));

  test.each(clients)('a file of names, for $name: the client is told', (who) =>
    standing({ config: oneModule, prepare }, async (daemon) => {
      const asked = [...who.command, '-r', '--files-from=:/none', `${daemon.url}/m/`, join(daemon.dir, 'to')];
      const { code, stderr } = await run(asked);
      expect(stderr, daemon.log()).toMatch(/failed to open files-from file/);
      expect(code).not.toBe(0);
      await daemon.settles();
    }),
  );

  test('a module in the middle of a push', () =>
    standing({ config: oneModule, prepare }, async (daemon) => {
      const push = await inTheMiddle(daemon, client, [], () =>
        rmSync(join(daemon.dir, 'm'), { recursive: true, force: true }),
      );
      expect([11, 12, 23], push.stderr).toContain(push.code);
      expect(push.timedOut).toBe(false);
      await daemon.settles();
    }));

  test('a configuration that can be read: clients are turned away, until it is there again', () =>
    standing({ config: oneModule, prepare }, async (daemon) => {
      const file = join(daemon.dir, 'rsyncd.conf');
      const good = readFileSync(file, 'latin1');
      for (const bad of ['[a\n', 'port = 1\n[m\n']) {
        writeFileSync(file, bad);
        const { code } = await run([...client.command, `${daemon.url}/m/`], { timeout: 10_000 });
        expect(code).not.toBe(0);
      }
      rmSync(file);
      expect((await run([...client.command, `${daemon.url}/m/`], { timeout: 10_000 })).code).not.toBe(0);
      writeFileSync(file, good);
      await expectServed(daemon);
      await daemon.settles();
    }));
});

describe('a daemon', () => {
  test('takes over from one that died', () =>
    standing(
      {
        config: oneModule,
        prepare(dir) {
          prepare(dir);
          writeFileSync(join(dir, 'pid'), '1234567\n');
        },
      },
      async (daemon) => {
        expect(readFileSync(join(daemon.dir, 'pid'), 'latin1')).toBe(`${daemon.pid}\n`);
        await expectServed(daemon);
      },
    ));

  const peers = [ours(), ...(reference === null ? [] : [reference])];
  test.each(peers)('of $name ends by SIGTERM, and lets who is served come to his end', (who) =>
    standing({ config: oneModule, prepare, who }, async (daemon) => {
      const push = await inTheMiddle(daemon, client, [], () => {
        process.kill(daemon.pid, 'SIGTERM');
      });
      expect(push.code, push.stderr).toBe(0);
      expect(readFileSync(join(daemon.dir, 'm', 'big')).length).toBe(8 * megabyte);
      expect(await soon(() => !existsSync(join(daemon.dir, 'pid')))).toBe(true);
      expect((await run([...client.command, `${daemon.url}/`])).code).toBe(10);
    }),
  );

  test.each(peers)('of $name says by its exit value how it was told to end', (who) =>
    standing({ config: oneModule, prepare }, async ({ dir, port }) => {
      for (const [signal, code] of [
        ['SIGTERM', 0],
        ['SIGHUP', 20],
        ['SIGINT', 20],
      ] as const) {
        const config = join(dir, 'other.conf');
        writeFileSync(config, `pid file = ${dir}/other.pid\nlog file = ${dir}/other.log\n`);
        // Another address: nobody is in the way.
        const words = [
          '--daemon',
          '--no-detach',
          `--config=${config}`,
          '--address=127.0.0.2',
          `--port=${port}`,
        ];
        const result = await run(['sh', '-c', 'exec "$@" </dev/null', 'sh', ...who.command, ...words], {
          onStart: async (child) => {
            await soon(() => existsSync(join(dir, 'other.pid')));
            await new Promise((resolve) => setTimeout(resolve, 300));
            process.kill(child.pid!, signal);
          },
        });
        expect(result.code, `${signal}: ${result.stderr}`).toBe(code);
        expect(existsSync(join(dir, 'other.pid'))).toBe(false);
      }
    }),
  );

  test(
    'that has no descriptors left for another process goes on once there are some',
    { timeout: 120_000 },
    async () =>
      standing(
        {
          config: `timeout = 60\n${oneModule}`,
          prepare,
          // What counts clients holds a descriptor for each, also where one process makes all others.
          args: [`--metrics=127.0.0.1:${await freePort()}`],
          within: ['sh', '-c', 'ulimit -n 48; exec "$@"', 'sh'],
        },
        async (daemon) => {
          const idle: Socket[] = [];
          try {
            for (let k = 0; k < 40; k++) {
              const socket = connect(daemon.port, '127.0.0.1');
              socket.on('error', () => {});
              idle.push(socket);
              await new Promise((resolve) => setTimeout(resolve, 100));
            }
            await daemon.logged(/failed to start a process for the next client/);
            expect(descendants(daemon.pid).length).toBeGreaterThan(3);
          } finally {
            for (const socket of idle) socket.destroy();
          }
          await daemon.settles();
          await expectServed(daemon);
        },
      ),
  );
});
