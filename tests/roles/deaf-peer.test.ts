/** A peer that talks and hears nothing: what it is to be answered, or gets back, is not gathered without end. */
import { expect, test } from 'vitest';
import type { Kernel } from '../../ts/kernel/kernel.ts';
import { defaultOptions } from '../../ts/options/defaults.ts';
import { openEnd } from '../../ts/session/end.ts';
import { Msg, mplexBase } from '../../ts/wire/constants.ts';
import { testIo, testSite } from '../support/host.ts';

const MiB = 1024 * 1024;

/** A frame that names no file to send, as often as it fits. */
function noSend(into: Uint8Array): number {
  const frame = Buffer.alloc(8);
  frame.writeUInt32LE(((mplexBase + Msg.NoSend) << 24) | 4);
  const count = Math.floor(into.length / frame.length);
  for (let k = 0; k < count; k++) into.set(frame, k * frame.length);
  return count * frame.length;
}

test('a sender takes no more messages than it can send on', async () => {
  let given = 0;
  let taken = 0;
  let isHeard = false;
  let hear = () => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const { reader, writer } = openEnd({
    io: testIo(),
    duplex: {
      source: {
        read: async (into) => {
          await new Promise(setImmediate);
          const bytes = noSend(into);
          given += bytes;
          return bytes;
        },
      },
      sink: {
        async write(chunks) {
          if (!isHeard) await heard;
          for (const { length } of chunks) taken += length;
        },
        unsent: () => 0,
        end: async () => {},
      },
      destroy() {},
    },
    options: defaultOptions(),
    kernel: {} as Kernel,
    server: true,
    sender: true,
    site: testSite(),
  });
  reader.startMultiplex();
  writer.startMultiplex();
  // No data ever comes.
  void reader.record(() => reader.byte()).catch(() => {});
  const turns = async (done: () => boolean) => {
    for (let k = 0; k < 10_000 && !done(); k++) await new Promise(setImmediate);
  };
  await turns(() => given > 64 * MiB);
  expect(given).toBeLessThan(4 * MiB);
  isHeard = true;
  hear();
  await turns(() => taken > 16 * MiB);
  expect(taken).toBeGreaterThan(16 * MiB);
  reader.fail(new Error('enough'));
});
