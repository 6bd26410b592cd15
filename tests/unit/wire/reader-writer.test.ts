import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RsyncError } from '../../../ts/errors.ts';
import { BasisType, Item, Msg, ndxDone, ndxFlistEof, ndxFlistOffset } from '../../../ts/wire/constants.ts';
import { decodeItem, newItemHeader, writeItem } from '../../../ts/wire/item.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import type { Sink, Source } from '../../../ts/wire/source-sink.ts';
import { Writer } from '../../../ts/wire/writer.ts';

class Bytes implements Sink {
  readonly chunks: Buffer[] = [];
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.chunks.push(Buffer.from(chunk));
  }
  unsent(): number {
    return 0;
  }
  async end(): Promise<void> {}
  all(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Gives out `bytes` in pieces of at most `piece`. */
function sourceOf(bytes: Uint8Array, piece = Number.MAX_SAFE_INTEGER): Source {
  let at = 0;
  return {
    async read(into) {
      const n = Math.min(piece, into.length, bytes.length - at);
      into.set(bytes.subarray(at, at + n));
      at += n;
      return n;
    },
  };
}

function readerOf(source: Source): { reader: Reader; messages: [number, string][] } {
  const messages: [number, string][] = [];
  const reader = new Reader(source, {
    message: (tag, payload) => messages.push([tag, payload.toString('latin1')]),
    beforeWait() {},
  });
  return { reader, messages };
}

async function written(write: (writer: Writer) => void, multiplexed = false): Promise<Buffer> {
  const sink = new Bytes();
  const writer = new Writer(sink);
  if (multiplexed) writer.startMultiplex();
  write(writer);
  await writer.drain();
  return sink.all();
}

describe('integers', () => {
  it('codes varints as the protocol says', async () => {
    const hex = async (value: number) => (await written((w) => w.varint(value))).toString('hex');
    expect(await hex(0)).toBe('00');
    expect(await hex(0x7f)).toBe('7f');
    expect(await hex(0x80)).toBe('8080');
    expect(await hex(0x3fff)).toBe('bfff');
    expect(await hex(0x4000)).toBe('c00040');
    expect(await hex(-1)).toBe('f0ffffffff');
  });

  it('reads back what it writes, in whatever pieces it comes', async () => {
    const int32 = fc.integer();
    const long = fc.oneof(
      fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: -70000, max: 70000 }),
    );
    const field = fc.oneof(
      fc.record({ kind: fc.constant('int' as const), value: int32 }),
      fc.record({ kind: fc.constant('varint' as const), value: int32 }),
      fc.record({ kind: fc.constant('longint' as const), value: long }),
      fc.record({ kind: fc.constant('varlong3' as const), value: long }),
      fc.record({ kind: fc.constant('varlong4' as const), value: long }),
      fc.record({ kind: fc.constant('byte' as const), value: fc.integer({ min: 0, max: 255 }) }),
      fc.record({ kind: fc.constant('short' as const), value: fc.integer({ min: 0, max: 65535 }) }),
      fc.record({
        kind: fc.constant('ndx' as const),
        value: fc.oneof(
          fc.integer({ min: 0, max: 0x7fffffff }),
          fc.constantFrom(ndxDone, ndxFlistEof, ndxFlistOffset, ndxFlistOffset - 40000),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(field, { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (fields, piece, multiplexed) => {
          const bytes = await written((w) => {
            for (const { kind, value } of fields) {
              if (kind === 'varlong3') w.varlong(value, 3);
              else if (kind === 'varlong4') w.varlong(value, 4);
              else w[kind](value);
            }
          }, multiplexed);
          const { reader } = readerOf(sourceOf(bytes, piece));
          if (multiplexed) reader.startMultiplex();
          for (const { kind, value } of fields) {
            const got = await reader.record(() =>
              kind === 'varlong3'
                ? reader.varlong(3)
                : kind === 'varlong4'
                  ? reader.varlong(4)
                  : reader[kind](),
            );
            expect(got).toBe(value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses an index that overflows', async () => {
    const { reader } = readerOf(sourceOf(Buffer.from('fe7fff', 'hex')));
    await reader.record(() => reader.ndx());
    const { reader: far } = readerOf(sourceOf(Buffer.from('feffffffff01', 'hex')));
    await far.record(() => far.ndx());
    await expect(far.record(() => far.ndx())).rejects.toBeInstanceOf(RsyncError);
  });

  it('refuses varints that are too long', async () => {
    const { reader } = readerOf(sourceOf(Buffer.from('fcffffffffffff', 'hex')));
    await expect(reader.record(() => reader.varint())).rejects.toThrow(/Overflow/);
  });
});

describe('flush', () => {
  it('sends what is written right after the sink took the last', async () => {
    let taken!: () => void;
    const chunks: Buffer[] = [];
    const writer = new Writer({
      write(given) {
        for (const chunk of given) chunks.push(Buffer.from(chunk));
        return new Promise((resolve) => {
          taken = resolve;
        });
      },
      unsent: () => 0,
      async end() {},
    });
    writer.byte(1);
    writer.flush();
    // At each turn of the microtasks: none may find nobody to send its bytes.
    for (let after = 0; after < 8; after++) {
      taken();
      for (let k = 0; k < after; k++) await undefined;
      writer.byte(2 + after);
      writer.flush();
      await new Promise((resolve) => setImmediate(resolve));
      expect(Buffer.concat(chunks).length).toBe(2 + after);
    }
  });
});

describe('frames', () => {
  it('joins records over frames and delivers messages in between', async () => {
    const bytes = Buffer.concat([
      frame(Msg.Data, Buffer.from([1, 2])),
      frame(Msg.Info, Buffer.from('hello\n')),
      frame(Msg.Data, Buffer.alloc(0)),
      frame(Msg.Data, Buffer.from([3, 4, 9])),
    ]);
    for (const piece of [1, 3, 100]) {
      const { reader, messages } = readerOf(sourceOf(bytes, piece));
      reader.startMultiplex();
      expect(await reader.record(() => reader.int())).toBe(0x04030201);
      expect(await reader.record(() => reader.byte())).toBe(9);
      expect(messages).toEqual([[Msg.Info, 'hello\n']]);
    }
  });

  it('gives bulk ranges without copying and takes part of them', async () => {
    const bytes = Buffer.concat([
      frame(Msg.Data, Buffer.from('abc')),
      frame(Msg.Data, Buffer.from('defg')),
      frame(Msg.Warning, Buffer.from('w')),
      frame(Msg.Data, Buffer.from('hi')),
    ]);
    const { reader, messages } = readerOf(sourceOf(bytes));
    reader.startMultiplex();
    const bulk = await reader.bulk();
    const parts: string[] = [];
    for (let k = 0; k < bulk.count; k++)
      parts.push(
        bulk.raw.toString('latin1', bulk.ranges[2 * k], bulk.ranges[2 * k] + bulk.ranges[2 * k + 1]),
      );
    expect(parts).toEqual(['abc', 'defg']);
    reader.took(5);
    expect(await reader.record(() => reader.string(4))).toBe('fghi');
    expect(messages).toEqual([[Msg.Warning, 'w']]);
  });

  it('passes large pieces in order with small ones', async () => {
    const large = Buffer.alloc(300_000, 7);
    const bytes = await written((w) => {
      w.int(1);
      w.bytes(large);
      w.message(Msg.Info, Buffer.from('m'));
      w.int(2);
    }, true);
    const { reader, messages } = readerOf(sourceOf(bytes, 1000));
    reader.startMultiplex();
    expect(await reader.record(() => reader.int())).toBe(1);
    const back = Buffer.alloc(large.length);
    await reader.readInto(back);
    expect(back.equals(large)).toBe(true);
    expect(await reader.record(() => reader.int())).toBe(2);
    expect(messages).toEqual([[Msg.Info, 'm']]);
  });

  it('grows for a message larger than its buffer, and fails on a tag below the base', async () => {
    const { reader, messages } = readerOf(
      sourceOf(
        Buffer.concat([frame(Msg.Info, Buffer.alloc(1_500_000, 0x61)), frame(Msg.Data, Buffer.from([5]))]),
        70_000,
      ),
    );
    reader.startMultiplex();
    expect(await reader.record(() => reader.byte())).toBe(5);
    expect(messages[0][1].length).toBe(1_500_000);
    const { reader: bad } = readerOf(sourceOf(Buffer.from([1, 0, 0, 3, 9])));
    bad.startMultiplex();
    await expect(bad.record(() => bad.byte())).rejects.toMatchObject({ exitCode: 12 });
  });

  it('says how much came when the peer goes', async () => {
    const { reader } = readerOf(sourceOf(Buffer.from([1, 2])));
    await expect(reader.record(() => reader.int())).rejects.toMatchObject({
      exitCode: 12,
      message: expect.stringContaining('2 bytes received so far'),
    });
  });
});

describe('what shows that the peer takes something', () => {
  /** A sink whose peer takes what the test says. */
  function slow() {
    let left = 0;
    let done: () => void = () => {};
    const sink: Sink = {
      write(chunks) {
        for (const chunk of chunks) left += chunk.length;
        return new Promise((resolve) => {
          done = resolve;
        });
      },
      unsent: () => left,
      async end() {},
    };
    const take = (bytes: number) => {
      left -= bytes;
      if (left === 0) done();
    };
    return { writer: new Writer(sink), take };
  }

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is that bytes leave, not that they were written', async () => {
    const { writer, take } = slow();
    const start = Date.now();
    writer.startMultiplex();
    vi.advanceTimersByTime(1000);
    writer.bytes(Buffer.alloc(100_000));
    writer.flush();
    expect(writer.waitingSince).toBe(start + 1000);
    for (const second of [2, 3]) {
      vi.advanceTimersByTime(1000);
      expect(writer.lastOutput).toBe(start + (second - 2) * 1000 + (second === 2 ? 0 : 1000));
      take(10_000);
      expect(writer.lastOutput).toBe(start + second * 1000);
    }
    vi.advanceTimersByTime(5000);
    expect(writer.lastOutput).toBe(start + 3000);
    expect(writer.waitingSince).toBe(start + 1000);
    take(80_004);
    await writer.drain();
    expect(writer.lastOutput).toBe(start + 8000);
    expect(writer.waitingSince).toBeUndefined();
  });

  it('is no keep-alive', async () => {
    const { writer, take } = slow();
    const start = Date.now();
    expect(writer.keepAlive()).toBe(false);
    writer.startMultiplex();
    vi.advanceTimersByTime(1000);
    expect(writer.keepAlive()).toBe(true);
    expect(writer.keepAlive(), 'the first one is still there').toBe(false);
    take(4);
    await writer.drain();
    expect(writer.lastOutput).toBe(start);
    writer.byte(7);
    vi.advanceTimersByTime(1000);
    expect(writer.keepAlive(), 'what waits to be sent does as well').toBe(true);
    take(5);
    await writer.drain();
    expect(writer.lastOutput).toBe(start + 2000);
    expect(writer.bytesWritten).toBe(9);
  });

  it('is what a job says of the wire that is lent to it', async () => {
    const sink = new Bytes();
    const writer = new Writer(Object.assign(sink, { lend: () => 7 }));
    writer.startMultiplex();
    const start = Date.now();
    let pumped = 500;
    let finish: () => void = () => {};
    const lent = writer.lend(
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ done: true, errno: 0, bytesWritten: 200 });
        }),
      () => pumped,
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(writer.lastOutput).toBe(start);
    pumped += 200;
    expect(writer.lastOutput).toBe(start + 1000);
    expect(writer.keepAlive()).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(writer.lastOutput).toBe(start + 1000);
    finish();
    await lent;
    expect(writer.lastOutput).toBe(start + 2000);
    expect(writer.bytesWritten).toBe(200);
  });

  it('holds back what is held, and says that we are alive all the same', async () => {
    const sink = new Bytes();
    const writer = new Writer(sink);
    writer.startMultiplex();
    writer.hold();
    writer.byte(7);
    expect(writer.keepAlive()).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(sink.all()).toEqual(frame(Msg.Data, Buffer.alloc(0)));
    writer.messageAhead(Msg.Info, Buffer.from('x'));
    writer.release();
    await writer.drain();
    const [, ...rest] = sink.chunks;
    expect(Buffer.concat(rest)).toEqual(
      Buffer.concat([frame(Msg.Info, Buffer.from('x')), frame(Msg.Data, Buffer.from([7]))]),
    );
  });
});

it('fails with the reason that was given, not with what comes of the broken sink', async () => {
  let breakSink: () => void = () => {};
  const writer = new Writer({
    write: () =>
      new Promise((_, reject) => {
        breakSink = () => reject(new RsyncError(12, 'closed'));
      }),
    unsent: () => 1,
    end: async () => {},
  });
  writer.int(1);
  const drained = expect(writer.drain()).rejects.toThrow('timed out');
  writer.fail(new RsyncError(30, 'timed out'));
  breakSink();
  await drained;
});

it('tells a failed sink to whoever writes next', async () => {
  const writer = new Writer({
    write: () => Promise.reject(new RsyncError(12, 'gone')),
    unsent: () => 0,
    end: async () => {},
  });
  writer.int(1);
  await expect(writer.drain()).rejects.toThrow('gone');
});

function frame(tag: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE((((7 + tag) << 24) | payload.length) >>> 0);
  return Buffer.concat([header, payload]);
}

describe('buffers', () => {
  /** Writes three megabytes of numbers to a sink that takes its time, and says in how many buffers they came. */
  async function sent(copies: boolean): Promise<{ buffers: number; wrong: number[] }> {
    const buffers = new Set<ArrayBufferLike>();
    const kept: Uint8Array[] = [];
    const writer = new Writer({
      copies,
      async write(chunks) {
        for (const chunk of chunks) buffers.add(chunk.buffer);
        for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
        for (const chunk of chunks) kept.push(copies ? Uint8Array.from(chunk) : chunk);
      },
      unsent: () => 0,
      async end() {},
    });
    for (let i = 0; i < 750_000; i++) {
      writer.int(i);
      if (i % 25_000 === 0) await new Promise(setImmediate);
    }
    await writer.drain();
    const all = Buffer.concat(kept);
    expect(all.length).toBe(4 * 750_000);
    const numbers = Array.from({ length: 750_000 }, (_, i) => all.readInt32LE(4 * i));
    return { buffers: buffers.size, wrong: numbers.filter((n, i) => n !== i).slice(0, 10) };
  }

  it('are written to again where the sink has copied them', async () => {
    const got = await sent(true);
    expect(got.wrong).toEqual([]);
    expect(got.buffers).toBeLessThan(36);
  });

  it('are left alone where somebody may still look at them', async () => {
    const got = await sent(false);
    expect(got.wrong).toEqual([]);
    expect(got.buffers).toBeGreaterThan(44);
  });
});

describe('a large piece', () => {
  /** When a piece that is overwritten as soon as that is allowed was free, and what of it arrived. */
  async function overwritten(copies: boolean): Promise<{ free: string[]; arrived: Buffer }> {
    const free: string[] = [];
    const kept: Uint8Array[] = [];
    const writer = new Writer({
      copies,
      async write(chunks) {
        for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
        for (const chunk of chunks) kept.push(Uint8Array.from(chunk));
      },
      unsent: () => 0,
      async end() {},
    });
    for (const name of ['a', 'b', 'c']) {
      const piece = Buffer.alloc(100_000, name);
      writer.bytes(piece);
      writer.onceSent(() => {
        free.push(`${name} after ${kept.reduce((sum, { length }) => sum + length, 0)}`);
        piece.fill('-');
      });
    }
    expect(free).toEqual([]);
    await writer.drain();
    writer.onceSent(() => free.push('at once'));
    return { free, arrived: Buffer.concat(kept) };
  }
  const all = Buffer.concat(['a', 'b', 'c'].map((name) => Buffer.alloc(100_000, name)));

  it('is free once it has been sent', async () => {
    const { free, arrived } = await overwritten(true);
    expect(arrived.equals(all)).toBe(true);
    expect(free).toEqual(['a after 100000', 'b after 300000', 'c after 300000', 'at once']);
  });

  it('is never free where the sink may still look at it', async () => {
    const { free, arrived } = await overwritten(false);
    expect(arrived.equals(all)).toBe(true);
    expect(free).toEqual([]);
  });
});

describe('a basis name', () => {
  const decoded = async (basisType: number, name: string) => {
    const bytes = new Bytes();
    const writer = new Writer(bytes);
    writer.setProtocol(31);
    const form = { protocol: 31, xattrs: false, xattrOptim: false };
    const item = {
      ...newItemHeader(),
      ndx: 1,
      iflags: Item.BasisTypeFollows | Item.XnameFollows,
      basisType,
      xname: name,
    };
    writeItem(writer, form, item);
    await writer.drain();
    const { reader } = readerOf(sourceOf(bytes.all()));
    reader.setProtocol(31);
    return (await reader.record(() => decodeItem(reader, form, newItemHeader(), false))).xname;
  };
  it('is cut to what lies inside the folder it is in', async () => {
    expect(await decoded(BasisType.Fuzzy, '../../etc/shadow')).toBe('etc/shadow');
    expect(await decoded(BasisType.Fuzzy, '/etc//./x')).toBe('etc/x');
    expect(await decoded(BasisType.Fuzzy + 1, 'a/../../b')).toBe('b');
    expect(await decoded(BasisType.Fuzzy, '..')).toBe('.');
    expect(await decoded(BasisType.Fuzzy, 'plain..name')).toBe('plain..name');
  });
  it('is left as it is where it is only shown', async () => {
    expect(await decoded(BasisType.Fname, '../leader')).toBe('../leader');
  });
});

describe('messages that overtake', () => {
  const order = async (write: (writer: Writer) => void): Promise<string> => {
    const bytes = await written(write, true);
    let found = '';
    for (let at = 0; at < bytes.length; ) {
      const header = bytes.readUInt32LE(at);
      const length = header & 0xffffff;
      const payload = bytes.toString('latin1', at + 4, at + 4 + Math.min(length, 4));
      found += `${header >>> 24 === 7 ? 'data' : 'message'} ${payload};`;
      at += 4 + length;
    }
    return found;
  };

  it('go before what was not sent, in their own order', async () => {
    const found = await order((writer) => {
      writer.string('one');
      writer.messageAhead(Msg.Info, Buffer.from('a'));
      writer.message(Msg.Info, Buffer.from('c'));
      writer.messageAhead(Msg.Info, Buffer.from('b'));
      writer.string('two');
    });
    expect(found).toBe('message a;message b;data one;message c;data two;');
  });

  it('go after what was flushed, unless it is held', async () => {
    const flushed = await order((writer) => {
      writer.string('one');
      writer.flush();
      writer.messageAhead(Msg.Info, Buffer.from('a'));
    });
    expect(flushed).toBe('data one;message a;');
    const held = await order((writer) => {
      writer.hold();
      writer.string('one');
      writer.flush();
      writer.messageAhead(Msg.Info, Buffer.from('a'));
      writer.release();
    });
    expect(held).toBe('message a;data one;');
  });

  it('stay whole and in order, however many and long they are', async () => {
    const texts = Array.from({ length: 300 }, (_, k) => `${k} ${'x'.repeat(k % 7 === 0 ? 5000 : k)}`);
    const bytes = await written((writer) => {
      writer.startMultiplex();
      texts.forEach((text, k) => {
        writer.messageAhead(Msg.Info, k % 2 === 0 ? text : Buffer.from(text));
        if (k % 50 === 0) writer.flush();
      });
    });
    const found: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at) & 0xffffff;
      found.push(bytes.toString('latin1', at + 4, at + 4 + length));
      at += 4 + length;
    }
    expect(found).toEqual(texts);
  });

  it('never come between a frame and its header, or before what has no frames', async () => {
    const found = await order((writer) => {
      writer.bytes(Buffer.alloc(200_000, 'x'));
      writer.messageAhead(Msg.Info, Buffer.from('a'));
      writer.bytes(Buffer.alloc(20_000, 'y'));
      writer.messageAhead(Msg.Info, Buffer.from('b'));
    });
    expect(found).toBe('data xxxx;message a;message b;data yyyy;');
    const plain = await written((writer) => {
      writer.string('hello');
      writer.startMultiplex();
      writer.messageAhead(Msg.Info, Buffer.from('a'));
    });
    expect(plain.toString('latin1', 0, 5)).toBe('hello');
  });
});

it('tells times by the clock that it was given', async () => {
  let time = 100;
  const clock = () => time;
  const writer = new Writer({ write: async () => {}, unsent: () => 0, end: async () => {} }, clock);
  expect(writer.lastOutput).toBe(100);
  time = 200;
  writer.byte(1);
  writer.flush();
  await writer.drain();
  expect(writer.lastOutput).toBe(200);
  let arrive: (bytes: number) => void = () => {};
  const source = { read: () => new Promise<number>((resolve) => (arrive = resolve)) };
  const reader = new Reader(source, { message() {}, beforeWait() {} }, clock);
  time = 300;
  const byte = reader.record(() => reader.byte());
  await Promise.resolve();
  expect(reader.waitingSince).toBe(300);
  time = 400;
  arrive(1);
  await byte;
  expect(reader.lastInput).toBe(400);
});
