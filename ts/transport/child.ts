import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { ChildVariables } from '../host.ts';
import type { ByteString, Kernel, PipePair } from '../kernel/kernel.ts';
import type { ChildDuplex, ChildExit, Duplex } from './duplex.ts';
import { type FdSink, type FdSource, fdSink, fdSource, nodeStreamHalves } from './fd-stream.ts';
import { shellCommand } from './shell-command.ts';

export interface RemoteShellOptions extends ChildVariables {
  /** The child's stderr, as it arrives. */
  onStderr(chunk: Buffer): void;
  /**
   * --blocking-io. The child's ends of anonymous pipes always block, so that nothing is left to do for
   * it; Node's socket pairs block in the child too.
   */
  readonly blockingIo?: boolean;
  /** Where it starts; undefined: where we are. */
  readonly cwd?: string | undefined;
}

/** The descriptors of a child and our ends of them. */
interface Plumbing {
  readonly stdin: PipePair;
  readonly stdout: PipePair;
  readonly stderr: readonly [ours: number, theirs: number] | undefined;
}

/**
 * Starts a remote shell and connects to its stdin and stdout. A missing program does not throw: the
 * streams end and `exit` tells (`spawnFailure`, `exitCodeOfRemote`).
 *
 * Where the kernel makes pipes there is one for each direction, and stderr is an end of a socket pair;
 * elsewhere Node's socket pairs serve for all three.
 */
export function spawnRemoteShell(
  kernel: Kernel,
  argv: readonly ByteString[],
  options: RemoteShellOptions,
): ChildDuplex {
  const { env, lost, cwd } = options;
  const command = shellCommand(argv, lost);
  const plumbing = openPlumbing(kernel);
  const child = plumbing
    ? spawn(command.file, command.args, {
        env,
        cwd,
        stdio: [plumbing.stdin.read, plumbing.stdout.write, plumbing.stderr?.[1] ?? 'pipe'],
      })
    : spawn(command.file, command.args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const wire = plumbing ? pipeHalves(kernel, plumbing) : nodeHalves(child);
  const stderr = plumbing?.stderr
    ? new Socket({ fd: plumbing.stderr[0], readable: true, writable: false })
    : (child.stderr as Socket | null);
  const exit = childExit(child, stderr, options.onStderr);
  return {
    ...wire,
    pid: child.pid,
    program: argv[0],
    exit,
    kill(signal = 'SIGTERM') {
      child.kill(signal);
    },
  };
}

function openPlumbing(kernel: Kernel): Plumbing | undefined {
  const stdin = kernel.pipe();
  if (!stdin) return undefined;
  const stdout = kernel.pipe();
  if (!stdout) {
    kernel.closeFd(stdin.read);
    kernel.closeFd(stdin.write);
    return undefined;
  }
  return { stdin, stdout, stderr: kernel.socketPair() };
}

/** Our ends; the child's are closed here, or their end would never be seen. */
function pipeHalves(kernel: Kernel, plumbing: Plumbing): Duplex {
  kernel.closeFd(plumbing.stdin.read);
  kernel.closeFd(plumbing.stdout.write);
  if (plumbing.stderr) kernel.closeFd(plumbing.stderr[1]);
  return duplexOf(fdSource(plumbing.stdout.read), fdSink(plumbing.stdin.write));
}

function nodeHalves(child: ChildProcess): Duplex {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) return duplexOf(deadSource, deadSink);
  return duplexOf(...nodeStreamHalves(stdout as Socket, stdin as Socket));
}

function duplexOf(source: FdSource, sink: FdSink): Duplex {
  return {
    source,
    sink,
    destroy() {
      source.destroy();
      sink.destroy();
    },
  };
}

/** What is left where a child could not even be given its streams. */
const deadSource: FdSource = { read: async () => 0, destroy() {} };
const deadSink: FdSink = { write: async () => {}, unsent: () => 0, end: async () => {}, destroy() {} };

/** Settles when the child has ended and nothing of its stderr is outstanding. */
function childExit(
  child: ChildProcess,
  stderr: Socket | null,
  onStderr: (chunk: Buffer) => void,
): Promise<ChildExit> {
  const quiet = new Promise<void>((resolve) => {
    if (!stderr) {
      resolve();
      return;
    }
    stderr.on('data', onStderr);
    stderr.on('error', () => {});
    stderr.on('close', resolve);
  });
  return new Promise((resolve) => {
    child.on('error', (spawnError: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, spawnError });
    });
    child.on('exit', (code, signal) => {
      // A descendant may hold stderr open for ever: what it says later is not waited for.
      const timer = setTimeout(() => stderr?.destroy(), lingerMs);
      quiet.then(() => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}

/** How long a dead child's stderr is read on while others hold it. */
const lingerMs = 50;
