import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RsyncError } from '../../../ts/errors.ts';
import { IoTimeout } from '../../../ts/session/timeouts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose clocks the test turns. `alive`: keep-alives can leave. */
function watch(seconds: number, alive: boolean) {
  const state = {
    input: Date.now(),
    output: Date.now(),
    waiting: Date.now() as number | undefined,
    keepAlives: 0,
    error: undefined as RsyncError | undefined,
    expiredAt: 0,
  };
  const started = Date.now();
  const timeout = new IoTimeout(seconds, {
    holdsProcess: false,
    now: () => Date.now(),
    lastInput: () => state.input,
    lastOutput: () => state.output,
    waitingSince: () => state.waiting,
    keepAlive() {
      state.keepAlives++;
      return alive;
    },
    who: () => 'sender',
    onExpire(error) {
      state.error = error;
      state.expiredAt = (Date.now() - started) / 1000;
    },
  });
  return { state, timeout };
}

const payload = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);

test('silence ends the run, and names who waited', () => {
  const { state } = watch(10, false);
  vi.advanceTimersByTime(9_900);
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(2_000);
  expect(state.error).toMatchObject({
    exitCode: 30,
    message: '[sender] io timeout after 10 seconds -- exiting',
  });
});

test('input and output both count', () => {
  const { state } = watch(10, false);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(8_000);
    if (i % 2) state.input = Date.now();
    else state.output = Date.now();
  }
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(12_000);
  expect(state.error).toBeDefined();
});

test('while nobody waits for the peer it owes nothing', () => {
  const { state } = watch(10, false);
  state.waiting = undefined;
  vi.advanceTimersByTime(100_000);
  expect(state.error).toBeUndefined();
  state.waiting = Date.now();
  vi.advanceTimersByTime(9_900);
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(2_000);
  expect(state.error).toBeDefined();
});

test('after half of the time, rounded up, the peer is told that we are alive', () => {
  const { state } = watch(7, true);
  vi.advanceTimersByTime(3_900);
  expect(state.keepAlives).toBe(0);
  vi.advanceTimersByTime(1_500);
  expect(state.keepAlives).toBe(1);
  state.output = Date.now();
  vi.advanceTimersByTime(3_900);
  expect(state.keepAlives).toBe(1);
});

test('keep-alives that leave count as a sign of the peer, but not for ever', () => {
  const { state } = watch(4, true);
  vi.advanceTimersByTime(30_000);
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(60_000);
  expect(state.error).toMatchObject({ exitCode: 30 });
  expect(state.expiredAt).toBeGreaterThan(40);
  expect(state.expiredAt).toBeLessThan(60);
});

test.each(['input', 'output'] as const)('a word in between (%s) lets keep-alives count anew', (what) => {
  const { state } = watch(4, true);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(30_000);
    state[what] = Date.now();
  }
  expect(state.error).toBeUndefined();
});

test('a keep-alive that cannot leave is no sign of life', () => {
  const { state } = watch(4, false);
  vi.advanceTimersByTime(5_500);
  expect(state.keepAlives).toBeGreaterThan(0);
  expect(state.error).toMatchObject({ exitCode: 30 });
});

test('a process that was busy listens first', () => {
  const { state } = watch(4, false);
  const busy = Date.now() + 20_000;
  vi.setSystemTime(busy);
  vi.advanceTimersByTime(700);
  expect(state.error).toBeUndefined();
  state.input = Date.now();
  vi.advanceTimersByTime(3_900);
  expect(state.error).toBeUndefined();
});

test('no timeout', () => {
  const { state } = watch(0, true);
  vi.advanceTimersByTime(10_000_000);
  expect(state).toMatchObject({ keepAlives: 0, error: undefined });
});

test("the server's timeout only shortens ours", () => {
  const { state, timeout } = watch(60, false);
  for (const value of [0, -1, 61, 60, 86_401, 0x7fffffff]) expect(timeout.lower(payload(value))).toBe(false);
  expect(timeout.seconds).toBe(60);
  expect(timeout.lower(payload(5))).toBe(true);
  vi.advanceTimersByTime(6_500);
  expect(state.error).toMatchObject({ exitCode: 30 });
  const none = watch(0, false);
  expect(none.timeout.lower(payload(20))).toBe(true);
  expect(none.timeout.seconds).toBe(20);
  expect(() => none.timeout.lower(Buffer.alloc(3))).toThrow('invalid multi-message 33:3 [sender]');
  none.timeout.stop();
});

test('what follows the last word of the peer is bounded', async () => {
  const { timeout } = watch(4, true);
  const stuck = expect(timeout.bound(new Promise(() => {}))).rejects.toMatchObject({ exitCode: 30 });
  await vi.advanceTimersByTimeAsync(4_100);
  await stuck;
  expect(await timeout.bound(Promise.resolve(7))).toBe(7);
  const none = watch(0, true).timeout.bound(new Promise((resolve) => setTimeout(() => resolve(8), 100_000)));
  await vi.advanceTimersByTimeAsync(100_000);
  expect(await none).toBe(8);
});
