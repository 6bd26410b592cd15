/** Wires lent to the jobs of the native kernel, on every I/O path, with peers that are no help. */
import * as fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { IoPath } from '../../ts/kernel/io-path.ts';
import type { DigestSpec, Kernel, LentOutput, ReceiveJob, SendJob } from '../../ts/kernel/kernel.ts';
import { loadNativeKernel } from '../../ts/kernel/native.ts';
import { type FdSink, type FdSource, fdSink, fdSource } from '../../ts/transport/fd-stream.ts';
import { kernels, noise, scratch } from './lanes.ts';

const digest: DigestSpec = { name: 'xxh128', seed: 0x5eed, seedFirst: true };
const native = kernels.find(({ name }) => name === 'native');
const features = native?.report().features ?? [];
const reasons: Record<IoPath, string | undefined> = {
  plain: undefined,
  uring: features.includes('io_uring') ? undefined : 'no io_uring here',
  splice: features.includes('splice') ? undefined : 'no splice here',
};
const rows = (['plain', 'uring', 'splice'] as const).flatMap((io) =>
  (['pipe', 'socket'] as const).map((wire) => ({ io, wire, why: reasons[io] ?? '' })),
);

/** A blocking end for the test and a non-blocking one to lend. */
function openWire(
  kernel: Kernel,
  kind: 'pipe' | 'socket',
  way: 'out' | 'in',
): { peer: number; ours: number } {
  if (kind === 'socket') {
    const [ours, peer] = kernel.socketPair()!;
    return { ours, peer };
  }
  const { read, write } = kernel.pipe()!;
  return way === 'out' ? { ours: write, peer: read } : { ours: read, peer: write };
}

const readSome = (fd: number, into: Buffer, length: number) =>
  new Promise<number>((resolve, reject) =>
    fs.read(fd, into, 0, length, null, (error, n) => (error ? reject(error) : resolve(n))),
  );
const writeAll = (fd: number, bytes: Buffer) =>
  new Promise<void>((resolve, reject) =>
    fs.write(fd, bytes, 0, bytes.length, null, (error) => (error ? reject(error) : resolve())),
  );
const rest = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Rings among the descriptors; Node has some of its own. */
const rings = () =>
  fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).includes('io_uring');
    } catch {
      return false;
    }
  }).length;

const frame = (tag: number, payload: Buffer) => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE((((tag + 7) << 24) | payload.length) >>> 0);
  return Buffer.concat([header, payload]);
};

/** The payload of frames that hold data alone. */
function unframe(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const header = bytes.readUInt32LE(at);
    expect(header >>> 24).toBe(7);
    const length = header & 0xffffff;
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

describe.skipIf(native === undefined).each(rows)('$io on a $wire $why', ({ io, wire, why }) => {
  const dir = scratch();
  const data = noise(2_000_003, 77);

  function sending(): { kernel: Kernel; job: SendJob; close(): void; interrupt(): void } {
    const kernel = loadNativeKernel(io);
    fs.writeFileSync(dir.at('source'), data);
    const tree = kernel.openTree(dir.path);
    const encoder = kernel.openEncoder({ name: 'none', level: 0, threads: 0 });
    const job = tree.openSend({ path: 'source', digest, encoder });
    return {
      kernel,
      job,
      interrupt: () => tree.interrupt(),
      close() {
        job.close();
        encoder.close();
        tree.close();
      },
    };
  }

  function receiving(): { kernel: Kernel; job: ReceiveJob; close(): void; interrupt(): void } {
    const kernel = loadNativeKernel(io);
    const tree = kernel.openTree(dir.path);
    const decoder = kernel.openDecoder({ name: 'none', level: 0, threads: 0 });
    fs.rmSync(dir.at('target'), { force: true });
    const head = { blockCount: 0, blockLength: 0, remainder: 0 };
    const job = tree.openReceive({ path: 'target', ...head, digest, decoder });
    return {
      kernel,
      job,
      interrupt: () => tree.interrupt(),
      close() {
        decoder.close();
        tree.close();
      },
    };
  }

  /** The stream as a job makes it that lends nothing. */
  async function stream(): Promise<Buffer> {
    const send = sending();
    const into = Buffer.alloc(256 * 1024);
    const parts: Buffer[] = [];
    for (let n = await send.job.next(into); n > 0; n = await send.job.next(into))
      parts.push(Buffer.from(into.subarray(0, n)));
    send.close();
    return Buffer.concat(parts);
  }

  const lentTo = (end: FdSink | FdSource) => end.lend!() as number;

  async function pumpAll(job: SendJob, fd: number): Promise<LentOutput> {
    for (;;) {
      const did = await job.pump!(fd, true, 50);
      if (did.done || did.errno !== 0) return did;
    }
  }

  it.skipIf(why !== '')('sends to a peer that reads a byte, then a little, then all', async () => {
    const expected = await stream();
    const send = sending();
    const ends = openWire(send.kernel, wire, 'out');
    const sink = fdSink(ends.ours);
    const before = rings();
    let seen = 0;
    const pumped = pumpAll(send.job, lentTo(sink));
    const parts: Buffer[] = [];
    const into = Buffer.alloc(65_536);
    for (let turn = 0; unframedSize(parts) < expected.length; turn++) {
      const n = await readSome(ends.peer, into, turn < 300 ? 1 : turn < 400 ? 1000 : into.length);
      if (n === 0) break;
      parts.push(Buffer.from(into.subarray(0, n)));
      if (turn < 50) await rest();
      seen = Math.max(seen, rings() - before);
    }
    const did = await pumped;
    await sink.end();
    fs.closeSync(ends.peer);
    expect(did).toMatchObject({ done: true, errno: 0 });
    expect(unframe(Buffer.concat(parts)).equals(expected)).toBe(true);
    expect(seen > 0).toBe(io === 'uring');
    send.close();
  });

  it.skipIf(why !== '')('receives from a peer that writes a byte, then a little, then all', async () => {
    const receive = receiving();
    const ends = openWire(receive.kernel, wire, 'in');
    const source = fdSource(ends.ours);
    const payload = await stream();
    const message = frame(2, Buffer.from('a message'));
    const framed = [
      frame(0, payload.subarray(0, 100_000)),
      frame(0, Buffer.alloc(0)),
      frame(0, payload.subarray(100_000, 700_001)),
      message,
      frame(0, payload.subarray(700_001)),
      Buffer.from('what follows'),
    ];
    const bytes = Buffer.concat(framed);
    const feed = (async () => {
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const n = turn < 300 ? 1 : turn < 400 ? 1000 : 60_000;
        await writeAll(ends.peer, bytes.subarray(at, at + n));
        at += n;
        if (turn < 50) await rest();
      }
    })();
    // As the reader does: what is handed back is taken apart here, and the job goes on where it ended.
    let frameLeft = 0;
    let held = Buffer.alloc(0);
    let messages = 0;
    let read = 0;
    for (let done = false; !done; ) {
      if (held.length >= 4 && frameLeft === 0) {
        const header = held.readUInt32LE(0);
        if (header >>> 24 !== 7) {
          if (held.length < message.length) {
            const more = Buffer.alloc(message.length - held.length);
            const n = await source.read(more);
            read += n;
            held = Buffer.concat([held, more.subarray(0, n)]);
            continue;
          }
          expect(held.subarray(0, message.length).equals(message)).toBe(true);
          messages++;
          held = held.subarray(message.length);
          continue;
        }
        frameLeft = header & 0xffffff;
        held = held.subarray(4);
        continue;
      }
      if (held.length > 0 && frameLeft > 0) {
        const n = Math.min(frameLeft, held.length);
        const progress = await receive.job.push(held, Uint32Array.of(0, n), 1);
        held = held.subarray(progress.consumed);
        frameLeft -= progress.consumed;
        ({ done } = progress);
        continue;
      }
      if (held.length > 0) {
        const more = Buffer.alloc(4 - held.length);
        const n = await source.read(more);
        read += n;
        held = Buffer.concat([held, more.subarray(0, n)]);
        continue;
      }
      const fd = source.lend!();
      if (fd === undefined) {
        const more = Buffer.alloc(4096);
        const n = await source.read(more);
        read += n;
        held = more.subarray(0, n);
        continue;
      }
      const did = await receive.job.drain!(fd, frameLeft, 50);
      expect(did.errno).toBe(0);
      read += did.bytesRead;
      ({ done, frameLeft } = did);
      held = Buffer.from(did.rest);
    }
    await feed;
    const tail = Buffer.alloc(100);
    while (read < bytes.length) {
      const n = await source.read(tail);
      held = Buffer.concat([held, tail.subarray(0, n)]);
      read += n;
    }
    expect(read).toBe(bytes.length);
    expect(held.toString()).toBe('what follows');
    expect(messages).toBe(1);
    expect(receive.job.result()).toMatchObject({ verified: true, size: data.length });
    receive.job.close();
    expect(fs.readFileSync(dir.at('target')).equals(data)).toBe(true);
    source.destroy();
    fs.closeSync(ends.peer);
    receive.close();
  });

  it.skipIf(why !== '')('tells of a reader that left in the middle', async () => {
    const send = sending();
    const ends = openWire(send.kernel, wire, 'out');
    const sink = fdSink(ends.ours);
    const pumped = pumpAll(send.job, lentTo(sink));
    await readSome(ends.peer, Buffer.alloc(300_000), 300_000);
    fs.closeSync(ends.peer);
    const { done, errno } = await pumped;
    expect(done).toBe(false);
    // EPIPE, or ECONNRESET of a socket that was closed with bytes in it.
    expect([32, 104]).toContain(errno);
    sink.destroy();
    send.close();
  });

  it.skipIf(why !== '')('stops at the end of a writer that left in the middle', async () => {
    const receive = receiving();
    const ends = openWire(receive.kernel, wire, 'in');
    const source = fdSource(ends.ours);
    const fd = lentTo(source);
    const half = frame(0, (await stream()).subarray(0, 30_000));
    await writeAll(ends.peer, half);
    fs.closeSync(ends.peer);
    let read = 0;
    for (let turn = 0; turn < 3; turn++) {
      const did = await receive.job.drain!(fd, 0, 400);
      expect(did).toMatchObject({ done: false, errno: 0 });
      read += did.bytesRead;
    }
    expect(read).toBe(half.length);
    receive.job.abort();
    expect(fs.existsSync(dir.at('target'))).toBe(false);
    source.destroy();
    receive.close();
  });

  it.skipIf(why !== '')('ends when the tree is interrupted while the peer does nothing', async () => {
    const send = sending();
    const out = openWire(send.kernel, wire, 'out');
    const sink = fdSink(out.ours);
    const pumped = send.job.pump!(lentTo(sink), true, 60_000);
    const receive = receiving();
    const into = openWire(receive.kernel, wire, 'in');
    const source = fdSource(into.ours);
    const drained = receive.job.drain!(lentTo(source), 0, 60_000);
    await rest();
    send.interrupt();
    receive.interrupt();
    const reason = { status: 'rejected', reason: { exitCode: 20 } };
    expect(await Promise.allSettled([pumped, drained])).toMatchObject([reason, reason]);
    receive.job.abort();
    expect(fs.existsSync(dir.at('target'))).toBe(false);
    sink.destroy();
    source.destroy();
    fs.closeSync(out.peer);
    fs.closeSync(into.peer);
    send.close();
    receive.close();
  });

  it.skipIf(why !== '')(
    'sends a file that shrinks to its length, with a digest that cannot match',
    async () => {
      const send = sending();
      fs.truncateSync(dir.at('source'), 1_000_000);
      const ends = openWire(send.kernel, wire, 'out');
      const sink = fdSink(ends.ours);
      const pumped = pumpAll(send.job, lentTo(sink));
      const parts: Buffer[] = [];
      const into = Buffer.alloc(65_536);
      const tokens = Math.ceil(data.length / 32_768);
      while (unframedSize(parts) < data.length + 4 * tokens + 4 + 16)
        parts.push(Buffer.from(into.subarray(0, await readSome(ends.peer, into, into.length))));
      expect((await pumped).done).toBe(true);
      expect(send.job.result().readErrno).toBeGreaterThan(0);
      const got = unframe(Buffer.concat(parts));
      expect(got.subarray(-16).every((byte) => byte === 0)).toBe(true);
      await sink.end();
      fs.closeSync(ends.peer);
      send.close();
    },
  );
});

/** Payload bytes of whole and partial frames. */
function unframedSize(parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let size = 0;
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at) & 0xffffff;
    size += Math.min(length, bytes.length - at - 4);
    at += 4 + length;
  }
  return size;
}
