import { expect, test } from 'vitest';
import { memoryPair } from '../../../ts/transport/memory.ts';

const text = (into: Buffer, bytes: number): string => into.toString('latin1', 0, bytes);

test('small writes settle at once and are copied', async () => {
  const [a, b] = memoryPair();
  const chunk = Buffer.from('hello ');
  await a.sink.write([chunk, Buffer.alloc(0), Buffer.from('world')]);
  chunk.fill(0x78);
  const into = Buffer.alloc(8);
  expect(text(into, await b.source.read(into))).toBe('hello wo');
  expect(text(into, await b.source.read(into))).toBe('rld');
});

test('a large write waits until it is taken', async () => {
  const [a, b] = memoryPair();
  let settled = false;
  const sent = a.sink.write([Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 2)]).then(() => {
    settled = true;
  });
  const into = Buffer.alloc(150_000);
  expect(await b.source.read(into)).toBe(150_000);
  await Promise.resolve();
  expect(settled).toBe(false);
  expect(await b.source.read(into)).toBe(50_000);
  await sent;
});

test('the queue is bounded', async () => {
  const [a, b] = memoryPair();
  let written = 0;
  const pump = (async () => {
    for (let i = 0; i < 100; i++) {
      await a.sink.write([Buffer.alloc(10_000)]);
      written += 10_000;
    }
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBeLessThanOrEqual(256 * 1024);
  const into = Buffer.alloc(70_000);
  for (let total = 0; total < 1_000_000; ) total += await b.source.read(into);
  await pump;
});

test('a waiting reader is served directly', async () => {
  const [a, b] = memoryPair();
  const into = Buffer.alloc(100);
  const reading = b.source.read(into);
  await a.sink.write([Buffer.from('ab')]);
  expect(text(into, await reading)).toBe('ab');
});

test('half-close leaves the other direction open', async () => {
  const [a, b] = memoryPair();
  await a.sink.write([Buffer.from('last')]);
  await a.sink.end();
  const into = Buffer.alloc(10);
  expect(await b.source.read(into)).toBe(4);
  expect(await b.source.read(into)).toBe(0);
  await b.sink.write([Buffer.from('still')]);
  expect(await a.source.read(into)).toBe(5);
});

test('what was written before its end was dropped is read, and then the end', async () => {
  const [a, b] = memoryPair();
  await b.sink.write([Buffer.from('why')]);
  b.destroy();
  const into = Buffer.alloc(10);
  expect(text(into, await a.source.read(into))).toBe('why');
  expect(await a.source.read(into)).toBe(0);
});

test('dropping an end fails what waits there, and what the other end writes', async () => {
  const [a, b] = memoryPair();
  const reading = a.source.read(Buffer.alloc(1));
  const lent = a.sink.write([Buffer.alloc(1_000_000)]);
  const unread = b.sink.write([Buffer.alloc(1_000_000)]);
  a.destroy();
  await expect(reading).resolves.toBe(1);
  await expect(lent).rejects.toMatchObject({ exitCode: 12 });
  await expect(unread).rejects.toMatchObject({ exitCode: 10, message: 'write error: Broken pipe (32)' });
  await expect(b.sink.write([Buffer.alloc(1)])).rejects.toMatchObject({ exitCode: 10 });
  await expect(a.source.read(Buffer.alloc(1))).rejects.toMatchObject({ exitCode: 12 });
});

test('a reader that waits when its end is dropped fails', async () => {
  const [a, b] = memoryPair();
  const reading = a.source.read(Buffer.alloc(1));
  const other = b.source.read(Buffer.alloc(1));
  a.destroy();
  await expect(reading).rejects.toMatchObject({ exitCode: 12 });
  await expect(other).resolves.toBe(0);
});
