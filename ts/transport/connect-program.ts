import { spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ChildVariables } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Duplex } from './duplex.ts';
import { socketHalves } from './fd-stream.ts';
import { errnoText } from './io-error.ts';
import { shellCommand } from './shell-command.ts';

/** What the program is to reach. RSYNC_SHELL is one of its variables. */
export interface ProgramTarget extends ChildVariables {
  readonly host: string;
  /** Where it starts; undefined: where we are. */
  readonly cwd?: string | undefined;
  /** Its standard error. */
  onStderr?(chunk: Buffer): void;
}

/**
 * Runs RSYNC_CONNECT_PROG in place of a connection: a shell command whose stdin and stdout are the
 * wire. `%H` in it stands for the host, `%%` for a per cent sign. Both are one and the same TCP socket,
 * because an rsync daemon talks on its stdin alone, and only where that is a socket.
 */
export async function spawnConnectProgram(program: ByteString, target: ProgramTarget): Promise<Duplex> {
  const command = program.includes('%') ? withHost(program, target.host) : program;
  const { theirs, ours } = await socketPair();
  const shell = variableOf(target, 'RSYNC_SHELL') ?? '/bin/sh';
  // Node takes no program without a name. One that is not there says nothing either.
  if (shell !== '') {
    const { file, args } = shellCommand([shell, '-c', command], target.lost);
    const child = spawn(file, args, {
      env: target.env,
      cwd: target.cwd,
      stdio: [theirs, theirs, 'pipe'],
    });
    child.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => target.onStderr?.(chunk));
  }
  theirs.destroy();
  const { socket, source, sink } = ours;
  return { source, sink, destroy: () => socket.destroy() };
}

/** One of a child's variables, byte for byte. */
export function variableOf({ env, lost }: ChildVariables, name: string): ByteString | undefined {
  const value = env[name];
  return lost?.[name] ?? (value === undefined ? undefined : Buffer.from(value).toString('latin1'));
}

/** Two ends of one TCP connection over the loopback; nobody else's connection is taken for it. */
function socketPair(): Promise<{ theirs: Socket; ours: ReturnType<typeof socketHalves> }> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true });
    const accepted: Socket[] = [];
    let ours: ReturnType<typeof socketHalves> | undefined;
    const fail = (error: NodeJS.ErrnoException) => {
      for (const socket of accepted) socket.destroy();
      server.close();
      reject(
        new RsyncError(ExitCode.SocketIo, `socketpair_tcp failed: ${errnoText(error)}`, { cause: error }),
      );
    };
    const pair = () => {
      if (ours === undefined || ours.socket.connecting) return;
      // Others on this machine may connect from another address with the same port.
      const { localPort, localAddress } = ours.socket;
      const theirs = accepted.find(
        (socket) => socket.remotePort === localPort && socket.remoteAddress === localAddress,
      );
      if (theirs === undefined) return;
      server.close();
      for (const socket of accepted) if (socket !== theirs) socket.destroy();
      ours.socket.removeListener('error', fail);
      resolve({ theirs, ours });
    };
    server.on('error', fail);
    server.on('connection', (socket) => {
      accepted.push(socket);
      pair();
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      ours = socketHalves((options) => connect({ host: '127.0.0.1', port, ...options }));
      ours.socket.on('error', fail);
      ours.socket.once('connect', pair);
    });
  });
}

/**
 * The command may hand its words to a second shell, where our quotes are gone; so the host may only
 * have characters that stay themselves there, and may not look like an option, a home or a job.
 */
function withHost(program: ByteString, host: string): ByteString {
  if (!/^(?![-+~%])[A-Za-z0-9._:%+~-]+$/.test(host))
    throw new RsyncError(ExitCode.SocketIo, 'unsafe host characters for RSYNC_CONNECT_PROG');
  return program.replace(/%([%H])/g, (_, letter: string) => (letter === 'H' ? `'${host}'` : '%'));
}
