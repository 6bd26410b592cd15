import { ExitCode, protocolError } from '../../../errors.ts';
import type { Decompressor } from './decoder.ts';
import { type Compressor, writeRecords } from './encoder.ts';
import { chunkBytes, maxRecordBytes } from './format.ts';
import { Lz4BlockCompressor, lz4Bound, lz4Decompress } from './lz4-block.ts';

/** rsync's `lz4`: each record is a block of its own, of at most `maxRecordBytes` before and after. */
export function openLz4(): Compressor {
  const block = new Lz4BlockCompressor();
  const scratch = Buffer.allocUnsafeSlow(lz4Bound(maxRecordBytes));
  return {
    begin() {},
    compress(out, data, at, n) {
      for (let done = 0; done < n; ) {
        let piece = Math.min(n - done, maxRecordBytes);
        let size = block.compress(data, at + done, piece, scratch);
        while (size > maxRecordBytes) {
          piece >>= 1;
          size = block.compress(data, at + done, piece, scratch);
        }
        writeRecords(out, scratch, 0, size);
        done += piece;
      }
    },
    saw() {},
    close() {},
  };
}

/** The other end of `openLz4`. */
export function openUnlz4(): Decompressor {
  const out = Buffer.allocUnsafeSlow(lz4Bound(chunkBytes));
  const record = Buffer.allocUnsafeSlow(maxRecordBytes);
  let gathered = 0;
  let complete = false;
  return {
    out,
    begin() {
      gathered = 0;
      complete = false;
    },
    feed(bytes, from, n, last) {
      bytes.copy(record, gathered, from, from + n);
      gathered += n;
      complete = last;
    },
    next() {
      if (!complete) return 0;
      const n = lz4Decompress(record, gathered, out);
      if (n < 0) throw protocolError('lz4 decompression failed', ExitCode.StreamIo);
      gathered = 0;
      complete = false;
      return n;
    },
    endOfRun() {},
    saw() {},
    close() {},
  };
}
