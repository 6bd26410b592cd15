import { lookup } from 'node:dns/promises';
import { connect, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { ExitCode, RsyncError } from '../errors.ts';
import { type ProgramTarget, spawnConnectProgram, variableOf } from './connect-program.ts';
import type { Duplex } from './duplex.ts';
import { descriptorOf, type FdSource, socketHalves } from './fd-stream.ts';
import { errnoText } from './io-error.ts';
import { openTunnel, proxyFrom, type WebProxy } from './proxy.ts';
import { type SocketOptions, setSocketOptions } from './socket-options.ts';

/** rsync's registered port. */
export const daemonPort = 873;

/** A daemon, and how it is reached; RSYNC_PROXY and RSYNC_CONNECT_PROG are read from `env` too. */
export interface TcpTarget extends ProgramTarget {
  /** 0 is rsync's own, 873. */
  readonly port: number;
  /** --contimeout in seconds; 0 waits for ever. */
  readonly connectTimeout: number;
  /** -4 or -6. */
  readonly family?: 4 | 6;
  /** --address. */
  readonly bindAddress?: string;
  /** Has the peer told at once what came (`Kernel.acknowledge`). */
  acknowledge?(fd: number): void;
  /** --sockopts. */
  readonly socketOptions?: SocketOptions;
  /** A line for --debug=connect. */
  notice?(line: string): void;
}

/**
 * Connects to a daemon: directly, through RSYNC_PROXY (HTTP CONNECT), or by the program that
 * RSYNC_CONNECT_PROG names. Throws exit 10 when no address answers, 35 when --contimeout ran out.
 */
export async function connectDaemon(target: TcpTarget): Promise<Duplex> {
  const port = target.port || daemonPort;
  const program = variableOf(target, 'RSYNC_CONNECT_PROG');
  const how = program === undefined ? '' : 'Using RSYNC_CONNECT_PROG instead of ';
  target.notice?.(`${how}opening tcp connection to ${target.host} port ${port}`);
  if (program !== undefined) return spawnConnectProgram(program, target);
  const proxy = proxyFrom(target.env.RSYNC_PROXY);
  if (proxy) target.notice?.(`connection via http proxy ${proxy.host} port ${proxy.port}`);
  return connectFirst(target, port, proxy);
}

type SocketDuplex = Duplex & { readonly source: FdSource };

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Tries every address of the host (or of the proxy) in turn. */
async function connectFirst(target: TcpTarget, port: number, proxy: WebProxy | undefined): Promise<Duplex> {
  const via = proxy ?? { host: target.host, port };
  const complaints: string[] = [];
  const failures: string[] = [];
  let cause: unknown;
  for (const address of await addressesOf(via.host, via.port, target.family)) {
    let duplex: SocketDuplex | undefined;
    try {
      duplex = await connectFrom(address, via.port, target, (line) => complaints.push(line));
    } catch (error) {
      if (error instanceof RsyncError) throw error;
      cause = error;
      const text = errnoText(error as NodeJS.ErrnoException);
      failures.push(`failed to connect to ${via.host} (${address.address}): ${text}`);
    }
    if (duplex === undefined) continue;
    if (!proxy) return duplex;
    const failure = await openTunnel(duplex, target.host, port, proxy);
    if (failure === undefined) return duplex;
    failures.push(failure);
    duplex.destroy();
  }
  throw new RsyncError(ExitCode.SocketIo, [...complaints, ...failures], { cause });
}

async function addressesOf(host: string, port: number, family: 4 | 6 | undefined): Promise<Address[]> {
  const found = await lookUp(host, family);
  if (typeof found !== 'string') return found;
  throw new RsyncError(ExitCode.SocketIo, `rsync: getaddrinfo: ${host} ${port}: ${found}`);
}

/** The addresses that a name stands for, or why there are none. */
async function lookUp(name: string, family: number | undefined): Promise<Address[] | string> {
  try {
    const found = await lookup(name, { all: true, family: family ?? 0, verbatim: true });
    // An address is its own answer, whatever family was asked for.
    const fitting = found.filter((address) => family === undefined || address.family === family);
    return fitting.length > 0 ? fitting : lookupText({ code: 'EAI_ADDRFAMILY', name: '', message: '' });
  } catch (error) {
    return lookupText(error as NodeJS.ErrnoException);
  }
}

/**
 * Connects from --address, where there is one: undefined when it cannot be used for this address, which is no failure
 * of the other side, and of which only an unknown name is told.
 */
async function connectFrom(
  address: Address,
  port: number,
  target: TcpTarget,
  complain: (line: string) => void,
): Promise<SocketDuplex | undefined> {
  const { bindAddress } = target;
  if (bindAddress === undefined) return connectTo(address, port, target, undefined);
  const found = await lookUp(bindAddress, address.family);
  if (typeof found === 'string') {
    complain(`rsync: getaddrinfo ${bindAddress}: ${found}`);
    return undefined;
  }
  for (const local of found)
    try {
      return await connectTo(address, port, target, local.address);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== 'bind') throw error;
    }
  return undefined;
}

/** The C library's words for a failed look-up. */
function lookupText(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOTFOUND':
      return 'Name or service not known';
    case 'EAI_AGAIN':
      return 'Temporary failure in name resolution';
    case 'EAI_ADDRFAMILY':
      return 'Address family for hostname not supported';
    default:
      return error.message;
  }
}

function connectTo(
  address: Address,
  port: number,
  target: TcpTarget,
  localAddress: string | undefined,
): Promise<SocketDuplex> {
  return new Promise((resolve, reject) => {
    const { socket, source, sink } = socketHalves((options) => {
      const where: TcpSocketConnectOpts = {
        host: address.address,
        family: address.family,
        port,
        localAddress,
        ...options,
      };
      return connect(where);
    }, target.acknowledge);
    const watchdog = connectWatchdog(target.connectTimeout, socket, reject);
    socket.once('error', (error) => {
      clearTimeout(watchdog);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(watchdog);
      socket.setNoDelay(true);
      const fd = descriptorOf(socket);
      if (target.socketOptions && fd !== undefined) setSocketOptions(fd, target.socketOptions);
      resolve({ source, sink, destroy: () => socket.destroy() });
    });
  });
}

function connectWatchdog(
  seconds: number,
  socket: Socket,
  reject: (error: RsyncError) => void,
): NodeJS.Timeout | undefined {
  if (seconds <= 0) return undefined;
  return setTimeout(() => {
    reject(new RsyncError(ExitCode.ConnectTimeout, ''));
    socket.destroy();
  }, seconds * 1000);
}
