import { type AddressInfo, connect, createServer, Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { connectDaemon, type TcpTarget } from '../../../ts/transport/tcp.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer(serve);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

function target(given: Partial<TcpTarget>): TcpTarget {
  return { host: '127.0.0.1', port: 1, connectTimeout: 0, env: {}, ...given };
}

async function say(given: Partial<TcpTarget>, text: string): Promise<string> {
  const wire = await connectDaemon(target(given));
  await wire.sink.write([Buffer.from(text)]);
  await wire.sink.end();
  const into = Buffer.alloc(1000);
  let answer = '';
  for (let bytes = -1; bytes !== 0; answer += into.toString('latin1', 0, bytes))
    bytes = await wire.source.read(into);
  wire.destroy();
  return answer;
}

test('a port where nobody listens', async () => {
  const port = await listen(() => {});
  await new Promise((resolve) => servers.pop()?.close(resolve));
  await expect(connectDaemon(target({ port }))).rejects.toMatchObject({
    exitCode: 10,
    message: 'failed to connect to 127.0.0.1 (127.0.0.1): Connection refused (111)',
  });
});

test('a name that does not exist', async () => {
  await expect(connectDaemon(target({ host: 'nowhere.invalid' }))).rejects.toMatchObject({
    exitCode: 10,
    message: expect.stringMatching(/^rsync: getaddrinfo: nowhere\.invalid 1: /),
  });
});

test('a tunnel through a proxy', async () => {
  let request = '';
  const port = await listen((socket) => {
    socket.on('data', (chunk) => {
      request += chunk.toString();
      if (request.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n@RSYNCD: 32.0\n');
      else socket.end('bye');
    });
  });
  const env = { RSYNC_PROXY: `me:secret@127.0.0.1:${port}` };
  expect(await say({ host: 'daemon.example', port: 8873, env }, 'hello')).toBe('@RSYNCD: 32.0\nbye');
  const [head] = request.split('hello');
  expect(head).toBe(
    'CONNECT daemon.example:8873 HTTP/1.0\r\n' +
      `Proxy-Authorization: Basic ${Buffer.from('me:secret').toString('base64')}\r\n\r\n`,
  );
});

test('a proxy that refuses, and proxies that make no sense', async () => {
  const port = await listen((socket) => socket.end('HTTP/1.0 403 Forbidden\r\n\r\n'));
  const refused = connectDaemon(target({ env: { RSYNC_PROXY: `127.0.0.1:${port}` } }));
  await expect(refused).rejects.toMatchObject({
    exitCode: 10,
    message: 'bad response from proxy -- HTTP/1.0 403 Forbidden',
  });
  for (const [value, form] of [
    ['justahost', 'HOST:PORT'],
    ['user@host:1', 'USER:PASS@HOST:PORT'],
  ]) {
    const bad = connectDaemon(target({ env: { RSYNC_PROXY: value } }));
    await expect(bad).rejects.toThrow(`invalid proxy specification: should be ${form}`);
  }
});

test('a connect program in place of a connection', async () => {
  const env = { PATH: process.env.PATH, RSYNC_CONNECT_PROG: 'echo to %H 100%% ; cat' };
  expect(await say({ host: 'some.host', env }, 'payload')).toBe('to some.host 100%\npayload');
  // As a daemon does: its stdin is the wire, both ways.
  const both = { PATH: process.env.PATH, RSYNC_CONNECT_PROG: 'cat >&0' };
  expect(await say({ host: 'some.host', env: both }, 'payload')).toBe('payload');
  for (const host of [
    '-x',
    "a'b",
    'a$(b)',
    'a`b`',
    'a;b',
    'a|b',
    'a b',
    'a\nb',
    'a\rb',
    'a"b',
    'a\\b',
    'a&b',
  ]) {
    const unsafe = connectDaemon(target({ host, env }));
    await expect(unsafe, host).rejects.toMatchObject({ exitCode: 10 });
  }
});

test('a stranger who is first at the wire of a connect program gets nothing of it, and says nothing', async () => {
  const listenOnly = Server.prototype.listen as (port: number, host: string, done: () => void) => Server;
  let [heard, closed]: [string, Promise<unknown> | undefined] = ['', undefined];
  // Whoever listens goes on once the stranger is in: connections are accepted in the order in which they came.
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    return listenOnly.call(this, 0, '127.0.0.1', () => {
      const stranger = connect((this.address() as AddressInfo).port, '127.0.0.1', () => {
        stranger.write('planted');
        (args.at(-1) as () => void)();
      });
      stranger.on('error', () => {});
      stranger.on('data', (chunk) => {
        heard += chunk.toString();
      });
      closed = new Promise((resolve) => stranger.on('close', resolve));
    });
  } as typeof Server.prototype.listen);
  try {
    const env = { PATH: process.env.PATH, RSYNC_CONNECT_PROG: 'cat' };
    expect(await say({ host: 'some.host', env }, 'payload')).toBe('payload');
    await closed;
    expect(heard).toBe('');
  } finally {
    vi.restoreAllMocks();
  }
});

test('--contimeout', async () => {
  // 192.0.2.0/24 is reserved for documentation: packets to it are dropped, or refused at once.
  const start = Date.now();
  const outcome = await connectDaemon(target({ host: '192.0.2.1', connectTimeout: 1 })).catch((e) => e);
  if (Date.now() - start < 900) expect(outcome.exitCode).toBe(10);
  else expect(outcome.exitCode).toBe(35);
});

test('what came is acknowledged before each wait for more', async () => {
  const port = await listen((socket) => {
    socket.on('data', (chunk) => {
      if (chunk.toString() === 'more?') socket.end('more');
    });
    socket.write('first');
  });
  const seen: number[] = [];
  const wire = await connectDaemon(target({ port, acknowledge: (fd) => seen.push(fd) }));
  const into = Buffer.alloc(100);
  const read = async () => into.toString('latin1', 0, await wire.source.read(into));
  expect(await read()).toBe('first');
  expect(seen).toHaveLength(1);
  const waiting = read();
  expect(seen).toHaveLength(2);
  await wire.sink.write([Buffer.from('more?')]);
  expect(await waiting).toBe('more');
  expect(seen.every((fd) => fd > 2)).toBe(true);
  wire.destroy();
});
