/** A daemon of its own: it listens, and a process that it has started ahead takes each connection. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type * as net from 'node:net';
import { ENOSYS } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { programVersion } from '../options/program.ts';
import { systemError } from '../report/messages.ts';
import { finalErrorLine } from '../session/final-line.ts';
import type { SessionIo } from '../session/index.ts';
import { givenSockets } from '../transport/listen-sockets.ts';
import { type SocketOptions, setSocketOptions } from '../transport/socket-options.ts';
import { daemonPort } from '../transport/tcp.ts';
import type { DaemonOptions } from './arguments.ts';
import { openSockets } from './bind.ts';
import { expand } from './config/expand.ts';
import type { DaemonLog } from './log.ts';
import { countVisits, serveMetrics } from './metrics.ts';
import { openLog } from './open-log.ts';
import { writePidFile } from './pid-file.ts';
import { configFile, loadConfig } from './read-config.ts';
import { keepStock, ourselves, type Stock } from './stock.ts';
import { Word } from './word.ts';

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
  const given = givenSockets(host.env, host.pid);
  if (options.detach && given.length === 0) return detach(argv, host);
  const { global } = config;
  const text = (value: ByteString): ByteString => expand(value, host.variables());
  const kernel = await loadKernel(host);
  const log = openLog(options, config, { io, kernel });
  try {
    for (const line of complaints) log.write(line);
    if (global['proxy protocol'] && text(global['proxy protocol hosts']) === '') log.write(noProxies);
    const removePidFile = writePidFile(text(global['pid file']), host, kernel);
    try {
      const port = options.port || global.port || daemonPort;
      const address = options.address || text(global.address);
      // What is bound is held by its handle.
      const bound = given.length > 0 ? [] : await openSockets(address, port, options.family);
      const sockets = [...given, ...bound.map(({ fd }) => fd)];
      const socketOptions = socketOptionsOf(options.sockopts ?? text(global['socket options']), kernel, log);
      for (const fd of sockets) setSocketOptions(fd, socketOptions);
      if (options.memoryLimit > 0 && kernel.limitMemory === undefined) log.write(unlimitedMemory);
      const place = given.length > 0 ? `${given.length} given socket(s)` : `port ${port}`;
      const started = (): void =>
        log.write(`rsyncd version ${programVersion} starting, listening on ${place}`);
      const complain = (line: ByteString): void => log.write(line);
      const canCopy = kernel.fork !== undefined;
      await serveAll({ sockets, argv, canCopy, complain }, options, io, started);
    } finally {
      removePidFile();
    }
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    for (const line of error.lines) log.write(line);
    if (io.signal.aborted) {
      // Whoever is to end like that has done what he was told to.
      if (error.cause === 'SIGTERM') {
        log.write(nothingSent);
        return ExitCode.Ok;
      }
      log.put(finalErrorLine(error.exitCode, 'receiver'));
      return error.exitCode;
    }
    report(options, `${error.exitCode} ${error.lines.join('\n')}`);
    throw error;
  }
  return ExitCode.Ok;
}

/** Lets processes serve whoever comes by the sockets, and counts them for --metrics. */
async function serveAll(
  given: Pick<Stock, 'sockets' | 'argv' | 'canCopy' | 'complain'>,
  options: DaemonOptions,
  io: SessionIo,
  started: () => void,
): Promise<void> {
  const metrics = countVisits();
  const stock = new Set<ChildProcess>();
  const figures = (): string => metrics.text(stock.size);
  const stopMetrics = options.metrics === '' ? undefined : await serveMetrics(options.metrics, figures);
  started();
  try {
    await keepStock({ ...given, stock, metrics }, io, () => report(options, Word.Ready));
  } finally {
    stopMetrics?.();
  }
}

/** Totals of a process that has served nobody itself. */
const nothingSent = 'sent 0 bytes  received 0 bytes  total size 0';

const noProxies =
  '"proxy protocol = true" but "proxy protocol hosts" is unset: all connections will be rejected as untrusted proxy peers. ' +
  'Set "proxy protocol hosts" to your trusted proxy\'s address.';

const unlimitedMemory =
  '--memory-limit needs the native kernel: connections may take all the memory there is';

/** Of the sockets that listen: what they accept has them from there. */
function socketOptionsOf(text: ByteString, kernel: Kernel, log: DaemonLog): SocketOptions {
  return {
    text,
    set: kernel.setSocketOption ?? (() => ENOSYS),
    complain: (line) => log.write(line),
    failed: (name, errno) => log.write(systemError('Receiver', errno, `failed to set socket option ${name}`)),
  };
}

/** Tells who has started us in the background. */
function report({ reports }: DaemonOptions, text: ByteString): void {
  if (reports !== undefined) writeSync(reports, Buffer.from(text, 'latin1'));
}

/** Goes on in the background, in a session of its own. Ends once that listens, or with what keeps it from that. */
function detach(argv: readonly ByteString[], host: Host): Promise<number> {
  const { file, args } = ourselves(host, [...argv, '--no-detach', '--report-to=3']);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      detached: true,
      env: host.env,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const pipe = child.stdio[3] as net.Socket;
    const done = (): void => {
      child.unref();
      pipe.destroy();
      if (said === Word.Ready) resolve(ExitCode.Ok);
      else reject(failureOf(said));
    };
    pipe.on('data', (piece: Buffer) => {
      said += piece.toString('latin1');
      if (said === Word.Ready) done();
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
