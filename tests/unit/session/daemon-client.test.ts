import { chmodSync, chownSync, lchownSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import { authHash } from '../../../ts/session/daemon-auth.ts';
import {
  type DaemonOutcome,
  type DaemonRequest,
  daemonExchange,
  daemonPaths,
  sendProtectedArgs,
} from '../../../ts/session/daemon-client.ts';
import { handshake } from '../../../ts/session/handshake.ts';
import { memoryPair } from '../../../ts/transport/memory.ts';
import { connectDaemon } from '../../../ts/transport/tcp.ts';
import type { Source } from '../../../ts/wire/source-sink.ts';
import { type Daemon, daemonUser, motd, prepareDaemon, startDaemon } from '../../support/daemon.ts';
import { testHost, testSite } from '../../support/host.ts';
import { isRoot, realPeers } from '../../support/peers.ts';
import { withWorkspace } from '../../support/workspace.ts';
import { choices, findInStream, serve, wireOf } from './wire-fixture.ts';

const fileName = 'served-file';

interface Visit {
  readonly module?: string;
  readonly user?: string;
  readonly options?: Partial<Options>;
  readonly env?: NodeJS.ProcessEnv;
  readonly askPassword?: DaemonRequest['askPassword'];
  readonly readInputLine?: DaemonRequest['readInputLine'];
}

function request(visit: Visit, lines: string[]): DaemonRequest {
  const module = visit.module ?? 'rw';
  return {
    module,
    user: visit.user,
    options: defaultOptions({ recursive: true, ...visit.options }),
    kernel: choices,
    serverArgs: (protocol) => [
      '--server',
      '--sender',
      protocol < 30 ? '-r' : '-re.iLsfxCIvu',
      '.',
      ...daemonPaths([module], module, false),
    ],
    onLine: (line) => lines.push(line),
    host: testHost({ env: visit.env ?? {} }),
    site: testSite(),
    readInputLine: visit.readInputLine ?? (() => undefined),
    askPassword: visit.askPassword ?? (async () => undefined),
  };
}

describe.each(realPeers().map((peer) => [peer.name, peer] as const))('daemon of %s', (_, peer) => {
  let daemon: Daemon;
  let done: () => void;
  let workspace: Promise<void>;
  let dir: string;
  beforeAll(async () => {
    await new Promise<void>((ready, failed) => {
      workspace = withWorkspace(async (path) => {
        dir = path;
        daemon = await startDaemon(peer, path);
        for (const module of ['rw', 'auth'] as const)
          writeFileSync(join(daemon.folder(module), fileName), 'content');
        ready();
        await new Promise<void>((resolve) => {
          done = resolve;
        });
        await daemon.stop();
      });
      workspace.catch(failed);
    });
  });
  afterAll(async () => {
    done();
    await workspace;
  });

  async function visit(what: Visit): Promise<{ outcome: DaemonOutcome; lines: string[] }> {
    const duplex = await connectDaemon({ host: '127.0.0.1', port: daemon.port, connectTimeout: 5, env: {} });
    const lines: string[] = [];
    try {
      const wire = wireOf(duplex);
      const asked = request(what, lines);
      const outcome = await daemonExchange(wire, asked);
      if (outcome.kind === 'ready') {
        const agreed = await handshake(wire, {
          ...outcome,
          amServer: false,
          amSender: false,
          options: asked.options,
          kernel: choices,
          clientInfo: '',
          host: testHost({ env: {} }),
        });
        wire.reader.startMultiplex();
        if (agreed.protocol >= 30) wire.writer.startMultiplex();
        wire.writer.int(0);
        wire.writer.flush();
        expect(await findInStream(wire, fileName)).toBe(true);
      }
      return { outcome, lines };
    } finally {
      duplex.destroy();
    }
  }

  test.each([28, 29, 30, 31, 32].map((n) => [n]))('a module, protocol %i', async (protocol) => {
    const { outcome, lines } = await visit({ options: { protocol } });
    expect(outcome).toMatchObject({ kind: 'ready', protocol: Math.min(protocol, peer.protocol) });
    expect(lines).toEqual([...motd.trim().split('\n'), '']);
  });

  test('--no-motd', async () => {
    expect((await visit({ options: { motd: false } })).lines).toEqual([]);
  });

  test('the list of modules', async () => {
    const { outcome, lines } = await visit({ module: '' });
    expect(outcome).toEqual({ kind: 'listed' });
    expect(lines.join('\n')).toContain('read and write');
    expect(lines.join('\n')).not.toContain('hidden');
  });

  test('a module that does not exist', async () => {
    await expect(visit({ module: 'nope' })).rejects.toMatchObject({
      exitCode: 5,
      message: "@ERROR: Unknown module 'nope'",
    });
  });

  const { name: user, password } = daemonUser;
  test.each([28, 30, 32].map((n) => [n]))('RSYNC_PASSWORD, protocol %i', async (protocol) => {
    const env = { RSYNC_PASSWORD: password };
    const { outcome } = await visit({ module: 'auth', user, env, options: { protocol } });
    expect(outcome.kind).toBe('ready');
  });

  test('the user comes from the environment, the password from a question', async () => {
    const prompts: string[] = [];
    const { outcome } = await visit({
      module: 'auth',
      env: { LOGNAME: user },
      askPassword: async (prompt) => {
        prompts.push(prompt);
        return password;
      },
    });
    expect(outcome.kind).toBe('ready');
    expect(prompts).toEqual(['Password: ']);
  });

  test.each([
    [29, 'md4-old' as const],
    [30, 'md5' as const],
  ])('the answer of a client of protocol %i that names no digests', async (protocol, digest) => {
    const duplex = await connectDaemon({ host: '127.0.0.1', port: daemon.port, connectTimeout: 5, env: {} });
    await duplex.sink.write([Buffer.from(`@RSYNCD: ${protocol}.0\nauth\n`)]);
    const lines = lineReader(duplex.source);
    const challenge = await lines((line) => line.startsWith('@RSYNCD: AUTHREQD '));
    const hash = authHash(choices, digest, password, challenge.slice(18));
    await duplex.sink.write([Buffer.from(`${user} ${hash}\n`)]);
    expect(await lines((line) => line.startsWith('@'))).toBe('@RSYNCD: OK');
    duplex.destroy();
  });

  test.each([password, '', undefined])(
    '--password-file=-, and standard input begins with %j',
    async (line) => {
      const go = visit({
        module: 'auth',
        user,
        options: { passwordFile: '-' },
        env: { RSYNC_PASSWORD: password },
        readInputLine: () => line,
      });
      if (line !== undefined && line !== '') expect((await go).outcome.kind).toBe('ready');
      else
        await expect(go).rejects.toMatchObject({
          exitCode: 1,
          message: 'ERROR: failed to read a password from -',
        });
    },
  );

  test('a wrong password, and none', async () => {
    const refused = { exitCode: 5, message: '@ERROR: auth failed on module auth' };
    const wrong = visit({ module: 'auth', user, env: { RSYNC_PASSWORD: 'x' } });
    await expect(wrong).rejects.toMatchObject(refused);
    await expect(visit({ module: 'auth', user })).rejects.toMatchObject(refused);
  });

  test('--password-file and what is wrong with one', async () => {
    const passwordFile = join(dir, 'password');
    writeFileSync(passwordFile, `${password}\nmore\n`, { mode: 0o600 });
    const go = (file = passwordFile) => visit({ module: 'auth', user, options: { passwordFile: file } });
    expect((await go()).outcome.kind).toBe('ready');

    const link = join(dir, 'link');
    symlinkSync('password', link);
    expect((await go(link)).outcome.kind).toBe('ready');

    chmodSync(passwordFile, 0o604);
    await expect(go()).rejects.toMatchObject({
      exitCode: 1,
      message: 'ERROR: password file must not be other-accessible',
    });
    chmodSync(passwordFile, 0o600);
    writeFileSync(passwordFile, '\n');
    await expect(go()).rejects.toMatchObject({
      exitCode: 1,
      message: `ERROR: failed to read a password from ${passwordFile}`,
    });
    await expect(go(join(dir, 'none'))).rejects.toMatchObject({
      exitCode: 1,
      message: `could not open password file ${join(dir, 'none')}: No such file or directory (2)`,
    });
    if (isRoot) {
      chownSync(passwordFile, 12345, 12345);
      await expect(go()).rejects.toThrow('must be owned by root');
      const planted = join(dir, 'planted');
      writeFileSync(join(dir, 'target'), password, { mode: 0o600 });
      symlinkSync('target', planted);
      lchownSync(planted, 12345, 12345);
      await expect(go(planted)).rejects.toThrow('Too many levels of symbolic links (40)');
    }
  });

  test('over a remote shell', async () => {
    await withWorkspace(async (path) => {
      const config = prepareDaemon(path);
      writeFileSync(join(path, 'rw', fileName), 'content');
      const server = serve([...peer.command, '--server', '--daemon', `--config=${config}`, '.']);
      const lines: string[] = [];
      const outcome = await daemonExchange(server, request({}, lines));
      expect(outcome).toMatchObject({ kind: 'ready' });
      await server.stop();
    });
  });
});

/** Gives the next line that `wanted` accepts. */
function lineReader(source: Source): (wanted: (line: string) => boolean) => Promise<string> {
  const one = Buffer.alloc(1);
  return async (wanted) => {
    for (let line = ''; (await source.read(one)) > 0; ) {
      if (one[0] !== 0x0a) line += one.toString('latin1');
      else if (wanted(line)) return line;
      else line = '';
    }
    return '';
  };
}

describe('what is no daemon', () => {
  async function hear(text: string, given: Visit = {}): Promise<unknown> {
    const [a, b] = memoryPair();
    await b.sink.write([Buffer.from(text, 'latin1')]);
    await b.sink.end();
    return daemonExchange(wireOf(a), request(given, [])).catch((error) => error);
  }

  const hello = '@RSYNCD: 32.0 sha512 md5\n';
  test.each([
    ['', 'rsync: did not see server greeting'],
    ['SSH-2.0-x\n', 'rsync: server sent "SSH-2.0-x" rather than greeting'],
    ['@RSYNCD: 31\n', 'rsync: the server omitted the subprotocol value: @RSYNCD: 31'],
    ['@RSYNCD: 32.0\n', 'rsync: the server omitted the digest name list: @RSYNCD: 32.0'],
    [hello, "rsync: didn't get server startup line"],
    [`${hello}a\0b\n`, "rsync: didn't get server startup line"],
    [`${hello}@ERROR: access denied\n`, '@ERROR: access denied'],
    [`${hello}${'x'.repeat(10_000)}`, "rsync: didn't get server startup line"],
  ])('%j', async (text, message) => {
    expect(await hear(text)).toMatchObject({ exitCode: 5, message });
  });

  test('no digest in common', async () => {
    const text = '@RSYNCD: 32.0 sha3 whirlpool\n@RSYNCD: AUTHREQD abc\n';
    expect(await hear(text)).toMatchObject({
      exitCode: 4,
      message:
        'Failed to negotiate a daemon auth checksum choice.\n' +
        'Server list: sha3 whirlpool\nClient list: sha512 sha256 sha1 md5 md4',
    });
  });

  test('old daemons: versions, digests, line ends', async () => {
    expect(await hear('@RSYNCD: 29\n@RSYNCD: OK\n')).toMatchObject({ protocol: 29, remoteProtocol: 29 });
    expect(await hear('@RSYNCD: 30.0\n@RSYNCD: OK\n')).toMatchObject({ protocol: 30 });
    expect(await hear('@RSYNCD: 31.14 md5\r\n@RSYNCD: OK\r\n')).toMatchObject({ protocol: 30 });
    expect(await hear('@RSYNCD: 40.2 md5\n@RSYNCD: OK\n')).toMatchObject({ protocol: 32 });
  });
});

/** What we say, when the daemon says `text`. */
async function spoken(text: string, what: Visit & { protectedArgs?: string[] } = {}): Promise<string> {
  const [a, b] = memoryPair();
  await b.sink.write([Buffer.from(text)]);
  const { protectedArgs } = what;
  const asked = request(what, []);
  await daemonExchange(wireOf(a), protectedArgs ? { ...asked, protectedArgs: () => protectedArgs } : asked);
  const into = Buffer.alloc(10_000);
  return into.toString('latin1', 0, await b.source.read(into));
}

test('arguments end with NUL from protocol 30 on, with newlines before', async () => {
  expect(await spoken('@RSYNCD: 29\n@RSYNCD: OK\n')).toBe(
    '@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\nrw\n--server\n--sender\n-r\n.\nrw/\n\n',
  );
  const nul = await spoken('@RSYNCD: 32.0 md5\n@RSYNCD: OK\n', { protectedArgs: ['.', '', 'x y'] });
  expect(nul.slice(nul.indexOf('rw\n'))).toBe(
    'rw\n--server\0--sender\0-re.iLsfxCIvu\0.\0rw/\0\0rsync\0.\0.\0x y\0\0',
  );
});

test('--early-input goes before the module', async () => {
  await withWorkspace(async (dir) => {
    const earlyInput = join(dir, 'early');
    writeFileSync(earlyInput, 'hi\nthere');
    const text = await spoken('@RSYNCD: 32.0 md5\n@RSYNCD: OK\n', { options: { earlyInput } });
    expect(text.split('\n').slice(1, 3).join('\n')).toBe('#early_input=8\nhi');
    expect(text).toContain('\nhi\nthererw\n');
  });
});

test('paths for a daemon', () => {
  const paths = ['mod', 'mod/a b', '-x', 'mod/a mod/b', 'mod/a mod'];
  expect(daemonPaths(paths, 'mod', false)).toEqual(['mod/', 'mod/a b', './-x', 'mod/a[ ]mod/b', 'mod/a mod']);
  expect(daemonPaths(paths, 'mod', true)).toEqual(['mod/', 'mod/a b', './-x', 'mod/a mod/b', 'mod/a mod']);
});

test('protected arguments', async () => {
  const [a, b] = memoryPair();
  const { writer } = wireOf(a);
  sendProtectedArgs(writer, ['.', "it's", '']);
  await writer.drain();
  const into = Buffer.alloc(100);
  expect(into.toString('latin1', 0, await b.source.read(into))).toBe("rsync\0.\0it's\0.\0\0");
});
