/** What signals do to a run, and to one that is cleaning up after one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type SignalWatch, watchSignals } from '../../ts/cli/signals.ts';

let watch: SignalWatch | undefined;
afterEach(() => watch?.stop());

test('signals that come together let a run clean up, a later one ends it', async () => {
  const codes: number[] = [];
  watch = watchSignals(((code: number) => codes.push(code)) as never);
  expect(watch.signal.aborted).toBe(false);
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGTERM', 'SIGTERM');
  await sleep(50);
  process.emit('SIGTERM', 'SIGTERM');
  expect(watch.signal.reason).toMatchObject({ exitCode: 20, cause: 'SIGINT' });
  expect(codes).toEqual([]);
  await sleep(600);
  process.emit('SIGUSR1', 'SIGUSR1');
  expect(codes).toEqual([19]);
});
