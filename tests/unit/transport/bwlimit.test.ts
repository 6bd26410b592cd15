import { expect, test } from 'vitest';
import { type LimitClock, limitSink } from '../../../ts/transport/bwlimit.ts';
import type { Sink } from '../../../ts/wire/source-sink.ts';

function setUp(rate: number): { sink: Sink; clock: LimitClock & { t: number }; pieces: number[] } {
  const pieces: number[] = [];
  const clock = {
    t: 1000,
    now: () => clock.t,
    sleep: async (ms: number) => {
      clock.t += ms;
    },
  };
  const inner: Sink = {
    write: async (chunks) => {
      for (const chunk of chunks) pieces.push(chunk.length);
    },
    unsent: () => 0,
    end: async () => {},
  };
  return { sink: limitSink(inner, rate, clock), clock, pieces };
}

test('a megabyte at 100 KiB a second takes ten seconds', async () => {
  const { sink, clock, pieces } = setUp(100 * 1024);
  await sink.write([Buffer.alloc(600 * 1024), Buffer.alloc(424 * 1024)]);
  expect((clock.t - 1000) / 1000).toBeCloseTo(10.24, 0);
  expect(Math.max(...pieces)).toBeLessThanOrEqual(12_800);
  expect(pieces.reduce((sum, n) => sum + n)).toBe(1024 * 1024);
});

test('small writes add up before they cost a sleep', async () => {
  const { sink, clock } = setUp(10_000);
  await sink.write([Buffer.alloc(500)]);
  expect(clock.t).toBe(1000);
  for (let i = 0; i < 19; i++) await sink.write([Buffer.alloc(500)]);
  expect(clock.t - 1000).toBeGreaterThan(800);
});

test('what is held back counts as unsent, and gets less', async () => {
  const { sink, clock } = setUp(10_000);
  const seen: number[] = [];
  const { sleep } = clock;
  clock.sleep = async (ms) => {
    seen.push(sink.unsent());
    return sleep(ms);
  };
  await sink.write([Buffer.alloc(20_000)]);
  expect(seen.length).toBeGreaterThan(5);
  expect(seen).toEqual([...seen].sort((a, b) => b - a));
  expect(new Set(seen).size).toBe(seen.length);
  expect(sink.unsent()).toBe(0);
});

test('idle time earns nothing', async () => {
  const { sink, clock } = setUp(10_000);
  await sink.write([Buffer.alloc(1000)]);
  clock.t += 60_000;
  const before = clock.t;
  await sink.write([Buffer.alloc(10_000)]);
  expect(clock.t - before).toBeGreaterThan(800);
});

test('no limit is no wrapper', () => {
  const inner: Sink = { write: async () => {}, unsent: () => 0, end: async () => {} };
  expect(limitSink(inner, 0)).toBe(inner);
});
