/** A wire that the caller of a session has made for it. */
import type { Duplex as NodeDuplex } from 'node:stream';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Options } from '../options/options.ts';
import { ioTimeout } from '../report/messages.ts';
import type { Duplex } from '../transport/duplex.ts';
import { dropStream, faultOf, nodeDuplex } from '../transport/node-duplex.ts';
import type { End, SessionIo } from './end.ts';
import { untilAborted } from './until-aborted.ts';
import type { WireRequest } from './wire-request.ts';

/** How long the other side has to end when all has been said: not every wire tells of that. */
const graceMs = 1000;

/** Node's timers take no more. */
const longestMs = 2 ** 31 - 1;

/** A wire, and how it ends when all has been said. */
export interface CallersWire {
  readonly duplex: Duplex;
  finish(end: End): Promise<void>;
}

/**
 * Asks for the wire and takes it over. Throws exit 10 for what the caller fails with, 1 for what is no wire, 12 for one that
 * has ended, 30 and 35 where it takes longer than --timeout and, for a daemon, --contimeout.
 */
export async function openWire(
  request: WireRequest,
  options: Options,
  io: SessionIo,
  who: End['who'],
): Promise<CallersWire> {
  const asked = askFor(request, io);
  let stream: unknown;
  try {
    stream = await inTime(untilAborted(asked, io.signal), request, options, who);
  } catch (error) {
    // It may still come.
    void asked.then(dropStream, () => {});
    throw error;
  }
  const fault = faultOf(stream);
  if (fault === undefined) return callersWire(stream as NodeDuplex);
  dropStream(stream);
  const { what, over, cause } = fault;
  throw new RsyncError(over ? ExitCode.StreamIo : ExitCode.Syntax, `what connect gave ${what}`, { cause });
}

async function askFor(request: WireRequest, { makeWire }: SessionIo): Promise<unknown> {
  try {
    return await makeWire!(request);
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    const reason = (error instanceof Error && error.message) || String(error);
    throw new RsyncError(ExitCode.SocketIo, `connect failed: ${reason}`, { cause: error });
  }
}

/** Rejects where `work` takes longer than options allow. */
async function inTime<T>(
  work: Promise<T>,
  { kind }: WireRequest,
  { timeout, contimeout }: Options,
  who: End['who'],
): Promise<T> {
  const timers: NodeJS.Timeout[] = [];
  const limit = (seconds: number, error: () => RsyncError): Promise<never> =>
    new Promise((_, reject) => {
      if (seconds > 0) timers.push(setTimeout(() => reject(error()), Math.min(seconds * 1000, longestMs)));
    });
  try {
    return await Promise.race([
      work,
      limit(timeout, () => new RsyncError(ExitCode.Timeout, ioTimeout(who, timeout))),
      limit(kind === 'daemon' ? contimeout : 0, () => new RsyncError(ExitCode.ConnectTimeout, '')),
    ]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function callersWire(stream: NodeDuplex): CallersWire {
  const duplex = nodeDuplex(stream);
  return {
    duplex,
    async finish(end) {
      const { writer, timeout, setup } = end;
      const told = writer.drain().catch(() => {});
      await timeout.bound(untilAborted(told, setup.io.signal));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      const last = Promise.all([writer.end().catch(() => {}), end.reader.drain()]).catch((error: unknown) => {
        // That a wire ends now is as it should be; what the other side ended with is its last word.
        if (error instanceof RsyncError && error.told) throw error;
      });
      try {
        await Promise.race([last, late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
