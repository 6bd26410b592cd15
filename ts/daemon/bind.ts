/** The sockets of a daemon that stands alone. */
import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import { EADDRINUSE, errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { DaemonOptions } from './arguments.ts';

interface SocketName {
  address?: string;
  port?: number;
}

/** A socket that is bound, and that nobody reads from here. */
export interface Bound {
  readonly fd: number;
  getsockname(into: SocketName): number;
  close(done: () => void): void;
}

const onlyIpv6 = 1;

/**
 * Binds sockets without listening: Node's own processes of a cluster get theirs the same way, by a call that its
 * documentation leaves out. What listens accepts, and here nobody shall.
 */
function bind(address: string, port: number, family: 4 | 6): Bound | number {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(
      address: string,
      port: number,
      family: 4 | 6,
      fd: number,
      flags: number,
    ): Bound | number;
  };
  const bound = create(address, port, family, -1, family === 6 ? onlyIpv6 : 0);
  if (typeof bound === 'number') return bound;
  // That another one has the port is told late, and what is not bound would listen anywhere.
  const given = nameOf(bound).port;
  if (given > 0 && (port === 0 || given === port)) return bound;
  bound.close(() => {});
  return EADDRINUSE;
}

/** Where a socket is bound; port 0 where it is not. */
export function nameOf(socket: Bound): { readonly address: string; readonly port: number } {
  const name: SocketName = {};
  return socket.getsockname(name) === 0
    ? { address: name.address ?? '', port: name.port ?? 0 }
    : { address: '', port: 0 };
}

/** So many sockets are held while a port is looked for that all addresses have. */
const mostPorts = 20;

/** A socket for each address that the daemon shall be reached by, port 0 any that all have. Throws exit 10 where there is none. */
export async function openSockets(
  address: ByteString,
  port: number,
  family: DaemonOptions['family'],
): Promise<readonly Bound[]> {
  const places = await placesFor(address, family);
  let tried = bindAll(places, port);
  // A client that comes by an address which has it from somebody else would be served by that one.
  const others: Bound[] = [];
  while (port === 0 && tried.sockets.length > 0 && tried.isTaken && others.length < mostPorts) {
    others.push(...tried.sockets);
    tried = bindAll(places, 0);
  }
  // Held until now, or they would be given again.
  for (const socket of others) socket.close(() => {});
  if (tried.sockets.length > 0) return tried.sockets;
  throw new RsyncError(ExitCode.SocketIo, [
    ...tried.failures,
    `unable to bind any inbound sockets on port ${port}`,
  ]);
}

interface Tried {
  readonly sockets: readonly Bound[];
  /** What is said of each that could not be bound. */
  readonly failures: readonly string[];
  /** One of them could not because its port is somebody's. */
  readonly isTaken: boolean;
}

function bindAll(places: readonly Place[], port: number): Tried {
  const failures: string[] = [];
  const sockets: Bound[] = [];
  let isTaken = false;
  for (const place of places) {
    const wanted = sockets[0] === undefined ? port : nameOf(sockets[0]).port;
    const bound = bind(place.address, wanted, place.family);
    if (typeof bound !== 'number') {
      sockets.push(bound);
      continue;
    }
    const errno = Math.abs(bound);
    isTaken ||= errno === EADDRINUSE;
    failures.push(`bind() failed: ${errnoText(errno)} (address-family ${place.family === 4 ? 2 : 10})`);
  }
  return { sockets, failures, isTaken };
}

interface Place {
  readonly address: string;
  readonly family: 4 | 6;
}

async function placesFor(address: ByteString, family: DaemonOptions['family']): Promise<readonly Place[]> {
  const wanted = (place: Place): boolean => family === 'any' || family === `ipv${place.family}`;
  if (address === '') {
    const all: Place[] = [
      { address: '::', family: 6 },
      { address: '0.0.0.0', family: 4 },
    ];
    return all.filter(wanted);
  }
  try {
    const found = (await lookup(address, { all: true, verbatim: true })) as Place[];
    return found.filter(wanted);
  } catch {
    throw new RsyncError(
      ExitCode.SocketIo,
      `rsync: getaddrinfo: bind address ${address}: Name or service not known`,
    );
  }
}
