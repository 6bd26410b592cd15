import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RsyncError } from '../../../ts/errors.ts';
import { IoTimeout } from '../../../ts/session/timeouts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(seconds: number, alive = true) {
  const state = {
    input: Date.now(),
    output: Date.now(),
    keepAlives: 0,
    error: undefined as RsyncError | undefined,
  };
  const timeout = new IoTimeout(
    seconds,
    () => state.input,
    () => state.output,
    (error) => {
      state.error = error;
    },
    alive
      ? () => {
          state.keepAlives++;
          state.output = Date.now();
        }
      : undefined,
  );
  return { state, timeout };
}

const payload = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);

test('silence ends the run', () => {
  const { state } = watch(10, false);
  vi.advanceTimersByTime(9_900);
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(300);
  expect(state.error).toMatchObject({ exitCode: 30, message: 'io timeout after 10 seconds -- exiting' });
});

test('input and output both count', () => {
  const { state } = watch(10, false);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(8_000);
    if (i % 2) state.input = Date.now();
    else state.output = Date.now();
  }
  expect(state.error).toBeUndefined();
  vi.advanceTimersByTime(10_300);
  expect(state.error).toBeDefined();
});

test('a keep-alive after half of the time, rounded up', () => {
  const { state } = watch(7);
  vi.advanceTimersByTime(3_900);
  expect(state.keepAlives).toBe(0);
  vi.advanceTimersByTime(300);
  expect(state.keepAlives).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(state.keepAlives).toBeGreaterThan(10);
  expect(state.error).toBeUndefined();
});

test('a keep-alive that cannot get out does not count as a sign of life', () => {
  const { state } = watch(4, false);
  const stuck = new IoTimeout(
    4,
    () => state.input,
    () => state.output,
    (error) => {
      state.error = error;
    },
    () => {},
  );
  vi.advanceTimersByTime(5_200);
  expect(state.error).toMatchObject({ exitCode: 30 });
  stuck.stop();
});

test('no timeout', () => {
  const { state } = watch(0);
  vi.advanceTimersByTime(10_000_000);
  expect(state).toMatchObject({ keepAlives: 0, error: undefined });
});

test("the daemon's timeout only shortens ours", () => {
  const { state, timeout } = watch(60, false);
  for (const value of [0, -1, 61, 60, 86_401, 0x7fffffff]) expect(timeout.lower(payload(value))).toBe(false);
  expect(timeout.seconds).toBe(60);
  expect(timeout.lower(payload(5))).toBe(true);
  vi.advanceTimersByTime(5_300);
  expect(state.error).toMatchObject({ exitCode: 30 });
  const none = watch(0, false);
  expect(none.timeout.lower(payload(20))).toBe(true);
  expect(none.timeout.seconds).toBe(20);
  expect(() => none.timeout.lower(Buffer.alloc(3))).toThrow('invalid multi-message 33:3');
  none.timeout.stop();
});
