import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { ChildDuplex, Duplex } from '../transport/duplex.ts';
import { sendProtectedArgs } from './daemon-client.ts';
import { connectToDaemon, greetDaemon, reachDaemonByShell } from './daemon-connection.ts';
import type { End, SessionIo } from './end.ts';
import type { Endpoints } from './endpoints.ts';
import type { HandshakeSetup } from './handshake.ts';
import { remoteCommand, startRemoteShell } from './remote-shell.ts';
import { forWire } from './secluded-args.ts';
import { wireRequest } from './wire-request.ts';

/** The way to the other host. */
export interface Connection {
  readonly duplex: Duplex;
  readonly child?: ChildDuplex;
  /** What was started to get it. */
  readonly command?: readonly ByteString[];
  /** The daemon's dialogue; afterwards the handshake goes on with what was agreed. */
  greet?(end: End): Promise<Partial<HandshakeSetup> | 'listed'>;
  /** Behind the last word: lets the other side end. */
  finish?(end: End): Promise<void>;
}

/** Reaches the other host: by a remote shell, a socket, or a daemon behind a remote shell. */
export async function connect(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  io: SessionIo,
): Promise<Connection> {
  if (io.makeWire !== undefined) return connectByCaller(kernel, options, ends, io);
  if (ends.remote?.kind === 'daemon') return connectToDaemon(kernel, options, ends, io);
  if (ends.remote?.kind === 'daemon-over-shell') return reachDaemonByShell(kernel, options, ends, io);
  const { command, secluded } = remoteCommand(options, ends, io.host);
  const child = startRemoteShell(kernel, command, options, io.host);
  return { duplex: child, child, command, greet: greetServer(secluded) };
}

/** A server begins to talk by itself, unless its arguments come over the wire. */
function greetServer(secluded: readonly ByteString[] | undefined): Connection['greet'] {
  if (secluded === undefined) return undefined;
  return async (end) => {
    sendProtectedArgs(end.writer, forWire(end, secluded));
    return {};
  };
}

/** By a wire that the caller of this session has for it. */
async function connectByCaller(
  kernel: Kernel,
  options: Options,
  ends: Endpoints,
  io: SessionIo,
): Promise<Connection> {
  const { openWire } = await import('./callers-wire.ts');
  const { request, secluded } = wireRequest(options, ends);
  const wire = await openWire(request, options, io, ends.sender ? 'sender' : 'Receiver');
  const isDaemon = request.kind === 'daemon';
  return {
    ...wire,
    greet: isDaemon ? (end) => greetDaemon(end, kernel, options, ends) : greetServer(secluded),
  };
}
