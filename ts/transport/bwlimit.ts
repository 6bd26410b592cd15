import { monotonicMs } from '../clock.ts';
import type { Sink } from '../wire/source-sink.ts';

/** Shorter debts than this are not worth a sleep; they add up. */
const minSleepMs = 100;
/** Longest piece that is written at once, in milliseconds of the limit's rate. */
const pieceMs = 125;
const minPiece = 512;

/** The clock and the sleep of a limit; tests bring their own. */
export interface LimitClock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

const systemClock: LimitClock = {
  now: monotonicMs,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * `sink` behind a limit of `bytesPerSecond` (--bwlimit); 0 gives `sink` itself. After each piece the
 * time that the bytes written so far should have taken is compared with the time they took, and the
 * difference is slept through once it reaches a tenth of a second. Time in which nothing was written
 * earns no credit.
 */
export function limitSink(sink: Sink, bytesPerSecond: number, clock: LimitClock = systemClock): Sink {
  if (bytesPerSecond <= 0) return sink;
  const maxPiece = Math.max(minPiece, Math.floor((bytesPerSecond * pieceMs) / 1000));
  /** Bytes that the rate has not yet paid for. */
  let debt = 0;
  let last: number | undefined;

  const pay = async (bytes: number): Promise<void> => {
    debt += bytes;
    const start = clock.now();
    if (last !== undefined) debt = Math.max(0, debt - ((start - last) * bytesPerSecond) / 1000);
    last = start;
    const wait = (debt * 1000) / bytesPerSecond;
    if (wait < minSleepMs) return;
    await clock.sleep(wait);
    last = clock.now();
    debt = ((wait - (last - start)) * bytesPerSecond) / 1000;
  };

  /** Bytes of pieces that were not yet begun. */
  let waiting = 0;
  return {
    async write(chunks) {
      waiting = 0;
      for (const chunk of chunks) waiting += chunk.length;
      for (const chunk of chunks)
        for (let at = 0; at < chunk.length; at += maxPiece) {
          const piece = chunk.subarray(at, at + maxPiece);
          waiting -= piece.length;
          await sink.write([piece]);
          await pay(piece.length);
        }
    },
    unsent: () => waiting + sink.unsent(),
    end: () => sink.end(),
  };
}
