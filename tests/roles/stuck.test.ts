/** An end that waits for its wire to take what it wrote: the peer's word keeps it, silence ends it with its reason. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Kernel } from '../../ts/kernel/kernel.ts';
import { defaultOptions } from '../../ts/options/defaults.ts';
import { openEnd } from '../../ts/session/end.ts';
import { memoryPair } from '../../ts/transport/memory.ts';
import { testIo, testSite } from '../support/host.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what the peer says counts, also while nobody reads it', async () => {
  const [ours, theirs] = memoryPair();
  const end = openEnd({
    io: testIo(),
    duplex: ours,
    options: defaultOptions({ timeout: 2 }),
    kernel: {} as Kernel,
    server: false,
    sender: true,
    site: testSite(),
  });
  end.writer.startMultiplex();
  end.writer.bytes(Buffer.alloc(1_000_000));
  let failed: unknown;
  const drained = end.writer.drain().catch((error: unknown) => {
    failed = error;
  });
  for (let second = 0; second < 10; second++) {
    await theirs.sink.write([Buffer.from([0, 0, 0, 7])]);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(failed).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2500);
  await drained;
  expect(failed).toMatchObject({
    exitCode: 30,
    message: expect.stringMatching(/^\[sender\] io timeout after \d seconds -- exiting$/),
  });
});
