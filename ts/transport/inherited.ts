/** Sockets that a process was started with, or has accepted. */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
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
  const { socket, source, sink } = socketHalves(
    (options) => new Socket({ ...options, fd, readable: true, writable: true }),
  );
  socket.setKeepAlive(true);
  socket.setNoDelay(true);
  return { source, sink, address: socket.remoteAddress, destroy: () => socket.destroy() };
}
