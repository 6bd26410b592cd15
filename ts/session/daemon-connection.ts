import { ENOSYS } from '../errno.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { RemoteHost } from '../options/endpoints.ts';
import type { Options } from '../options/options.ts';
import { splitServerArgs } from '../options/server-args.ts';
import { systemError } from '../report/messages.ts';
import type { ChildDuplex, Duplex } from '../transport/duplex.ts';
import type { SocketOptions } from '../transport/socket-options.ts';
import { connectDaemon } from '../transport/tcp.ts';
import { readInputLine } from './ask-password.ts';
import { type DaemonRequest, daemonExchange, daemonPaths } from './daemon-client.ts';
import type { End, SessionIo } from './end.ts';
import { type Endpoints, moduleOf } from './endpoints.ts';
import type { HandshakeSetup } from './handshake.ts';
import { peersVariables, remoteCommand, startRemoteShell } from './remote-shell.ts';
import { forWire } from './secluded-args.ts';

export interface DaemonConnection {
  readonly duplex: Duplex;
  readonly child?: ChildDuplex;
  readonly command?: readonly ByteString[];
  greet(end: End): Promise<Partial<HandshakeSetup> | 'listed'>;
}

/** A daemon at the end of a TCP connection. */
export async function connectToDaemon(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  io: SessionIo,
): Promise<DaemonConnection> {
  const duplex = await connectDaemon({
    host: (ends.remote as RemoteHost).host,
    port: ends.remote?.port ?? 0,
    connectTimeout: options.contimeout,
    family: options.addressFamily === 'any' ? undefined : options.addressFamily === 'ipv4' ? 4 : 6,
    bindAddress: options.address === '' ? undefined : options.address,
    ...peersVariables(io.host),
    cwd: io.host.childDirectory,
    onStderr: (chunk) => io.host.stderr(chunk),
    acknowledge: kernel.acknowledge,
    socketOptions: options.sockopts === '' ? undefined : socketOptions(kernel, options, ends, io),
    notice: (line) => {
      if (options.debug.connect > 0 && !options.quiet) io.host.stdout(`${line}\n`);
    },
  });
  return { duplex, greet: (end) => greetDaemon(end, kernel, options, ends) };
}

function socketOptions(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  { host }: SessionIo,
): SocketOptions {
  const complain = (line: string): void => host.stderr(Buffer.from(`${line}\n`, 'latin1'));
  return {
    text: options.sockopts,
    set: kernel.setSocketOption ?? (() => ENOSYS),
    complain,
    failed: (name, errno) =>
      complain(
        systemError(ends.sender ? 'sender' : 'Receiver', errno, `failed to set socket option ${name}`),
      ),
  };
}

/** A daemon that a remote shell starts for this one connection. */
export function reachDaemonByShell(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  io: SessionIo,
): DaemonConnection {
  // A shell that connects by itself (rsync-ssl) has a port of its own, unless one was named.
  const port = ends.remote?.port ?? 0;
  const { command } = remoteCommand(options, ends, io.host);
  const child = startRemoteShell(kernel, command, options, io.host, { RSYNC_PORT: `${port}` });
  return { duplex: child, child, command, greet: (end) => greetDaemon(end, kernel, options, ends) };
}

/** What the daemon is told, and what of it only after it has let us in. */
function daemonArgs(
  end: End,
  options: Options,
  ends: Endpoints,
): Pick<DaemonRequest, 'serverArgs' | 'protectedArgs'> {
  const { secludedArgs } = options;
  const split = (protocol: number) => {
    const { open, secluded } = splitServerArgs(options, { sender: !ends.sender, protocol, daemon: true });
    const paths = daemonPaths(ends.remotePaths, moduleOf(ends), options.oldArgs > 0);
    return { open, secluded: [...secluded, '.', ...paths] };
  };
  return {
    serverArgs(protocol) {
      const { open, secluded } = split(protocol);
      return secludedArgs ? open : [...open, ...secluded];
    },
    protectedArgs: secludedArgs ? (protocol) => forWire(end, split(protocol).secluded) : undefined,
  };
}

/** The dialogue with a daemon; the handshake goes on with what was agreed. */
export async function greetDaemon(
  end: End,
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
): Promise<Partial<HandshakeSetup> | 'listed'> {
  const { host, signal } = end.setup.io;
  const outcome = await daemonExchange(end, {
    module: moduleOf(ends),
    user: ends.remote?.user,
    options,
    kernel,
    host,
    site: end.setup.site,
    askPassword: (prompt) => host.askPassword(prompt, signal),
    readInputLine: () => readInputLine(host),
    ...daemonArgs(end, options, ends),
    onLine: (line) => end.report.print('info', line),
  });
  if (outcome.kind === 'listed') return 'listed';
  return { protocol: outcome.protocol, remoteProtocol: outcome.remoteProtocol };
}
