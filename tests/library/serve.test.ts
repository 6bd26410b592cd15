/** `serve`, with real rsync as its client. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type RsyncServer, type ServeOptions, type ServerLogLine, serve, sync } from '../../ts/index.ts';
import { isRoot, ours, referencePeer, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { children, descendants, isThere, soon } from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder, withoutNotice } from './places.ts';

const client = (referencePeer() ?? ours()).command;
const whom = isRoot ? { uid: 0, gid: 0 } : {};
const here = { address: '127.0.0.1', port: 0 } as const;
const atHome = { useChroot: false, mungeSymlinks: false, ...whom } as const;

const open: RsyncServer[] = [];
const opened = async (options: ServeOptions): Promise<RsyncServer> => {
  const server = await serve(options);
  open.push(server);
  return server;
};
afterEach(async () => {
  for (const server of open.splice(0)) await server.close({ connections: 'end' }).catch(() => {});
});

const url = ({ port }: RsyncServer, path: string, user = '') => `rsync://${user}127.0.0.1:${port}/${path}`;
const rsync = (args: readonly string[], env: Record<string, string> = {}) =>
  run([...client, ...args], { env: { ...process.env, ...env } });
/** Kinds of descriptors of this process. */
const held = () =>
  readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$/, '')];
      } catch {
        return [];
      }
    })
    .filter((name) => name === 'socket' || name === 'pipe').length;
const refuses = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(false));
    socket.once('error', () => resolve(true)).once('connect', () => socket.destroy());
  });

describe('modules as objects', () => {
  test('are listed, pulled from and pushed to', () =>
    withWorkspace(async (dir) => {
      folder(join(dir, 'ro'), { a: 'one', 'sub/b c': 'two' });
      folder(join(dir, 'rw'), { gone: '' });
      const lines: ServerLogLine[] = [];
      const server = await opened({
        ...here,
        modules: {
          ro: { path: join(dir, 'ro'), comment: 'to be read' },
          rw: { path: join(dir, 'rw'), readOnly: false, list: false },
          'of two words': { path: join(dir, 'ro'), comment: 'too' },
        },
        parameters: { ...atHome, reverseLookup: false },
        onLog: (line) => lines.push(line),
      });
      expect(server).toMatchObject({ address: '127.0.0.1' });
      expect(server.port).toBeGreaterThan(0);
      const listed = await rsync([url(server, '')]);
      expect(listed.stdout).toBe('ro             \tto be read\nof two words   \ttoo\n');
      expect((await rsync(['-a', url(server, 'ro/'), join(dir, 'pulled')])).code).toBe(0);
      expect(readFileSync(join(dir, 'pulled/sub/b c'), 'utf8')).toBe('two');
      expect((await rsync(['-a', url(server, 'of two words/'), join(dir, 'again')])).code).toBe(0);
      expect((await rsync(['-a', '--delete', `${dir}/ro/`, url(server, 'rw/')])).code).toBe(0);
      expect(readdirSync(join(dir, 'rw')).sort()).toEqual(['a', 'sub']);
      expect((await rsync(['-a', `${dir}/rw/`, url(server, 'ro/')])).stderr).toContain('module is read only');
      expect(lines.map(({ text }) => text)).toContain('connect from UNDETERMINED (127.0.0.1)');
      expect(lines.every(({ pid }) => pid !== process.pid)).toBe(true);
    }));

  test('ask for a password, and let in who knows it', () =>
    withWorkspace(async (dir) => {
      folder(join(dir, 'm'), { a: '1' });
      writeFileSync(join(dir, 'secrets'), 'me:correct horse\n', { mode: 0o600 });
      const server = await opened({
        ...here,
        modules: {
          m: { path: join(dir, 'm'), authUsers: 'me', secretsFile: join(dir, 'secrets'), ...atHome },
        },
      });
      const with_ = (secret: string) =>
        rsync(['-a', url(server, 'm/', 'me@'), join(dir, 'to')], { RSYNC_PASSWORD: secret });
      const wrong = await with_('wrong');
      expect([wrong.code, wrong.stderr]).toEqual([5, expect.stringContaining('auth failed on module m')]);
      expect((await with_('correct horse')).code).toBe(0);
      expect(existsSync(join(dir, 'to/a'))).toBe(true);
      await sync(url(server, 'm/', 'me@'), join(dir, 'ours'), {
        recursive: true,
        prompt: () => 'correct horse',
      });
      expect(existsSync(join(dir, 'ours/a'))).toBe(true);
    }));
});

test('a configuration file is served, and logs where it says', () =>
  withWorkspace(async (dir) => {
    folder(join(dir, 'm'), { a: '1' });
    const config = join(dir, 'rsyncd.conf');
    const identity = isRoot ? 'uid = 0\ngid = 0\n' : '';
    const text = `use chroot = no\n${identity}log file = ${dir}/log\npid file = ${dir}/pid\naddress = 127.0.0.1\n[m]\npath = ${dir}/m\n`;
    writeFileSync(config, text);
    const server = await opened({ config, port: 0, onLog: ({ text }) => expect.unreachable(text) });
    expect(server.address).toBe('127.0.0.1');
    expect((await rsync([url(server, 'm/a')])).stdout).toMatch(/ a\n$/);
    expect(await soon(() => readFileSync(join(dir, 'log'), 'utf8').includes('connect from'))).toBe(true);
    expect(existsSync(join(dir, 'pid'))).toBe(false);
    // What it says from now on holds for whoever comes.
    writeFileSync(config, `${text}[n]\npath = ${dir}/m\n`);
    expect((await rsync([url(server, 'n/a')])).stdout).toMatch(/ a\n$/);
  }));

test('a program that is busy misses no line', () =>
  withWorkspace(async (dir) => {
    const count = 3000;
    const path = folder(
      join(dir, 'm'),
      Object.fromEntries(Array.from({ length: count }, (_, k) => [`f${k}`, ''])),
    );
    let sent = 0;
    const server = await opened({
      ...here,
      modules: { m: { path, transferLogging: true, ...atHome } },
      onLog: ({ text }) => {
        if (/^send .* f\d+ /.test(text)) sent++;
        // Nothing is read meanwhile.
        if (sent === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
      },
    });
    expect((await rsync(['-r', url(server, 'm/'), join(dir, 'to')])).code).toBe(0);
    await server.close();
    expect(sent).toBe(count);
  }));

test('two at once know nothing of each other, and both leave nothing', () =>
  withWorkspace(async (dir) => {
    const before = [held(), children(process.pid).length];
    const one = folder(join(dir, 'one'), { a: '1' });
    const two = folder(join(dir, 'two'), { b: '2' });
    const [first, second] = await Promise.all(
      [one, two].map((path) => opened({ ...here, modules: { m: { path, ...atHome } } })),
    );
    const [left, right] = await Promise.all(
      [first!, second!].map((server) => rsync(['-r', '--list-only', url(server, 'm/')])),
    );
    expect([left!.stdout.includes(' a\n'), left!.stdout.includes(' b\n')]).toEqual([true, false]);
    expect([right!.stdout.includes(' a\n'), right!.stdout.includes(' b\n')]).toEqual([false, true]);
    await first!.close();
    expect(await refuses(first!.port)).toBe(true);
    expect((await rsync([url(second!, 'm/')])).code).toBe(0);
    const after = descendants(process.pid);
    await second!.close();
    expect(after.filter(isThere)).toEqual([]);
    await soon(() => held() <= before[0]!);
    expect(held()).toBeLessThanOrEqual(before[0]!);
    expect(children(process.pid).length).toBe(before[1]);
    // The port can be had again at once.
    const third = await opened({ ...here, port: first!.port, modules: { m: { path: one } } });
    expect(third.port).toBe(first!.port);
  }));

/** A client that takes long, once the server has begun to send. */
async function slowClient(server: RsyncServer, dir: string) {
  const args = ['-r', '--bwlimit=200', url(server, 'm/'), join(dir, 'to')];
  const child = spawn(client[0]!, [...client.slice(1), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stderr }));
  const begun = await soon(() => existsSync(join(dir, 'to')) && readdirSync(join(dir, 'to')).length > 0);
  expect(begun, stderr).toBe(true);
  return ended;
}

describe('closed with a client in the middle', () => {
  const big = () => ({ big: 'x'.repeat(1_000_000) });

  test('it waits for that, and lets nobody else in', () =>
    withWorkspace(async (dir) => {
      const path = folder(join(dir, 'm'), big());
      const server = await opened({ ...here, modules: { m: { path, ...atHome } } });
      const ended = slowClient(server, dir);
      const going = await Promise.race([ended.then(() => 'over'), soon(() => existsSync(join(dir, 'to')))]);
      expect(going).toBe(true);
      const closing = server.close();
      await soon(() => false, 300);
      expect(await refuses(server.port)).toBe(true);
      expect(await Promise.race([closing.then(() => 'closed'), 'waits'])).toBe('waits');
      expect((await ended).code).toBe(0);
      await closing;
      expect(readFileSync(join(dir, 'to/big')).length).toBe(1_000_000);
    }));

  test.each(['close', 'close again', 'signal'])('it ends that: by %s', (how) =>
    withWorkspace(async (dir) => {
      const path = folder(join(dir, 'm'), big());
      const controller = new AbortController();
      const { signal } = controller;
      const server = await opened({ ...here, signal, modules: { m: { path, ...atHome } } });
      const ended = slowClient(server, dir);
      await soon(() => existsSync(join(dir, 'to')) && readdirSync(join(dir, 'to')).length > 0);
      const after = descendants(process.pid).filter((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--log-to'),
      );
      expect(after.length).toBeGreaterThan(0);
      if (how === 'signal') {
        controller.abort(new Error('enough'));
        expect(await failureOf(server.closed)).toMatchObject({
          code: 'ERR_RSYNC_ABORTED',
          cause: { message: 'enough' },
        });
      } else {
        if (how === 'close again') void server.close();
        await server.close({ connections: 'end' });
      }
      expect(after.filter(isThere)).toEqual([]);
      const { code } = await ended;
      expect([12, 20]).toContain(code);
      expect(readdirSync(join(dir, 'to'))).toEqual([]);
    }),
  );
});

/** Runs a program that has the package, in a network of its own where `prepare` says so. */
const program = (text: string, prepare?: string) => {
  const node = [process.execPath, '--input-type=module', '-e', `import { serve } from 'oc-rsync';${text}`];
  const argv =
    prepare === undefined ? node : ['unshare', '-n', 'sh', '-c', `${prepare}; exec "$@"`, 'sh', ...node];
  return run(argv, { cwd: repositoryRoot });
};

test('a program that has closed it has nothing to wait for', async () => {
  const { code, stdout } = await program(`
    const server = await serve({ address: '127.0.0.1', port: 0, modules: { m: { path: '/' } } });
    await server.close();
    setImmediate(() => console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')));`);
  expect([code, stdout]).toEqual([0, '[]\n']);
});

test('a folder that is relative is one of where the program is', async () => {
  const { stdout, stderr } = await program(`
    import { list } from 'oc-rsync';
    const modules = { m: { path: 'packaging', ...${JSON.stringify(whom)} } };
    const server = await serve({ address: '127.0.0.1', port: 0, modules });
    const { entries } = await list('rsync://127.0.0.1:' + server.port + '/m/');
    console.log(entries.map(({ path }) => path).includes('systemd'));
    await server.close();`);
  expect([withoutNotice(stderr), stdout]).toEqual(['', 'true\n']);
});

const ownNetwork = isRoot && spawnSync('unshare', ['-n', 'true']).status === 0;

test.skipIf(!ownNetwork)('any port is one that nobody has at another address', async () => {
  const { stdout, stderr } = await program(
    `import { createServer } from 'node:net';
    import { once } from 'node:events';
    for (const taken of [40001, 40002]) {
      const other = createServer().listen(taken, '0.0.0.0');
      await once(other, 'listening');
      const server = await serve({ port: 0, modules: { m: { path: '/' } } });
      console.log(taken, server.port);
      await server.close();
      other.close();
    }`,
    'echo 40001 40002 >/proc/sys/net/ipv4/ip_local_port_range',
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('40001 40002\n40002 40001\n');
});

describe('what cannot be served', () => {
  const modules = { m: { path: '/' } };

  test('a port that another has', () =>
    withWorkspace(async () => {
      const server = await opened({ ...here, modules });
      const error = await failureOf(serve({ ...here, port: server.port, modules }));
      expect(error).toMatchObject({ code: 'ERR_RSYNC_SOCKETIO', exitCode: 10, retryable: true });
      expect(error.message).toMatch(/Address already in use/);
    }));

  test('a configuration that is not there, or is none', () =>
    withWorkspace(async (dir) => {
      const none = await failureOf(serve({ ...here, config: join(dir, 'none') }));
      expect(none).toMatchObject({ code: 'ERR_RSYNC_SYNTAX', exitCode: 1 });
      expect(none.message).toMatch(/unable to open config file ".*none": No such file or directory/);
      writeFileSync(join(dir, 'broken'), '[m\n');
      expect((await failureOf(serve({ ...here, config: join(dir, 'broken') }))).message).toContain(
        'badly formed section',
      );
    }));

  test.each([
    ['no module', {}, /config, or modules/],
    ['both', { config: '/x', modules }, /config, or modules/],
    ['a module without a path', { modules: { m: {} } }, /module m has no path/],
    [
      'a parameter that is none',
      { modules: { m: { path: '/', readonly: true } } },
      /no parameter readonly of module m/,
    ],
    ['a global one in a module', { modules: { m: { path: '/', motdFile: '/x' } } }, /no parameter motdFile/],
    [
      'a value of another kind',
      { modules: { m: { path: '/', readOnly: 'no' } } },
      /readOnly of module m cannot be "no"/,
    ],
    ['more than a line', { modules: { m: { path: '/x\nread only = no' } } }, /path of module m cannot be/],
    ['a blank at the end', { modules: { m: { path: '/x ' } } }, /path of module m cannot be/],
    ['a name that is none', { modules: { 'a]b': { path: '/' } } }, /is no name of a module/],
    ['a module called global', { modules: { Global: { path: '/' } } }, /no module is called global/],
    ['one name twice', { modules: { m: { path: '/' }, M: { path: '/' } } }, /same name/],
    [
      'a facility that is none',
      { modules, parameters: { syslogFacility: 'toString' } },
      /syslogFacility cannot be/,
    ],
    ['a module that is none', { modules: { m: null } }, /module m is no object/],
    ['modules that are none', { modules: 'm' }, /modules and parameters are objects/],
    ['parameters that are none', { modules, parameters: null }, /modules and parameters are objects/],
    ['a port that is none', { modules, port: 70_000 }, /is no port/],
    [
      'a file that no process can be told of',
      { config: Buffer.from('/\xff', 'latin1') },
      /config is no UTF-8/,
    ],
  ])('%s', async (_, options, words) => {
    const error = await failureOf(serve({ ...here, ...options } as never));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_SYNTAX', exitCode: 1 });
    expect(error.message).toMatch(words);
  });

  test('a process that cannot be started', async () => {
    const before = held();
    const env = { LARGE: 'x'.repeat(4_000_000) };
    const error = await failureOf(serve({ ...here, modules, env }));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_IPC', exitCode: 14 });
    expect(error.message).toMatch(/failed to start a process for clients: .*E2BIG/);
    await soon(() => held() <= before);
    expect(held()).toBeLessThanOrEqual(before);
  });

  test('what was aborted before, or is while it opens', async () => {
    const before = descendants(process.pid).length;
    const early = await failureOf(serve({ ...here, modules, signal: AbortSignal.abort() }));
    expect(early).toMatchObject({ code: 'ERR_RSYNC_ABORTED' });
    const late = await failureOf(serve({ ...here, modules, signal: AbortSignal.timeout(5) }));
    expect(late).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: { name: 'TimeoutError' } });
    expect(descendants(process.pid).length).toBe(before);
  });
});

test('a listener that throws ends the server', () =>
  withWorkspace(async (dir) => {
    const path = folder(join(dir, 'm'), { a: '1' });
    const why = new Error('not so');
    const onLog = () => {
      throw why;
    };
    const server = await opened({ ...here, modules: { m: { path, ...atHome } }, onLog });
    await rsync([url(server, 'm/')]);
    expect(await failureOf(server.closed)).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: why });
    expect(await refuses(server.port)).toBe(true);
  }));

test('processes that died are replaced', () =>
  withWorkspace(async (dir) => {
    const path = folder(join(dir, 'm'), { a: '1' });
    const before = new Set(children(process.pid));
    const server = await opened({ ...here, modules: { m: { path, ...atHome } } });
    for (const pid of children(process.pid)) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
    let listed = await rsync([url(server, 'm/')]);
    const end = Date.now() + 15_000;
    while (listed.code !== 0 && Date.now() < end) listed = await rsync([url(server, 'm/')]);
    expect(listed.stdout).toContain(' a\n');
    const after = descendants(process.pid).filter((pid) => !before.has(pid));
    await server.close();
    expect(after.filter(isThere)).toEqual([]);
    rmSync(path, { recursive: true });
  }));
