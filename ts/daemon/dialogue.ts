/** What is said before a session begins: lines, and arguments, on the bare connection. */
import type { ByteString } from '../kernel/kernel.ts';
import { withRest } from '../session/secluded-args.ts';
import type { Duplex } from '../transport/duplex.ts';

const pieceBytes = 4096;
/** How long a client may take to read what it was told last. */
const lingerMs = 500;

export interface Dialogue {
  /** Writes text as it stands. */
  say(text: ByteString): Promise<void>;
  /** Bytes up to `end`, which is taken and not given; undefined where the stream ends, or more than `most` come before. */
  upTo(end: number, most: number): Promise<ByteString | undefined>;
  /** So many bytes; undefined where the stream ends before. */
  bytes(count: number): Promise<ByteString | undefined>;
  /** The connection as it is behind what was read. */
  rest(): Duplex;
  /** Ends it at once: whoever waits for the client hears of `error`. */
  fail(error: Error): void;
  /** Lets the client read all that was said, and is gone. */
  close(): Promise<void>;
}

/** A conversation over `duplex`, of which nothing was read yet. */
export function openDialogue(duplex: Duplex): Dialogue {
  let held: Buffer = Buffer.alloc(0);
  const piece = Buffer.alloc(pieceBytes);
  let failure: Error | undefined;
  let giveUp: (error: Error) => void = () => {};
  // One promise for each piece, and none that outlives it: who sends a byte at a time shall leave nothing behind.
  const more = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      if (failure !== undefined) return void reject(failure);
      duplex.source.read(piece).then((n) => {
        if (n > 0) held = Buffer.concat([held, piece.subarray(0, n)]);
        resolve(n > 0);
      }, reject);
    });
  const take = (count: number): ByteString => {
    const taken = held.toString('latin1', 0, count);
    held = held.subarray(count);
    return taken;
  };
  return {
    say: (text) => duplex.sink.write([Buffer.from(text, 'latin1')]),
    async upTo(end, most) {
      for (let looked = 0; ; ) {
        const at = held.indexOf(end, looked);
        if (at > most) return undefined;
        if (at >= 0) {
          const text = take(at);
          take(1);
          return text;
        }
        looked = held.length;
        if (looked > most || !(await more())) return undefined;
      }
    },
    async bytes(count) {
      while (held.length < count) if (!(await more())) return undefined;
      return take(count);
    },
    rest() {
      const source = withRest(duplex.source, held);
      held = Buffer.alloc(0);
      return { ...duplex, source };
    },
    fail(error) {
      failure = error;
      giveUp(error);
      duplex.destroy();
    },
    async close() {
      await duplex.sink.end().catch(() => {});
      // What is closed over bytes that nobody has read takes back what was said last.
      const toEnd = async (): Promise<void> => {
        while ((await duplex.source.read(piece)) > 0);
      };
      const late = new Promise((resolve) => setTimeout(resolve, lingerMs));
      await Promise.race([toEnd().catch(() => {}), late]);
      duplex.destroy();
    },
  };
}

const newline = 0x0a;

/** A line without its end, or its carriage returns; undefined where there is none, or one that holds a NUL. */
export async function readLine(talk: Dialogue, most: number): Promise<ByteString | undefined> {
  const line = (await talk.upTo(newline, most))?.replaceAll('\r', '');
  return line?.includes('\0') ? undefined : line;
}
