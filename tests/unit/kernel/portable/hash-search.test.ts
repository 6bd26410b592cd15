import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DigestSpec } from '../../../../ts/kernel/kernel.ts';
import { BlockTable } from '../../../../ts/kernel/portable/delta/block-table.ts';
import { FileWindow } from '../../../../ts/kernel/portable/delta/file-window.ts';
import { HashSearch, maxChain } from '../../../../ts/kernel/portable/delta/hash-search.ts';
import { TokenStream } from '../../../../ts/kernel/portable/delta/token-stream.ts';
import { openFileDigest } from '../../../../ts/kernel/portable/digest/digest.ts';
import { createPortableKernel } from '../../../../ts/kernel/portable/index.ts';
import { ByteQueue } from '../../../../ts/kernel/portable/tokens/byte-queue.ts';
import { asPortableEncoder } from '../../../../ts/kernel/portable/tokens/codecs.ts';
import { testHost } from '../../../support/host.ts';

const digest: DigestSpec = { name: 'md5', seed: 0, seedFirst: true };
const size = 32 * 1024;
const blockLength = 700;

/** Sums of `count` blocks in one bucket; zeros have its first one where `equal`, else none. */
function colliding(count: number, equal: boolean): Uint8Array {
  const sums = Buffer.alloc(count * 20, 0xee);
  for (let i = 0; i < count; i++) {
    const low = equal ? 0 : i + 1;
    sums.writeUInt16LE(low, i * 20);
    sums.writeUInt16LE((0x10000 - low) & 0xffff, i * 20 + 2);
  }
  return sums;
}

it.each([true, false])(
  'a bucket of very many blocks is followed so far and no farther, equal sums: %s',
  (equal) => {
    const dir = mkdtempSync(join(tmpdir(), 'oc-rsync-search-'));
    writeFileSync(join(dir, 'f'), Buffer.alloc(size));
    const fd = openSync(join(dir, 'f'), 'r');
    try {
      const count = 30_000;
      const sums = colliding(count, equal);
      const table = new BlockTable({ count, blockLength, remainder: 0, strongLength: 16, sums }, digest);
      const window = new FileWindow(fd, size, 256 * 1024);
      const encoder = asPortableEncoder(
        createPortableKernel(testHost()).openEncoder({ name: 'none', level: 0, threads: 0 }),
      );
      encoder.begin(undefined);
      const stream = new TokenStream(window, encoder, openFileDigest(digest), new ByteQueue(1 << 20));
      const search = new HashSearch(table, stream, size, digest, false);
      let most = 0;
      for (let end = false; !end; ) {
        const before = search.steps;
        end = search.run(4096);
        most = Math.max(most, search.steps - before);
      }
      expect(stream.matches).toBe(0);
      if (equal) {
        // One place of each stretch of zeros is looked at, and stands for the others.
        expect(stream.falseAlarms).toBe(maxChain * (size + 1 - blockLength));
        expect(search.steps).toBeLessThan(size * 4);
      } else {
        // At each offset the chain twice, to find the sum and to look at the blocks, and the block's own sum.
        expect(search.steps).toBeLessThanOrEqual(size * (2 * maxChain + blockLength + 2));
        expect(search.steps).toBeGreaterThan(size * maxChain * 0.9);
      }
      expect(most).toBeLessThan(4096 * 8 + 2 * maxChain + 2 * blockLength + 4096);
    } finally {
      closeSync(fd);
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
