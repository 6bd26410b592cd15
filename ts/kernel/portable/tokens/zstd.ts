import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ExitCode, protocolError, RsyncError } from '../../../errors.ts';
import type { Decompressor } from './decoder.ts';
import { type Compressor, writeRecords } from './encoder.ts';
import { ZlibHandle } from './zlib-handle.ts';

/** What zstd needs of `node:zlib`, which has it from 22.15 and 23.8 on. */
interface ZstdZlib {
  createZstdCompress?(options: { params: Record<number, number> }): Transform;
  createZstdDecompress?(): Transform;
}
const { createZstdCompress, createZstdDecompress } = zlib as unknown as ZstdZlib;

/** `ZSTD_EndDirective`, and of `ZSTD_cParameter` the compression level and the number of threads. */
const flushNone = 0;
const flushBlock = 1;
const paramLevel = 100;
const paramWorkers = 400;
const mostWorkers = 200;
const lowestLevel = -(1 << 17);
const highestLevel = 22;
const defaultLevel = 3;
const scratchBytes = 128 * 1024;

/** Opens a zstd stream of this Node, or `undefined` where it has none. */
export const openZstdStream: (() => Transform) | undefined =
  createZstdCompress && createZstdDecompress ? () => createZstdDecompress() : undefined;

/**
 * rsync's `zstd`: one stream over all the files of a direction, flushed before each token. `threads` is a wish, as
 * in rsync: where the library was built without them, it compresses on this one.
 */
export function openZstd(level: number, threads: number): Compressor {
  if (!createZstdCompress) throw missing();
  const wanted = level === 0 ? defaultLevel : Math.min(Math.max(level, lowestLevel), highestLevel);
  const handle = new ZlibHandle(openStream(createZstdCompress, wanted, Math.min(threads, mostWorkers)));
  const scratch = Buffer.allocUnsafeSlow(scratchBytes);
  return {
    begin() {},
    compress(out, data, at, n, flush) {
      let left = n;
      do {
        const failure = handle.write(
          flush ? flushBlock : flushNone,
          { data, at: at + n - left, n: left },
          scratch,
          0,
        );
        if (failure !== undefined) {
          throw new RsyncError(ExitCode.StreamIo, `zstd compression failed: ${failure}`);
        }
        left = handle.inLeft;
        writeRecords(out, scratch, 0, scratch.length - handle.outLeft);
      } while (left > 0 || (flush && handle.outLeft === 0));
    },
    saw() {},
    close: () => handle.close(),
  };
}

function openStream(
  create: NonNullable<ZstdZlib['createZstdCompress']>,
  level: number,
  threads: number,
): Transform {
  const params = { [paramLevel]: level };
  if (threads === 0) return create({ params });
  try {
    return create({ params: { ...params, [paramWorkers]: threads } });
  } catch {
    return create({ params });
  }
}

/** The other end of `openZstd`. */
export function openUnzstd(): Decompressor {
  if (!createZstdDecompress) throw missing();
  const handle = new ZlibHandle(createZstdDecompress());
  const out = Buffer.allocUnsafeSlow(scratchBytes);
  let data: Buffer = out;
  let at = 0;
  let left = 0;
  let more = false;
  return {
    out,
    begin() {},
    feed(bytes, from, n) {
      data = bytes;
      at = from;
      left = n;
      more = true;
    },
    next() {
      while (more) {
        const before = left;
        const failure = handle.write(flushNone, { data, at, n: left }, out, 0);
        const n = out.length - handle.outLeft;
        if (failure !== undefined) {
          throw protocolError(`zstd decompression failed: ${failure} (${n} bytes)`, ExitCode.StreamIo);
        }
        left = handle.inLeft;
        at += before - left;
        if (n === 0 && left > 0 && left === before) {
          throw protocolError('zstd decompression made no progress', ExitCode.StreamIo);
        }
        more = left > 0 || handle.outLeft === 0;
        if (n > 0) return n;
      }
      return 0;
    },
    endOfRun() {},
    saw() {},
    close: () => handle.close(),
  };
}

function missing(): RsyncError {
  return new RsyncError(ExitCode.Unsupported, `Node ${process.versions.node} has no zstd`);
}
