import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode } from '../../../ts/errors.ts';
import { fdSink, fdSource } from '../../../ts/transport/fd-stream.ts';
import { connectDaemon } from '../../../ts/transport/tcp.ts';
import type { Source } from '../../../ts/wire/source-sink.ts';
import { makePipe } from './fifo-kernel.ts';

async function readAll(source: Source, size: number): Promise<{ total: number; hash: string }> {
  const into = Buffer.alloc(size);
  const hash = createHash('sha1');
  let total = 0;
  for (;;) {
    const bytes = await source.read(into);
    if (bytes === 0) return { total, hash: hash.digest('hex') };
    hash.update(into.subarray(0, bytes));
    total += bytes;
  }
}

const data = randomBytes(5_000_001);
const sha1 = createHash('sha1').update(data).digest('hex');
const pieces = Array.from({ length: 1000 }, (_, i) =>
  data.subarray(Math.floor((i * data.length) / 1000), Math.floor(((i + 1) * data.length) / 1000)),
);

test.each([1, 1000, 65536, 512 * 1024].map((n) => [n]))('pipe, reads of %i bytes', async (size) => {
  const { read, write } = makePipe();
  const source = fdSource(read);
  const sink = fdSink(write);
  const some = size === 1 ? data.subarray(0, 3000) : data;
  const sent = sink.write(size === 1 ? [some] : pieces).then(() => sink.end());
  expect(await readAll(source, size)).toEqual({
    total: some.length,
    hash: createHash('sha1').update(some).digest('hex'),
  });
  await sent;
});

test('pipe: a write waits for a slow reader, then ends cleanly', async () => {
  const { read, write } = makePipe();
  const sink = fdSink(write);
  let settled = false;
  const sent = sink.write([data]).then(() => {
    settled = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(settled).toBe(false);
  const all = readAll(fdSource(read), 1 << 18);
  await sent;
  await sink.end();
  expect((await all).hash).toBe(sha1);
});

test('pipe: what has not left yet gets less while the reader takes it', async () => {
  const { read, write } = makePipe();
  const sink = fdSink(write);
  const sent = sink.write([data]);
  const source = fdSource(read);
  const into = Buffer.alloc(64 * 1024);
  const seen: number[] = [];
  for (let taken = 0; taken < data.length; ) {
    taken += await source.read(into);
    seen.push(sink.unsent());
  }
  await sent;
  expect(seen[0]).toBeGreaterThan(data.length / 2);
  expect(seen.some((n) => n > 0 && n < data.length / 2)).toBe(true);
  expect(sink.unsent()).toBe(0);
  await sink.end();
  source.destroy();
});

test('pipe: input counts when it comes, also if nobody has asked for it', async () => {
  const { read, write } = makePipe();
  const source = fdSource(read);
  const sink = fdSink(write);
  await sink.write([Buffer.from('a')]);
  await source.read(Buffer.alloc(10));
  expect(source.sinceArrival!()).toBeLessThan(250);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(source.sinceArrival!()).toBeGreaterThan(250);
  await sink.write([Buffer.from('b')]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(source.sinceArrival!()).toBeLessThan(250);
  sink.destroy();
  source.destroy();
});

test('pipe: bulk reads are large', async () => {
  const { read, write } = makePipe();
  spawn('head', ['-c', '20000000', '/dev/zero'], { stdio: ['ignore', write, 'ignore'] });
  closeSync(write);
  const source = fdSource(read);
  const into = Buffer.alloc(512 * 1024);
  let reads = 0;
  let total = 0;
  for (;;) {
    const bytes = await source.read(into);
    if (bytes === 0) break;
    total += bytes;
    reads++;
  }
  expect(total).toBe(20_000_000);
  expect(total / reads).toBeGreaterThan(16_000);
});

test('pipe: writing to nobody is exit 10', async () => {
  const { read, write } = makePipe();
  const source = fdSource(read);
  const sink = fdSink(write);
  source.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(sink.write([data])).rejects.toMatchObject({
    exitCode: ExitCode.SocketIo,
    message: 'write error: Broken pipe (32)',
  });
  await expect(sink.write([data])).rejects.toMatchObject({ exitCode: ExitCode.SocketIo });
});

test('files serve as both halves', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'oc-fd-'));
  const path = join(dir, 'f');
  writeFileSync(path, '');
  const sink = fdSink(openSync(path, 'w'));
  await sink.write(pieces);
  await sink.end();
  expect(readFileSync(path).equals(data)).toBe(true);
  const source = fdSource(openSync(path, 'r'));
  expect((await readAll(source, 100_000)).hash).toBe(sha1);
  source.destroy();
  rmSync(dir, { recursive: true });
});

test('socket: both ways at once, half-close, reset', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (mode === 'echo') socket.pipe(socket);
    else socket.once('data', () => socket.resetAndDestroy());
  });
  let mode: 'echo' | 'reset' = 'echo';
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const target = { host: '127.0.0.1', port, connectTimeout: 5, env: {} };

  const echo = await connectDaemon(target);
  const back = readAll(echo.source, 300_000);
  await echo.sink.write([data]);
  await echo.sink.end();
  expect((await back).hash).toBe(sha1);

  mode = 'reset';
  const reset = await connectDaemon(target);
  await reset.sink.write([Buffer.from('x')]);
  await expect(reset.source.read(Buffer.alloc(10))).rejects.toMatchObject({
    exitCode: ExitCode.SocketIo,
    message: 'read error: Connection reset by peer (104)',
  });
  server.close();
});

test('pipe: the descriptor is lent when nothing that was read waits, and reading goes on after', async () => {
  const { read, write } = makePipe();
  const source = fdSource(read);
  const sink = fdSink(write);
  await sink.write([Buffer.from('one')]);
  const into = Buffer.alloc(2);
  expect(await source.read(into)).toBe(2);
  // A byte that came already belongs to who reads the source.
  expect(source.lend?.()).toBeUndefined();
  await sink.write([Buffer.from('two')]);
  expect(await source.read(into)).toBe(1);
  const fd = source.lend?.();
  expect(fd).toBe(read);
  const direct = Buffer.alloc(10);
  expect(readSync(fd as number, direct)).toBe(3);
  expect(direct.toString('latin1', 0, 3)).toBe('two');
  await sink.write([Buffer.from('three')]);
  const rest = Buffer.alloc(10);
  expect(await source.read(rest)).toBe(5);
  await sink.end();
  expect(await source.read(rest)).toBe(0);
});
