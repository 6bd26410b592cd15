/** A daemon of its own: it listens, and a process that it has started ahead takes each connection. */
import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeSync } from 'node:fs';
import * as net from 'node:net';
import { EADDRINUSE, errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { programVersion } from '../options/program.ts';
import { finalErrorLine } from '../session/final-line.ts';
import type { SessionIo } from '../session/index.ts';
import { daemonPort } from '../transport/tcp.ts';
import type { DaemonOptions } from './arguments.ts';
import { expand, variablesOf } from './config/expand.ts';
import { openLog } from './open-log.ts';
import { writePidFile } from './pid-file.ts';
import { configFile, loadConfig } from './read-config.ts';

/** What those that were started ahead say: they listen; they have a connection. */
export const isReady = 'r';
export const isTaken = 't';

/** So many wait for a connection each. */
const stock = 3;
/** One that dies before it has one is not replaced at once. */
const pauseMs = 1000;

/** Serves whoever connects until it is told to end; answers the exit value. */
export async function listen(
  options: DaemonOptions,
  argv: readonly ByteString[],
  io: SessionIo,
): Promise<number> {
  const { host } = io;
  const { config, complaints } = loadConfig(options, host, true);
  if (config === undefined) {
    for (const line of complaints) host.stderr(Buffer.from(`${line}\n`, 'latin1'));
    host.stderr(Buffer.from(`Failed to parse config file: ${configFile(options, host)}\n`, 'latin1'));
    return ExitCode.Syntax;
  }
  if (options.detach) return detach(argv, host);
  const { global } = config;
  const text = (value: ByteString): ByteString => expand(value, variablesOf(host.env));
  const kernel = await loadKernel(host);
  const log = openLog(options, config, { io, kernel });
  try {
    for (const line of complaints) log.write(line);
    if (global['proxy protocol'] && text(global['proxy protocol hosts']) === '') log.write(noProxies);
    const removePidFile = writePidFile(text(global['pid file']), host, kernel);
    try {
      const port = options.port || global.port || daemonPort;
      const sockets = await openSockets(options.address || text(global.address), port, options.family);
      log.write(`rsyncd version ${programVersion} starting, listening on port ${port}`);
      await keepStock(sockets, argv, io, () => report(options, 'r'));
    } finally {
      removePidFile();
    }
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    for (const line of error.lines) log.write(line);
    if (io.signal.aborted) {
      log.put(finalErrorLine(error.exitCode, 'receiver'));
      return error.exitCode;
    }
    report(options, `${error.exitCode} ${error.lines.join('\n')}`);
    throw error;
  }
  return ExitCode.Ok;
}

const noProxies =
  '"proxy protocol = true" but "proxy protocol hosts" is unset: all connections will be rejected as untrusted proxy peers. ' +
  'Set "proxy protocol hosts" to your trusted proxy\'s address.';

/** Tells who has started us in the background. */
function report({ reports }: DaemonOptions, text: ByteString): void {
  if (reports !== undefined) writeSync(reports, Buffer.from(text, 'latin1'));
}

/** Goes on in the background, in a session of its own. Ends once that listens, or with what keeps it from that. */
function detach(argv: readonly ByteString[], host: Host): Promise<number> {
  const [program, ...words] = host.program;
  const args = [...words, ...asText(argv), '--no-detach', '--report-to=3'];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      detached: true,
      env: host.env,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const pipe = child.stdio[3] as net.Socket;
    const done = (): void => {
      child.unref();
      pipe.destroy();
      if (said === isReady) resolve(ExitCode.Ok);
      else reject(failureOf(said));
    };
    pipe.on('data', (piece: Buffer) => {
      said += piece.toString('latin1');
      if (said === isReady) done();
    });
    pipe.on('end', done);
    pipe.on('error', done);
    child.on('error', reject);
  });
}

/** Exit value and reason of a daemon that could not listen. */
function failureOf(said: string): RsyncError {
  const [, code, reason] = /^(\d+) (.*)$/s.exec(said) ?? [said, `${ExitCode.Ipc}`, 'the daemon has ended'];
  return new RsyncError(Number(code) as ExitCode, reason.split('\n'));
}

/** Node takes arguments as text. */
function asText(argv: readonly ByteString[]): string[] {
  return argv.map((arg) => Buffer.from(arg, 'latin1').toString('utf8'));
}

/** A socket that is bound, and that nobody reads from here. */
interface Bound {
  readonly fd: number;
  getsockname(into: { port?: number }): number;
}

const onlyIpv6 = 1;

/**
 * Binds sockets without listening: Node's own processes of a cluster get theirs the same way, by a call that its
 * documentation leaves out. What listens accepts, and here nobody shall.
 */
function bind(address: string, port: number, family: 4 | 6): Bound | number {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(
      address: string,
      port: number,
      family: 4 | 6,
      fd: number,
      flags: number,
    ): Bound | number;
  };
  const bound = create(address, port, family, -1, family === 6 ? onlyIpv6 : 0);
  if (typeof bound === 'number') return bound;
  // That another one has the port is told late, and what is not bound would listen anywhere.
  const name: { port?: number } = {};
  return bound.getsockname(name) === 0 && name.port === port ? bound : EADDRINUSE;
}

/** A socket for each address that the daemon shall be reached by. Throws exit 10 where there is none. */
async function openSockets(
  address: ByteString,
  port: number,
  family: DaemonOptions['family'],
): Promise<readonly Bound[]> {
  const failures: string[] = [];
  const sockets: Bound[] = [];
  for (const place of await placesFor(address, family)) {
    const bound = bind(place.address, port, place.family);
    if (typeof bound !== 'number') sockets.push(bound);
    else
      failures.push(
        `bind() failed: ${errnoText(Math.abs(bound))} (address-family ${place.family === 4 ? 2 : 10})`,
      );
  }
  if (sockets.length > 0) return sockets;
  throw new RsyncError(ExitCode.SocketIo, [
    ...failures,
    `unable to bind any inbound sockets on port ${port}`,
  ]);
}

interface Place {
  readonly address: string;
  readonly family: 4 | 6;
}

async function placesFor(address: ByteString, family: DaemonOptions['family']): Promise<readonly Place[]> {
  const wanted = (place: Place): boolean => family === 'any' || family === `ipv${place.family}`;
  if (address === '') {
    const all: Place[] = [
      { address: '::', family: 6 },
      { address: '0.0.0.0', family: 4 },
    ];
    return all.filter(wanted);
  }
  try {
    const found = (await lookup(address, { all: true, verbatim: true })) as Place[];
    return found.filter(wanted);
  } catch {
    throw new RsyncError(
      ExitCode.SocketIo,
      `rsync: getaddrinfo: bind address ${address}: Name or service not known`,
    );
  }
}

/** Keeps processes waiting for connections, until we are told to end. Those that have one go on without us. */
function keepStock(
  sockets: readonly Bound[],
  argv: readonly ByteString[],
  { host, signal }: SessionIo,
  ready: () => void,
): Promise<never> {
  const [program, ...words] = host.program;
  const first = 3;
  const accepts = sockets.map((_, k) => first + k).join(',');
  const args = [
    ...words,
    ...asText(argv),
    `--accept-from=${accepts}`,
    `--report-to=${first + sockets.length}`,
  ];
  const waiting = new Set<net.Socket>();
  let isTold = false;
  return new Promise((_, reject) => {
    const start = (): void => {
      if (signal.aborted) return;
      const child = spawn(program, args, {
        env: host.env,
        stdio: ['ignore', 'ignore', 'inherit', ...sockets.map(({ fd }) => fd), 'pipe'],
      });
      const pipe = child.stdio[first + sockets.length] as net.Socket;
      waiting.add(pipe);
      let taken = false;
      pipe.on('error', () => {});
      pipe.on('data', (piece: Buffer) => {
        const said = piece.toString('latin1');
        if (said.includes(isReady) && !isTold) {
          isTold = true;
          ready();
        }
        if (!said.includes(isTaken)) return;
        taken = true;
        waiting.delete(pipe);
        start();
      });
      child.on('error', (error) => reject(error));
      child.on('exit', () => {
        waiting.delete(pipe);
        pipe.destroy();
        if (!taken) setTimeout(start, pauseMs);
      });
    };
    const stop = (): void => {
      for (const pipe of waiting) pipe.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    for (let k = 0; k < stock; k++) start();
  });
}
