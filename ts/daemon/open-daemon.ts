/** A daemon whose sockets and whose end are a process's that does other things, too: its connections have processes of their own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ENOSYS } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { systemError } from '../report/messages.ts';
import { setSocketOptions } from '../transport/socket-options.ts';
import { daemonPort } from '../transport/tcp.ts';
import { daemonArguments } from './arguments.ts';
import { type Bound, nameOf, openSockets } from './bind.ts';
import { expand } from './config/expand.ts';
import { loadConfig } from './read-config.ts';
import { keepStock } from './stock.ts';

/** So long whoever is told to end may take over it. */
const graceMs = 5000;
/** So many that end before one listens: the one that would copy itself, and those in its place. */
const mostEnded = 4;
/** Lines that are kept for the reason. */
const mostLast = 5;

/** What a daemon in a process is to be. */
export interface DaemonRequest {
  /** Words of a daemon's command line. */
  readonly words: readonly ByteString[];
  /** The configuration itself, where it is in no file. */
  readonly configText: ByteString | undefined;
  /** undefined: as the configuration says; port 0 is any. */
  readonly address: ByteString | undefined;
  readonly port: number | undefined;
  readonly host: Host;
  /** Ends it, and its connections, also while it is being opened. */
  readonly signal: AbortSignal;
  /** Hears what is logged to no file, and who says it. */
  logged(text: ByteString, pid: number): void;
}

/** A daemon that listens. */
export interface OpenDaemon {
  readonly port: number;
  readonly address: string;
  /** Nobody is let in any more, and the sockets are given back. */
  stop(): void;
  /** Connections are ended. */
  end(): void;
  /** Settles when no process of it is left, once it was stopped. */
  readonly gone: Promise<void>;
}

/** Opens it; throws exit 1 for a configuration that cannot be read, and exit 10 where it cannot listen. */
export async function openDaemon(request: DaemonRequest): Promise<OpenDaemon> {
  const { configText, host, logged } = request;
  const argv = ['--daemon', '--no-detach', ...request.words];
  const options = daemonArguments(argv);
  if (options === 'help') throw new RsyncError(ExitCode.Syntax, 'help is for the command line');
  const complain = (line: ByteString): void => logged(line, host.pid);
  const { config, complaints } = loadConfig({ ...options, configText }, host, false);
  if (config === undefined) throw new RsyncError(ExitCode.Syntax, complaints);
  for (const line of complaints) complain(line);
  const { global } = config;
  const text = (value: ByteString): ByteString => expand(value, host.variables());
  const kernel = await loadKernel(host);
  const wanted = request.port ?? (global.port || daemonPort);
  const bound = await openSockets(request.address ?? text(global.address), wanted, options.family);
  const sockets = bound.map(({ fd }) => fd);
  for (const fd of sockets)
    setSocketOptions(fd, {
      text: text(global['socket options']),
      set: kernel.setSocketOption ?? (() => ENOSYS),
      complain,
      failed: (name, errno) =>
        complain(systemError('Receiver', errno, `failed to set socket option ${name}`)),
    });

  const controller = new AbortController();
  const family = newFamily(request);
  let keeping!: Promise<void>;
  const ready = new Promise<void>((resolve, reject) => {
    const stock = {
      sockets,
      argv: [...argv, ...(configText === undefined ? [] : ['--config-from=0']), '--log-to-stderr'],
      canCopy: kernel.fork !== undefined,
      stock: new Set<ChildProcess>(),
      metrics: { arrived: () => () => {} },
      complain,
      apart: { input: configText, started: family.join },
    };
    keeping = keepStock(stock, { host, signal: controller.signal }, resolve).catch(reject);
    family.whenHopeless(() => reject(new RsyncError(ExitCode.Ipc, family.lastWords())));
  });
  const gone = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => {
      void keeping.then(() => Promise.all([family.gone(), ...bound.map(closed)])).then(() => resolve());
    });
  });
  const daemon: OpenDaemon = {
    ...nameOf(bound[0] as Bound),
    stop: () => controller.abort(new RsyncError(ExitCode.Signal, '')),
    end: family.end,
    gone,
  };
  const end = (): void => {
    daemon.stop();
    family.end();
  };
  request.signal.addEventListener('abort', end, { once: true });
  void gone.then(() => request.signal.removeEventListener('abort', end));
  if (request.signal.aborted) end();
  try {
    await ready;
    request.signal.throwIfAborted();
    return daemon;
  } catch (error) {
    end();
    await gone;
    throw error;
  }
}

function closed(socket: Bound): Promise<void> {
  return new Promise((resolve) => {
    socket.close(resolve);
  });
}

/** The processes of a daemon: each leads a group, and all that it becomes by copying itself holds its standard error. */
interface Family {
  join(child: ChildProcess): void;
  /** Ends all of them, by force where they take too long. */
  end(): void;
  /** Settles when none of them is left. */
  gone(): Promise<void>;
  /** Calls `hopeless` when several have ended. */
  whenHopeless(hopeless: () => void): void;
  /** What they said last. */
  lastWords(): readonly ByteString[];
}

function newFamily({ host, logged }: DaemonRequest): Family {
  const groups = new Map<number, Promise<unknown>>();
  const last: ByteString[] = [];
  let ended = 0;
  let hopeless: (() => void) | undefined;
  const hear = (line: ByteString, child: number): void => {
    const [, pid = child, text = line] = /^\[(\d+)\] (.*)$/s.exec(line) ?? [];
    last.push(text);
    if (last.length > mostLast) last.shift();
    logged(text, Number(pid));
  };
  const tell = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    for (const group of groups.keys()) host.signalGroup(group, signal);
  };
  return {
    join(child) {
      const { pid, stderr } = child;
      if (pid === undefined || stderr === null) return;
      const lines = createInterface({ input: stderr.setEncoding('latin1') });
      lines.on('line', (line) => hear(line, pid));
      const left = Promise.all([once(child, 'exit'), once(lines, 'close')]);
      groups.set(pid, left);
      void left.then(() => groups.delete(pid));
      child.once('exit', () => ++ended === mostEnded && hopeless?.());
    },
    end() {
      tell('SIGTERM');
      const late = setTimeout(tell, graceMs, 'SIGKILL');
      void Promise.all(groups.values()).then(() => clearTimeout(late));
    },
    async gone() {
      await Promise.all(groups.values());
    },
    whenHopeless(call) {
      hopeless = call;
    },
    lastWords: () => [...last, 'the processes of the daemon end at once'],
  };
}
