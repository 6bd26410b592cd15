import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { ChildDuplex, Duplex } from '../transport/duplex.ts';
import { sendProtectedArgs } from './daemon-client.ts';
import { connectToDaemon, reachDaemonByShell } from './daemon-connection.ts';
import type { End, SessionIo } from './end.ts';
import type { Endpoints } from './endpoints.ts';
import type { HandshakeSetup } from './handshake.ts';
import { remoteCommand, startRemoteShell } from './remote-shell.ts';
import { forWire } from './secluded-args.ts';

/** The way to the other host. */
export interface Connection {
  readonly duplex: Duplex;
  readonly child?: ChildDuplex;
  /** What was started to get it. */
  readonly command?: readonly ByteString[];
  /** The daemon's dialogue; afterwards the handshake goes on with what was agreed. */
  greet?(end: End): Promise<Partial<HandshakeSetup> | 'listed'>;
}

/** Reaches the other host: by a remote shell, a socket, or a daemon behind a remote shell. */
export async function connect(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  io: SessionIo,
): Promise<Connection> {
  if (ends.remote?.kind === 'daemon') return connectToDaemon(kernel, options, ends, io);
  if (ends.remote?.kind === 'daemon-over-shell') return reachDaemonByShell(kernel, options, ends, io);
  const { command, secluded } = remoteCommand(options, ends, io.host);
  const child = startRemoteShell(kernel, command, options, io.host);
  if (secluded === undefined) return { duplex: child, child, command };
  const greet = async (end: End): Promise<Partial<HandshakeSetup>> => {
    sendProtectedArgs(end.writer, forWire(end, secluded));
    return {};
  };
  return { duplex: child, child, command, greet };
}
