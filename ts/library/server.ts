/** A server from what it is asked for to its end. */
import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { processHost } from '../cli/host.ts';
import { openDaemon } from '../daemon/open-daemon.ts';
import { ExitCode, RsyncError as FatalError } from '../errors.ts';
import { variablesOf } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { largestPort } from '../options/endpoints.ts';
import { wrong } from './arguments.ts';
import { absolute, isSignal } from './asked.ts';
import { configText } from './config-text.ts';
import { RsyncError } from './error.ts';
import { bytesOf, textOf } from './names.ts';
import { reasonOf } from './run.ts';
import type { RsyncServer, ServeOptions } from './serve-options.ts';

/** Opens a server. Rejects with the library's error for whatever keeps it from listening. */
export async function startServer(options: ServeOptions): Promise<RsyncServer> {
  const { signal, onLog, env, address, port } = options;
  const ended = new AbortController();
  const abort = (): void => ended.abort(signal?.reason);
  try {
    checkOptions(options);
    const [words, text] = configurationOf(options);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    const host = processHost({ stdout() {}, stderr() {}, endBy() {}, flagsBy() {} });
    const daemon = await openDaemon({
      words,
      configText: text,
      address: address === undefined ? undefined : bytesOf(address),
      port,
      host: {
        ...host,
        ...(env && { env, variables: () => variablesOf(env) }),
        program: [host.program[0] as string, programFile()],
      },
      signal: ended.signal,
      logged(line, pid) {
        try {
          const answer: unknown = onLog?.({ text: textOf(line), pid });
          if (answer instanceof Promise) answer.catch((error) => ended.abort(error));
        } catch (error) {
          ended.abort(error);
        }
      },
    });
    const closed = daemon.gone
      .finally(() => signal?.removeEventListener('abort', abort))
      .then(() => {
        if (ended.signal.aborted) throw abortedBy(ended.signal.reason);
      });
    // Who closes it hears of that, and who does not may not want to.
    closed.catch(() => {});
    return {
      port: daemon.port,
      address: daemon.address,
      closed,
      close({ connections = 'wait' } = {}) {
        daemon.stop();
        if (connections === 'end') daemon.end();
        return closed;
      },
    };
  } catch (error) {
    if (isSignal(signal)) signal.removeEventListener('abort', abort);
    throw ended.signal.aborted ? abortedBy(ended.signal.reason) : publicError(error);
  }
}

/** Words of a daemon's command line, and the configuration where it is in no file. */
function configurationOf(options: ServeOptions): [words: ByteString[], text: ByteString | undefined] {
  if ('modules' in options) return [[], configText(options)];
  const file = absolute(options.config);
  // Node tells a process its arguments as text.
  if (!isUtf8(Buffer.from(file, 'latin1'))) throw wrong('the path of the config is no UTF-8');
  return [[`--config=${file}`], undefined];
}

function checkOptions(options: ServeOptions): void {
  const { address, port, onLog, signal } = options;
  if ('modules' in options === 'config' in options) throw wrong('a server has a config, or modules');
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= largestPort))
    throw wrong(`${port} is no port`);
  if (address !== undefined && typeof address !== 'string') throw wrong('an address is text');
  if (onLog !== undefined && typeof onLog !== 'function') throw wrong('onLog is a function');
  if (signal !== undefined && !isSignal(signal)) throw wrong('signal is an AbortSignal');
}

/** The program, whose processes serve the connections: it is beside the library. */
function programFile(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'dist', 'oc-rsync.mjs');
    if (existsSync(file)) return file;
    if (folder === dirname(folder))
      throw new FatalError(ExitCode.Ipc, 'the program is not beside the library');
  }
}

function abortedBy(cause: unknown): RsyncError {
  return new RsyncError({
    exitCode: ExitCode.Signal,
    reason: reasonOf(cause),
    failures: [],
    stats: undefined,
    stderrTail: '',
    code: 'ERR_RSYNC_ABORTED',
    cause,
  });
}

function publicError(error: unknown): RsyncError {
  const fatal = error instanceof FatalError ? error : undefined;
  const lines = fatal?.lines ?? [`internal error: ${String(error)}`];
  return new RsyncError({
    exitCode: fatal?.exitCode ?? ExitCode.Crashed,
    reason: lines.map(textOf).join('\n'),
    failures: [],
    stats: undefined,
    stderrTail: lines.map(textOf).join('\n'),
    cause: fatal === undefined ? error : fatal.cause,
  });
}
