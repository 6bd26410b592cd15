/** A wire of a Node stream that somebody else has made: it has no descriptor, and may be anything. */
import { constants } from 'node:os';
import type { Duplex as NodeDuplex } from 'node:stream';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Sink } from '../wire/source-sink.ts';
import type { Duplex } from './duplex.ts';
import { brokenPipe, wireError } from './io-error.ts';
import { streamSource } from './stream-source.ts';

/** Output is handed over in pieces of this size: that one of them has left shows that the peer takes something. */
const pieceBytes = 32 * 1024;

/** Why a stream is not used. */
export interface StreamFault {
  readonly what: string;
  /** It was a wire, and has come to its end. */
  readonly over: boolean;
  readonly cause: unknown;
}

/** Why `stream` cannot be a wire; undefined where it can. */
export function faultOf(stream: unknown): StreamFault | undefined {
  const fault = (what: string, over = false, cause: unknown = undefined) => ({ what, over, cause });
  if (!isDuplex(stream)) return fault('is no duplex stream');
  if (stream.readableObjectMode || stream.writableObjectMode) return fault('is in object mode');
  if (stream.readableEncoding) return fault('gives text, not bytes');
  if (stream.destroyed) return fault('was destroyed before it was used', true, stream.errored ?? undefined);
  if (!stream.readable || !stream.writable)
    return fault('had ended before it was used, or goes one way', true);
  return undefined;
}

function isDuplex(stream: unknown): stream is NodeDuplex {
  if (typeof stream !== 'object' || stream === null) return false;
  const methods: readonly (keyof NodeDuplex)[] = ['on', 'read', 'write', 'end', 'destroy'];
  return methods.every((name) => typeof (stream as NodeDuplex)[name] === 'function');
}

/** Drops what was to be a wire; what it fails with afterwards is nobody's. */
export function dropStream(stream: unknown): void {
  if (!isDuplex(stream)) return;
  stream.on('error', () => {});
  stream.destroy();
}

/** Both halves of a stream without a `faultOf`, which it takes over. */
export function nodeDuplex(stream: NodeDuplex): Duplex {
  const source = streamSource(stream, (error) => broken('read', error));
  const sink = streamSink(stream);
  return {
    source,
    sink,
    destroy() {
      source.destroy();
      sink.drop();
    },
  };
}

function streamSink(stream: NodeDuplex): Sink & { drop(): void } {
  let failure: unknown;
  let reject: ((error: unknown) => void) | undefined;
  const fail = (error: NodeJS.ErrnoException): void => {
    failure ??= broken('write', error);
    reject?.(failure);
    reject = undefined;
  };
  stream.on('error', fail);
  const drop = (): void => fail(brokenPipe());
  stream.on('close', drop);

  const settle = (start: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, rejectThis) => {
      if (failure !== undefined) {
        rejectThis(failure);
        return;
      }
      reject = rejectThis;
      try {
        start((error) => {
          if (error) fail(error);
          if (failure === undefined) reject = undefined;
          resolve();
        });
      } catch (error) {
        fail(error as Error);
      }
    });

  return {
    write(chunks) {
      // A stream may say that it is done with what it still holds.
      const bytes = Buffer.concat(chunks);
      if (bytes.length === 0) return Promise.resolve();
      return settle((done) => {
        let at = 0;
        for (; at + pieceBytes < bytes.length; at += pieceBytes)
          stream.write(bytes.subarray(at, at + pieceBytes));
        stream.write(bytes.subarray(at), done);
      });
    },
    unsent: () => stream.writableLength,
    async end() {
      if (stream.writableEnded || failure !== undefined) return;
      await settle((done) => stream.end(done));
    },
    drop,
  };
}

/** What Node says of a stream that is not there any more. */
const gone: ReadonlySet<string | undefined> = new Set([
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** A stream may fail with what is no system's error: that has words of its own. */
function broken(call: 'read' | 'write', error: NodeJS.ErrnoException): RsyncError {
  const { code, errno, message } = Object(error) as NodeJS.ErrnoException;
  if (gone.has(code)) return wireError(call, brokenPipe());
  if (errno !== undefined || (code !== undefined && code in constants.errno)) return wireError(call, error);
  const reason = message || String(error);
  return new RsyncError(ExitCode.SocketIo, `${call} error: ${reason}`, { cause: error });
}
