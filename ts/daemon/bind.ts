/** The sockets of a daemon that stands alone. */
import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import { EADDRINUSE, errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { DaemonOptions } from './arguments.ts';

/** A socket that is bound, and that nobody reads from here. */
interface Bound {
  readonly fd: number;
  getsockname(into: { port?: number }): number;
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
  const name: { port?: number } = {};
  return bound.getsockname(name) === 0 && name.port === port ? bound : EADDRINUSE;
}

/** A socket for each address that the daemon shall be reached by. Throws exit 10 where there is none. */
export async function openSockets(
  address: ByteString,
  port: number,
  family: DaemonOptions['family'],
): Promise<readonly Bound[]> {
  const failures: string[] = [];
  const sockets: Bound[] = [];
  for (const place of await placesFor(address, family)) {
    const bound = bind(place.address, port, place.family);
    if (typeof bound !== 'number') sockets.push(bound);
    else
      failures.push(
        `bind() failed: ${errnoText(Math.abs(bound))} (address-family ${place.family === 4 ? 2 : 10})`,
      );
  }
  if (sockets.length > 0) return sockets;
  throw new RsyncError(ExitCode.SocketIo, [
    ...failures,
    `unable to bind any inbound sockets on port ${port}`,
  ]);
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
