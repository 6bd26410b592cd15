import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { ExitCode, protocolError, RsyncError } from '../../../errors.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { Decompressor } from './decoder.ts';
import { type Compressor, writeRecords } from './encoder.ts';
import { ZlibHandle } from './zlib-handle.ts';

const defaultLevel = 6;
const scratchBytes = 64 * 1024;
/** A sync flush ends with an empty stored block (00 00 ff ff), which is not sent: the reader adds it. */
const marker = Buffer.from([0, 0, 0xff, 0xff]);
/** Longest stored block of deflate. */
const maxStored = 0xffff;

/**
 * rsync's `zlib` (`matchedData`: what the peer has enters the history too) and `zlibx`: raw deflate, one
 * stream a file.
 */
export function openDeflate(level: number, matchedData: boolean): Compressor {
  const base = clampLevel(level);
  let current = base;
  const handle = new ZlibHandle(createDeflateRaw({ level: base, windowBits: 15, memLevel: 8 }));
  const scratch = Buffer.allocUnsafeSlow(scratchBytes);

  function step(flush: number, data: Buffer, at: number, n: number, keep: number): number {
    const failure = handle.write(flush, { data, at, n }, scratch, keep);
    if (failure !== undefined) throw new RsyncError(ExitCode.StreamIo, `deflate failed: ${failure}`);
    return scratch.length - handle.outLeft;
  }

  return {
    begin(fileLevel) {
      handle.reset();
      const wanted = fileLevel === undefined ? base : clampLevel(fileLevel);
      if (wanted !== current) handle.setLevel(wanted);
      current = wanted;
    },
    compress(out: ByteQueue, data, at, n, flush) {
      const mode = flush ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH;
      const held = flush ? marker.length : 0;
      let left = n;
      let kept = 0;
      do {
        const filled = step(mode, data, at + n - left, left, kept);
        left = handle.inLeft;
        const sent = Math.max(filled - held, 0);
        writeRecords(out, scratch, 0, sent);
        scratch.copyWithin(0, sent, filled);
        kept = filled - sent;
      } while (left > 0 || handle.outLeft === 0);
    },
    saw(data, at, n) {
      if (!matchedData) return;
      for (let done = 0; done < n; ) {
        const piece = Math.min(n - done, maxStored);
        let left = piece;
        do {
          step(constants.Z_SYNC_FLUSH, data, at + done + piece - left, left, 0);
          left = handle.inLeft;
        } while (left > 0 || handle.outLeft === 0);
        done += piece;
      }
    },
    close: () => handle.close(),
  };
}

/** The other end of `openDeflate`. */
export function openInflate(matchedData: boolean): Decompressor {
  const handle = new ZlibHandle(createInflateRaw({ windowBits: 15 }));
  const out = Buffer.allocUnsafeSlow(scratchBytes);
  const stored = Buffer.alloc(5);
  let data: Buffer = marker;
  let at = 0;
  let left = 0;
  let more = false;

  /** Inflates once and returns the bytes produced. */
  function step(flush: number): number {
    const before = left;
    const failure = handle.write(flush, { data, at, n: left }, out, 0);
    const n = out.length - handle.outLeft;
    if (failure !== undefined) {
      throw protocolError(`inflate failed: ${failure} (${n} bytes)`, ExitCode.StreamIo);
    }
    left = handle.inLeft;
    at += before - left;
    if (n === 0 && left > 0 && left === before) {
      throw protocolError('inflate failed: data after the end of the stream', ExitCode.StreamIo);
    }
    return n;
  }
  /** Feeds bytes whose uncompressed form is known already; returns how many that were. */
  function swallow(bytes: Buffer, from: number, n: number): number {
    data = bytes;
    at = from;
    left = n;
    let produced = 0;
    do produced += step(constants.Z_SYNC_FLUSH);
    while (left > 0 || handle.outLeft === 0);
    return produced;
  }

  return {
    out,
    begin: () => handle.reset(),
    feed(bytes, from, n) {
      data = bytes;
      at = from;
      left = n;
      more = true;
    },
    next() {
      while (more) {
        const n = step(constants.Z_NO_FLUSH);
        more = left > 0 || handle.outLeft === 0;
        if (n > 0) return n;
      }
      return 0;
    },
    endOfRun() {
      if (swallow(marker, 0, marker.length) !== 0) {
        throw protocolError('decompressor lost sync!', ExitCode.StreamIo);
      }
    },
    saw(bytes, from, n) {
      if (!matchedData) return;
      for (let done = 0; done < n; ) {
        const piece = Math.min(n - done, maxStored);
        stored.writeUInt16LE(piece, 1);
        stored.writeUInt16LE(piece ^ 0xffff, 3);
        swallow(stored, 0, stored.length);
        swallow(bytes, from + done, piece);
        done += piece;
      }
    },
    close: () => handle.close(),
  };
}

/** zlib knows 0 to 9; rsync takes what lies outside as the nearest. */
function clampLevel(level: number): number {
  if (level === constants.Z_DEFAULT_COMPRESSION) return defaultLevel;
  return Math.min(Math.max(level, 0), 9);
}
