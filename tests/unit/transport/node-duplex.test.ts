/** A Node stream as a wire: what it takes, gives, and fails with. */
import { connect } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { dropStream, faultOf, nodeDuplex } from '../../../ts/transport/node-duplex.ts';

/** A stream whose far side is the test: what was written, and when it is taken. */
function hand() {
  const written: Uint8Array[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _, done) {
      written.push(chunk);
      waiting.push(done);
    },
  });
  return { stream, written, take: () => waiting.shift()?.() };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('input', () => {
  it('is taken no further than it is asked for', async () => {
    const { stream } = hand();
    const { source } = nodeDuplex(stream);
    stream.push(Buffer.from('0123456789'));
    const into = Buffer.alloc(4);
    expect(await source.read(into)).toBe(4);
    expect(into.toString()).toBe('0123');
    expect(stream.readableLength).toBe(6);
    expect(source.lend).toBeUndefined();
  });

  it('ends with the stream, behind all that came', async () => {
    const { stream } = hand();
    const { source } = nodeDuplex(stream);
    stream.push('ab');
    stream.push(null);
    const into = Buffer.alloc(8);
    expect([await source.read(into), await source.read(into), await source.read(into)]).toEqual([2, 0, 0]);
  });

  it.each([
    ['a system error', { code: 'ECONNRESET', errno: -104 }, 'read error: Connection reset by peer (104)'],
    ['one without its number', { code: 'ETIMEDOUT' }, 'read error: Connection timed out (110)'],
    ['another error', { code: 'ERR_X' }, 'read error: no luck'],
  ])('fails with %s', async (_, fields, words) => {
    const { stream } = hand();
    const { source } = nodeDuplex(stream);
    const reading = source.read(Buffer.alloc(1));
    const cause = Object.assign(new Error('no luck'), fields);
    stream.destroy(cause);
    await expect(reading).rejects.toMatchObject({ exitCode: 10, message: words, cause });
    await expect(source.read(Buffer.alloc(1))).rejects.toThrow(words);
  });

  it('is over when it is dropped, also where the stream never closes', async () => {
    const stream = new Duplex({ read() {}, write() {}, destroy() {} });
    const duplex = nodeDuplex(stream);
    const reading = duplex.source.read(Buffer.alloc(1));
    const writing = expect(duplex.sink.write([Buffer.from('a')])).rejects.toThrow('Broken pipe');
    duplex.destroy();
    duplex.destroy();
    expect(await reading).toBe(0);
    await writing;
  });
});

describe('output', () => {
  it("is taken piece by piece, and is the caller's again when all has been", async () => {
    const { stream, written, take } = hand();
    const { sink } = nodeDuplex(stream);
    const bytes = Buffer.alloc(100_000, 'x');
    let done = false;
    const writing = sink.write([Buffer.from('head'), bytes]).then(() => {
      done = true;
    });
    const left: number[] = [];
    while (!done) {
      left.push(sink.unsent());
      take();
      await soon();
    }
    await writing;
    expect(left.length).toBeGreaterThan(3);
    expect(left).toEqual(left.toSorted((a, b) => b - a));
    expect(sink.unsent()).toBe(0);
    bytes.fill('y');
    expect(Buffer.concat(written).toString()).toBe(`head${'x'.repeat(100_000)}`);
    expect(sink.lend).toBeUndefined();
  });

  it('fails with what the stream fails with, and afterwards too', async () => {
    const { stream } = hand();
    const { sink } = nodeDuplex(stream);
    const writing = sink.write([Buffer.from('a')]);
    stream.destroy(new Error('no luck'));
    await expect(writing).rejects.toMatchObject({ exitCode: 10, message: 'write error: no luck' });
    await expect(sink.write([Buffer.from('b')])).rejects.toThrow('no luck');
    await sink.end();
  });

  it('is a broken pipe where somebody closed the stream', async () => {
    for (const close of [(s: Duplex) => s.destroy(), (s: Duplex) => s.end()]) {
      const { stream } = hand();
      const { sink } = nodeDuplex(stream);
      close(stream);
      await expect(sink.write([Buffer.from('a')])).rejects.toThrow('write error: Broken pipe (32)');
    }
  });

  it('ends one half alone', async () => {
    const { stream } = hand();
    const { source, sink } = nodeDuplex(stream);
    await sink.end();
    await sink.end();
    stream.push('still');
    const into = Buffer.alloc(8);
    expect(await source.read(into)).toBe(5);
  });
});

describe('what is no wire', () => {
  const rows: readonly [string, () => unknown, RegExp, boolean][] = [
    ['nothing', () => undefined, /no duplex/, false],
    ['text', () => 'ssh', /no duplex/, false],
    ['one direction', () => new Readable({ read() {} }), /no duplex/, false],
    ['one half of two', () => Duplex.from(new Readable({ read() {} })), /one way/, true],
    ['objects', () => new PassThrough({ objectMode: true }), /object mode/, false],
    ['objects one way', () => new PassThrough({ writableObjectMode: true }), /object mode/, false],
    ['text out of it', () => new PassThrough().setEncoding('utf8'), /gives text/, false],
    ['an end', () => new PassThrough().end(), /ended/, true],
    ['what was destroyed', () => new PassThrough().destroy(), /destroyed/, true],
  ];
  it.each(rows)('%s', (_, make, words, over) => {
    expect(faultOf(make())).toMatchObject({ what: expect.stringMatching(words), over });
  });

  it('is not a socket that is still being connected', () => {
    const socket = connect({ port: 1, host: '127.0.0.1' });
    expect(faultOf(socket)).toBeUndefined();
    dropStream(socket);
    dropStream(undefined);
    dropStream('x');
  });
});
