/** How the processes that a daemon has started ahead come by their clients. */
import { createServer, type Server, Socket } from 'node:net';
import { acceptedSocket, type SocketDuplex } from '../transport/inherited.ts';
import { tell, Word } from './word.ts';

/** Where clients come by, and whom that concerns. */
export interface Door {
  /** Listening descriptors; or the path of a socket that is made. */
  readonly listens: readonly ({ readonly fd: number } | { readonly path: string })[];
  /** How many may wait to be let in. */
  readonly backlog: number;
  /** A descriptor by which the daemon is told. */
  readonly reports: number;
  /** What is done before anybody is let in. */
  ready(): void;
}

/** A client, and by which descriptor the daemon hears what became of it. */
export interface Arrival {
  readonly wire: SocketDuplex;
  readonly reports: number | undefined;
}

/** The next connection; who is told so sees to another process like this one. Undefined when nobody is there to be told. */
export function acceptOne(door: Door): Promise<Arrival | undefined> {
  const { reports, ready } = door;
  ready();
  return new Promise((resolve) => {
    const daemon = daemonAt(reports, () => {
      stop();
      resolve(undefined);
    });
    // Within the event: whoever connects next is another process's.
    const stop = openDoor(door, (socket) => {
      stop();
      const wire = acceptedSocket(socket);
      tell(reports, Word.Taken);
      daemon.removeAllListeners('close');
      daemon.unref();
      resolve({ wire, reports });
    });
  });
}

/** The daemon's end of the pipe: `gone` is called when there is nobody any more. */
function daemonAt(reports: number, gone: () => void): Socket {
  const daemon = new Socket({ fd: reports, readable: true, writable: true });
  daemon.resume();
  daemon.on('error', () => {});
  daemon.on('end', () => daemon.destroy());
  daemon.on('close', gone);
  return daemon;
}

/** Listens, and tells the daemon so; answers what ends that at once. */
function openDoor({ listens, backlog, reports }: Door, came: (socket: Socket) => void): () => void {
  const servers: Server[] = [];
  let listening = 0;
  for (const where of listens) {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, came);
    servers.push(server);
    // Of a descriptor Node takes a backlog by an argument of its own alone. None is one, as to the system.
    server.listen(where, Math.max(1, backlog), () => {
      listening++;
      if (listening === listens.length) tell(reports, Word.Ready);
    });
  }
  return () => {
    for (const server of servers) server.close();
  };
}
