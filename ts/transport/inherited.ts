/** Sockets that a process was started with, or has accepted. */
import { fstatSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from './duplex.ts';
import { socketHalves } from './fd-stream.ts';

export type SocketDuplex = Duplex & {
  /** Where the other end is; undefined where it is on this machine alone. */
  readonly address: string | undefined;
};

export function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/** Both halves of the socket `fd`, which it takes over. */
export function inheritedSocket(fd: number): SocketDuplex {
  return halvesOf({ fd });
}

/** Node's types do not know what a socket is made around. */
interface WithHandle {
  _handle: unknown;
}

/** The same of a socket that Node has accepted, which is of no use afterwards. */
export function acceptedSocket(accepted: Socket): SocketDuplex {
  const { _handle: handle } = accepted as unknown as WithHandle;
  (accepted as unknown as WithHandle)._handle = null;
  return halvesOf({ handle });
}

function halvesOf(what: { readonly fd: number } | { readonly handle: unknown }): SocketDuplex {
  const { socket, source, sink } = socketHalves((options) => {
    const whole: SocketConstructorOpts = { ...options, ...what, readable: true, writable: true };
    return new Socket(whole);
  });
  socket.setKeepAlive(true);
  socket.setNoDelay(true);
  return { source, sink, address: socket.remoteAddress, destroy: () => socket.destroy() };
}
