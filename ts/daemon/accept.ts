/** One of the processes that a daemon has started ahead: takes one connection, and is done with it. */
import { createServer, type Server, Socket } from 'node:net';
import { acceptedSocket, type SocketDuplex } from '../transport/inherited.ts';
import { isReady, isTaken } from './stock.ts';

/**
 * The next connection by any of the listening descriptors. The daemon hears by `reports` that we listen, and that we have
 * one: then it starts another like us. `backlog` is how many may wait for that. Undefined when the daemon is gone before.
 */
export function acceptOne(
  descriptors: readonly number[],
  reports: number | undefined,
  backlog: number,
): Promise<SocketDuplex | undefined> {
  return new Promise((resolve) => {
    const daemon =
      reports === undefined ? undefined : new Socket({ fd: reports, readable: true, writable: true });
    const servers: Server[] = [];
    // Within the event: whoever connects next is another process's.
    const stop = (): void => {
      for (const server of servers) server.close();
    };
    let listening = 0;
    for (const fd of descriptors) {
      const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
        stop();
        const wire = acceptedSocket(socket);
        daemon?.write(isTaken);
        daemon?.removeAllListeners('close');
        daemon?.unref();
        resolve(wire);
      });
      servers.push(server);
      server.listen({ fd, backlog }, () => {
        listening++;
        if (listening === descriptors.length) daemon?.write(isReady);
      });
    }
    daemon?.resume();
    daemon?.on('error', () => {});
    daemon?.on('end', () => daemon.destroy());
    daemon?.on('close', () => {
      stop();
      resolve(undefined);
    });
  });
}
