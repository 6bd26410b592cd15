import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import { type HandshakeSetup, handshake, optionsForProtocol } from '../../../ts/session/handshake.ts';
import { nodeStreamHalves } from '../../../ts/transport/fd-stream.ts';
import { memoryPair } from '../../../ts/transport/memory.ts';
import type { Negotiated } from '../../../ts/wire/negotiated.ts';
import { testHost } from '../../support/host.ts';
import { realPeers } from '../../support/peers.ts';
import { testEnvironment } from '../../support/run.ts';
import { withWorkspace } from '../../support/workspace.ts';
import { choices, findInStream, serve, wireOf } from './wire-fixture.ts';

const fileName = 'a-file-to-be-found';
const protocols = [28, 29, 30, 31, 32];

function setup(given: Partial<Options>, more: Partial<HandshakeSetup> = {}): HandshakeSetup {
  return {
    amServer: false,
    amSender: false,
    options: defaultOptions({ recursive: true, ...given }),
    kernel: choices,
    clientInfo: '',
    host: testHost({ env: {} }),
    ...more,
  };
}

interface Pull {
  readonly options?: Partial<Options>;
  readonly args?: readonly string[];
  readonly letters?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly serverEnv?: Record<string, string>;
}

/** Our client's handshake with a real sender, and the first entries of its file list. */
async function pull(command: readonly string[], what: Pull): Promise<{ agreed: Negotiated; told: string[] }> {
  return withWorkspace(async (dir) => {
    writeFileSync(join(dir, fileName), 'content');
    const letters = what.letters ?? '.iLsfxCIvu';
    const info = letters === '' ? '-r' : `-re${letters}`;
    const server = serve(
      [...command, '--server', '--sender', info, ...(what.args ?? []), '.', `${dir}/`],
      what.serverEnv,
    );
    const told: string[] = [];
    try {
      const agreed = await handshake(
        server,
        setup(what.options ?? {}, {
          host: testHost({ env: what.env ?? {} }),
          notice: (line) => told.push(line),
        }),
      );
      server.reader.startMultiplex();
      if (agreed.protocol >= 30) server.writer.startMultiplex();
      server.writer.int(0);
      server.writer.flush();
      expect(await findInStream(server, fileName)).toBe(true);
      return { agreed, told };
    } finally {
      await server.stop();
    }
  });
}

describe.each(realPeers().map((peer) => [peer.name, peer] as const))('client of %s', (_, peer) => {
  const { command } = peer;
  const newest = Math.min(32, peer.protocol);

  test.each(protocols.map((n) => [n]))('--protocol=%i', async (protocol) => {
    const { agreed } = await pull(command, {
      options: { protocol },
      letters: protocol < 30 ? '' : '.iLsfxCIvu',
    });
    const spoken = Math.min(protocol, newest);
    expect(agreed.protocol).toBe(spoken);
    const digest = spoken < 30 ? 'md4-old' : 'xxh128';
    expect(agreed.transferDigest).toEqual({
      name: digest,
      seed: agreed.checksumSeed,
      seedFirst: spoken >= 30,
    });
    expect(agreed.fileDigest.name).toBe(digest);
    expect(agreed.checksumSeed).not.toBe(0);
    expect(agreed).toMatchObject({
      incRecurse: spoken >= 30,
      safeFlist: spoken >= 30,
      symlinkTimes: spoken >= 29,
      varintFlistFlags: spoken >= 30,
      id0Names: spoken >= 30,
      inplacePartialDir: spoken >= 30,
      codec: { name: 'none' },
    });
  });

  test('no capabilities: a peer from before 3.2', async () => {
    const { agreed } = await pull(command, { letters: '.' });
    expect(agreed).toMatchObject({
      incRecurse: false,
      varintFlistFlags: false,
      id0Names: false,
      inplacePartialDir: false,
      transferDigest: { name: 'md5', seedFirst: false },
    });
  });

  test.each(['xxh128', 'xxh3', 'xxh64', 'xxhash', 'md5', 'md4', 'sha1', 'none', 'MD5,sha1', 'auto,md4'])(
    '--checksum-choice=%s',
    async (choice) => {
      const { agreed } = await pull(command, {
        options: { checksumChoice: choice },
        args: [`--checksum-choice=${choice}`],
      });
      const [transfer, file = transfer] = choice
        .toLowerCase()
        .split(',')
        .map((name) => ({ xxhash: 'xxh64', auto: 'md5' })[name] ?? name);
      expect([agreed.transferDigest.name, agreed.fileDigest.name]).toEqual([transfer, file]);
    },
  );

  test.each(['zstd', 'lz4', 'zlibx', 'zlib', 'none'])('--compress-choice=%s', async (choice) => {
    const { agreed } = await pull(command, {
      options: { compressChoice: choice },
      args: [`--compress-choice=${choice}`],
    });
    expect(agreed.codec.name).toBe(choice);
  });

  test('-z negotiates, and both lists are told', async () => {
    const { agreed, told } = await pull(command, {
      options: {
        compressChoice: 'auto',
        debug: { ...defaultOptions().debug, nstr: 2, proto: 1 },
      },
      args: ['-z'],
    });
    expect(agreed.codec).toEqual({ name: 'zstd', level: 3, threads: 0 });
    expect(told).toEqual([
      `(Client) Protocol versions: remote=${peer.protocol}, negotiated=${newest}`,
      'Client checksum list (on client): xxh128 xxh3 xxh64 md5 md4 sha1',
      'Client compress list (on client): zstd lz4 zlibx zlib',
      'Server checksum list (on client): xxh128 xxh3 xxh64 md5 md4 sha1 none',
      'Server compress list (on client): zstd lz4 zlibx zlib none',
      'Client negotiated checksum: xxh128',
      'Client negotiated compress: zstd (level 3)',
    ]);
  });

  test('-z with protocol 29 is zlib', async () => {
    const { agreed } = await pull(command, {
      options: { compressChoice: 'auto', protocol: 29, compressLevel: 77 },
      args: ['-z'],
      letters: '',
    });
    expect(agreed.codec).toEqual({ name: 'zlib', level: 9, threads: 0 });
  });

  test('lists in the environment', async () => {
    const { agreed } = await pull(command, { env: { RSYNC_CHECKSUM_LIST: 'bogus sha1 & md4' } });
    expect(agreed.transferDigest.name).toBe('sha1');
    const none = await pull(command, { env: { RSYNC_CHECKSUM_LIST: 'none' } });
    expect(none.agreed.transferDigest.name).toBe('none');
  });

  test('nothing in common', async () => {
    const failing = pull(command, {
      env: { RSYNC_CHECKSUM_LIST: 'sha1' },
      serverEnv: { RSYNC_CHECKSUM_LIST: 'md5 md4' },
    });
    await expect(failing).rejects.toMatchObject({
      exitCode: 4,
      message: 'Failed to negotiate a checksum choice.\nServer list: md5 md4\nClient list: sha1',
    });
  });

  test('a fixed seed', async () => {
    const { agreed } = await pull(command, { args: ['--checksum-seed=12345'] });
    expect(agreed.checksumSeed).toBe(12345);
  });
});

/** A real client that pushes to us through a relay, as through a remote shell. */
async function servePush<T>(
  args: readonly string[],
  env: Record<string, string>,
  body: (wire: ReturnType<typeof wireOf>) => Promise<T>,
): Promise<{ result: T; stderr: string; code: number | null }> {
  return withWorkspace(async (dir) => {
    mkdirSync(join(dir, 'src'));
    writeFileSync(join(dir, 'src', fileName), 'content');
    const path = join(dir, 'socket');
    const relay = join(dir, 'relay.mjs');
    writeFileSync(
      relay,
      `import { connect } from 'node:net';
       const s = connect(${JSON.stringify(path)}); process.stdin.pipe(s); s.pipe(process.stdout);
       s.on('close', () => process.exit(0)); s.on('error', () => {}); process.stdout.on('error', () => {});`,
    );
    let accept: (socket: Socket) => void;
    const accepted = new Promise<Socket>((resolve) => {
      accept = resolve;
    });
    const listener = createServer({ allowHalfOpen: true }, (socket) => accept(socket));
    await new Promise<void>((resolve) => listener.listen(path, resolve));
    const rsh = `${process.execPath} ${relay}`;
    const client = spawn(args[0], [...args.slice(1), '-r', '-e', rsh, `${dir}/src/`, 'host:dest'], {
      env: testEnvironment(env),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    client.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('latin1');
    });
    const closed = new Promise<number | null>((resolve) => client.on('close', resolve));
    try {
      const socket = await accepted;
      const [source, sink] = nodeStreamHalves(socket, socket);
      const result = await body(wireOf({ source, sink })).finally(() => socket.end());
      const code = await closed;
      return { result, stderr, code };
    } finally {
      client.kill();
      listener.close();
    }
  });
}

describe.each(realPeers().map((peer) => [peer.name, peer] as const))('server of %s', (_, peer) => {
  test.each(protocols.filter((n) => n <= peer.protocol).map((n) => [n]))(
    '--protocol=%i',
    async (protocol) => {
      const { result } = await servePush([...peer.command, `--protocol=${protocol}`], {}, async (wire) => {
        const agreed = await handshake(
          wire,
          setup({}, { amServer: true, clientInfo: protocol < 30 ? '' : '.iLsfxCIvu' }),
        );
        wire.writer.startMultiplex();
        if (protocol >= 30) wire.reader.startMultiplex();
        expect(await findInStream(wire, fileName)).toBe(true);
        return agreed;
      });
      expect(result).toMatchObject({
        protocol,
        incRecurse: protocol >= 30,
        varintFlistFlags: protocol >= 30,
        transferDigest: { name: protocol < 30 ? 'md4-old' : 'xxh128' },
      });
    },
  );

  test('the client decides among what we have', async () => {
    const env = { RSYNC_CHECKSUM_LIST: 'md4 xxh64', RSYNC_COMPRESS_LIST: 'zlibx lz4' };
    const { result } = await servePush([...peer.command, '-z'], env, (wire) =>
      handshake(wire, setup({ compressChoice: 'auto' }, { amServer: true, clientInfo: '.iLsfxCIvu' })),
    );
    expect(result.transferDigest.name).toBe('md4');
    expect(result.codec.name).toBe('zlibx');
  });

  test('nothing in common: the client tells, we end with 4 as well', async () => {
    const env = { RSYNC_CHECKSUM_LIST: 'md4' };
    const { result, stderr, code } = await servePush(peer.command, env, (wire) =>
      handshake(
        wire,
        setup(
          {},
          {
            amServer: true,
            clientInfo: '.iLsfxCIvu',
            host: testHost({ env: { RSYNC_CHECKSUM_LIST: 'sha1' } }),
          },
        ),
      ).catch((error) => error),
    );
    expect(result).toMatchObject({ exitCode: 4 });
    expect(code).toBe(4);
    expect(stderr).toContain('Server list: sha1\nClient list: md4\n');
  });
});

/** Both ends in this process. */
async function both(
  client: HandshakeSetup,
  server: HandshakeSetup,
): Promise<[Negotiated | Error, Negotiated | Error]> {
  const [a, b] = memoryPair();
  const run = (end: typeof a, what: HandshakeSetup) =>
    handshake(wireOf(end), what).catch((error: Error) => {
      end.destroy();
      return error;
    });
  return Promise.all([run(a, client), run(b, server)]);
}

test.each(protocols.map((n) => [n]))('ours with ours, protocol %i', async (protocol) => {
  const letters = protocol < 30 ? '' : '.iLsfxCIvu';
  const given = { protocol, compressChoice: 'auto' };
  const [client, server] = await both(
    setup(given, { amSender: true }),
    setup(given, { amServer: true, clientInfo: letters }),
  );
  // Below 30 nobody tells a sender what its receiver can do.
  const known = protocol < 30 ? { symlinkTimes: false } : {};
  expect(client).toEqual({ ...server, ...known });
});

test.each([
  [{ delayUpdates: true }],
  [{ pruneEmptyDirs: true }],
  [{ delete: 'before' as const, deleteWhenGiven: true }],
  [{ delete: 'after' as const, deleteWhenGiven: true }],
  [{ incRecursive: false }],
  [{ recursive: false }],
])('no incremental recursion to a receiver with %j', async (given) => {
  const [, server] = await both(
    setup({ recursive: true }, { amSender: true }),
    setup(given, { amServer: true, clientInfo: '.iLsfxCIvu' }),
  );
  expect(server).toMatchObject({ incRecurse: false, protocol: 32 });
});

test('segments that were not asked for are refused', async () => {
  const [client] = await both(
    setup({ delayUpdates: true }),
    setup({}, { amServer: true, amSender: true, clientInfo: '.iLsfxCIvu' }),
  );
  expect(client).toMatchObject({
    exitCode: 1,
    message: 'Incompatible options specified for inc-recursive connection.',
  });
});

test.each([
  ['31.14LsfxCIv', 30],
  ['32.1LsfxCIv', 31],
  ['32.0LsfxCIv', 32],
  ['.LsfxCIv', 32],
  ['33.2LsfxCIv', 32],
])('a client built from a development version says %s', async (clientInfo, protocol) => {
  const [client] = await both(setup({}), setup({}, { amServer: true, amSender: true, clientInfo }));
  expect(client).toMatchObject({ protocol });
});

describe('what is no rsync', () => {
  async function hear(bytes: Buffer, given: Partial<Options> = {}): Promise<unknown> {
    const [a, b] = memoryPair();
    await b.sink.write([bytes]);
    await b.sink.end();
    return handshake(wireOf(a), setup(given)).catch((error) => error);
  }
  const int = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);
  const mismatch =
    'protocol version mismatch -- is your shell clean?\n(see the rsync manpage for an explanation)';

  test.each([
    ['a greeting of the shell', Buffer.from('Welcome to host\n')],
    ['zero', int(0)],
    ['a version of the last century', int(19)],
    ['a negative version', int(-5)],
    ['a version too new to be true', int(41)],
  ])('%s', async (_, bytes) => {
    expect(await hear(bytes)).toMatchObject({ exitCode: 2, message: mismatch });
  });

  // rsync 3.5.0 speaks them (docs/compatibility.md): who offers one is told what is wrong.
  test.each([20, 21, 22, 23, 24, 25, 26])('protocol %i, which was spoken once', async (theirs) => {
    const message = `the other side speaks protocol ${theirs}; here protocols 27 to 32 are spoken`;
    expect(await hear(int(theirs))).toMatchObject({ exitCode: 2, message });
    expect(await hear(Buffer.from(`@RSYNCD: ${theirs}\n`))).toMatchObject({ exitCode: 2, message: mismatch });
  });

  test('nothing at all', async () => {
    expect(await hear(Buffer.alloc(0))).toMatchObject({
      exitCode: 12,
      message: 'connection unexpectedly closed (0 bytes received so far)',
    });
  });

  test('options that the protocol cannot carry', async () => {
    expect(await hear(int(32), { protocol: 26 })).toMatchObject({
      exitCode: 2,
      message: '--protocol must be at least 27 on the Client.',
    });
    expect(await hear(int(32), { protocol: 28, pruneEmptyDirs: true })).toMatchObject({
      exitCode: 2,
      message: '--prune-empty-dirs requires protocol 29 or higher (negotiated 28).',
    });
  });

  test('a list that is too long', async () => {
    const flags = Buffer.from([0x80, 0x80]);
    const list = Buffer.concat([Buffer.from([0x81, 0x00]), Buffer.alloc(256, 0x61)]);
    expect(await hear(Buffer.concat([int(32), flags, list]))).toMatchObject({ exitCode: 2 });
  });
});

test('what options mean below protocol 30', () => {
  const given = defaultOptions({ append: 'plain', delete: 'during', deleteWhenGiven: false });
  expect(optionsForProtocol(given, 29)).toMatchObject({ append: 'verify', delete: 'before' });
  expect(optionsForProtocol(given, 30)).toBe(given);
  const chosen = defaultOptions({ delete: 'during', deleteWhenGiven: true });
  expect(optionsForProtocol(chosen, 29).delete).toBe('during');
});
