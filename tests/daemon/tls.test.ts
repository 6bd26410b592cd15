/** A daemon behind a proxy that speaks TLS, and tells it by a PROXY header whom it is speaking for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect } from 'vitest';
import { freePort, startGuarded, waitForPort } from '../support/guarded.ts';
import { isRoot, onPath, ours, type Peer, realPeers, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const openssl = onPath('openssl');
const helper = onPath('rsync-ssl');
const identity = isRoot ? 'uid = 0\ngid = 0\n' : '';

/** Version 2, by TCP over IPv4 or IPv6; without an address it is the proxy's own connection (a health check). */
function binaryHeader(address: Buffer | undefined): Buffer {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  if (address === undefined) return Buffer.concat([signature, Buffer.from([0x20, 0, 0, 0])]);
  const ports = Buffer.from([0x30, 0x39, 0x03, 0x69]);
  const family = address.length === 4 ? 0x11 : 0x21;
  const size = 2 * address.length + ports.length;
  return Buffer.concat([signature, Buffer.from([0x21, family, 0, size]), address, address, ports]);
}

const ipv6 = Buffer.from('20010db8000000000000000000000007', 'hex');

/** What the proxy says first, and whom the daemon then takes the client for; undefined is turned away. */
const headers: readonly [string, Buffer, string | undefined][] = [
  ['a line', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 12345 873\r\n'), '192.0.2.7'],
  ['a line for IPv6', Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::1 12345 873\r\n'), '2001:db8::7'],
  ['a line that does not know', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
  ['bytes', binaryHeader(Buffer.from([192, 0, 2, 7])), '192.0.2.7'],
  ['bytes for IPv6', binaryHeader(ipv6), '2001:db8::7'],
  ['bytes for itself', binaryHeader(undefined), '127.0.0.1'],
  ['no header', Buffer.alloc(0), undefined],
  ['a line with a name', Buffer.from('PROXY TCP4 example 192.0.2.1 12345 873\r\n'), undefined],
  ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`), undefined],
];

/** Runs `body` with the port of such a proxy in front of `daemon`'s. */
async function proxied(
  daemon: Peer,
  dir: string,
  header: Buffer,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const config = join(dir, 'rsyncd.conf');
  mkdirSync(join(dir, 'm'), { recursive: true });
  writeFileSync(join(dir, 'm', 'file'), 'content\n'.repeat(20_000));
  writeFileSync(
    config,
    `use chroot = no\nreverse lookup = no\n${identity}log file = ${dir}/log\nproxy protocol = yes\nproxy protocol hosts = 127.0.0.1\n[m]\npath = ${dir}/m\nread only = no\n`,
  );
  const key = join(dir, 'key');
  execFileSync(
    openssl!,
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${dir}/cert`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  const server = startGuarded([
    ...daemon.command,
    '--daemon',
    '--no-detach',
    `--config=${config}`,
    '--address=127.0.0.1',
    `--port=${port}`,
  ]);
  const proxy = createServer({ key: readFileSync(key), cert: readFileSync(join(dir, 'cert')) }, (client) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const end of [client, socket]) end.on('error', () => {});
    socket.write(header);
    client.pipe(socket);
    socket.pipe(client);
    socket.on('close', () => client.destroy());
  });
  try {
    await waitForPort(port, server);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await body((proxy.address() as AddressInfo).port);
  } finally {
    proxy.close();
    await server.stop();
  }
}

/** rsync-ssl with `client` as the rsync that it starts, and one of the programs that it knows. */
function overTls(client: Peer, dir: string, port: number, args: readonly string[], by = 'openssl') {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const words = client.command.map((word) => `'${word}'`).join(' ');
  writeFileSync(join(bin, 'rsync'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  return run([helper!, `--type=${by}`, ...args], {
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      RSYNC_SSL_PORT: `${port}`,
      RSYNC_SSL_CA_CERT: join(dir, 'cert'),
    },
  });
}

describe.skipIf(reference === null || openssl === null || helper === null)('behind a proxy', () => {
  const [real = reference!] = realPeers();

  test.each(headers)('%s', (_what, header, address) =>
    withWorkspace(async (dir) => {
      for (const [name, daemon] of [
        ['ref', reference!],
        ['our', ours()],
      ] as const) {
        const at = join(dir, name);
        mkdirSync(at);
        await proxied(daemon, at, header, async (port) => {
          const client = name === 'ref' ? ours() : real;
          const pull = await overTls(client, at, port, ['-a', 'rsync://localhost/m/', `${at}/to/`]);
          const log = readFileSync(join(at, 'log'), 'latin1');
          const account = `${name} ${pull.code}\n${pull.stderr}${log}`;
          expect(pull.code === 0, account).toBe(address !== undefined);
          // One that is turned away is written down by nobody.
          const found = [...log.matchAll(/connect from UNDETERMINED \(([^)]+)\)/g)].map((match) => match[1]);
          expect(found, account).toEqual(address === undefined ? [] : [address]);
          if (address === undefined) return;
          expect(readFileSync(`${at}/to/file`, 'utf8')).toBe('content\n'.repeat(20_000));
          writeFileSync(join(at, 'up'), 'x'.repeat(300_000));
          const push = await overTls(client, at, port, [join(at, 'up'), 'rsync://localhost/m/']);
          expect(push.code, push.stderr).toBe(0);
          expect(readFileSync(join(at, 'm', 'up'), 'utf8')).toBe('x'.repeat(300_000));
        });
      }
    }),
  );

  test.skipIf(onPath('stunnel4') === null)('reached by stunnel', () =>
    withWorkspace(async (dir) => {
      for (const [name, daemon, client] of [
        ['ref', reference!, ours()],
        ['our', ours(), real],
      ] as const) {
        const at = join(dir, name);
        mkdirSync(at);
        await proxied(daemon, at, headers[0]![1], async (port) => {
          const args = ['-a', 'rsync://localhost/m/', `${at}/to/`];
          const { code, stderr } = await overTls(client, at, port, args, 'stunnel');
          expect(code, `${name} ${stderr}`).toBe(0);
          expect(readFileSync(`${at}/to/file`, 'utf8')).toBe('content\n'.repeat(20_000));
        });
      }
    }),
  );
});
