/** A relay in front of a daemon, which can break off or bend what passes. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Way = 'there' | 'back';
export interface Fault {
  readonly way: Way;
  readonly at: number;
  /** The bits that are turned; without them it breaks off here. */
  readonly flip?: number;
  /** It does so without a word of the system's (a reset). */
  readonly hard?: boolean;
}

/** Stands between a client and a daemon, and counts what passes. */
export class Between {
  readonly counts = { there: 0, back: 0 };
  private readonly server: Server;
  private readonly fault: Fault | undefined;
  port = 0;
  /** Clients whose connection is not over. */
  passing = 0;

  constructor(port: number, fault: Fault | undefined) {
    this.fault = fault;
    this.server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      this.passing++;
      near.once('close', () => this.passing--);
      this.pass(near, far, 'there');
      this.pass(far, near, 'back');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.on('end', () => other.end());
      }
    });
  }

  private pass(from: Socket, to: Socket, way: Way): void {
    from.on('data', (piece: Buffer) => {
      const begin = this.counts[way];
      this.counts[way] += piece.length;
      const { fault } = this;
      const at = fault?.way === way ? fault.at - begin : -1;
      if (fault === undefined || at < 0 || at >= piece.length) return void to.write(piece);
      if (fault.flip !== undefined) {
        piece[at]! ^= fault.flip;
        return void to.write(piece);
      }
      to.write(piece.subarray(0, at), () => {
        for (const socket of [from, to])
          if (fault.hard === true) socket.resetAndDestroy();
          else socket.destroy();
      });
    });
  }

  open(): Promise<void> {
    return new Promise((resolve) =>
      this.server.listen(0, '127.0.0.1', () => {
        this.port = (this.server.address() as { port: number }).port;
        resolve();
      }),
    );
  }
  close(): void {
    this.server.close();
  }
}
