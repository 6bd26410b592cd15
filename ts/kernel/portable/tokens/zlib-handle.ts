import type { Transform } from 'node:stream';

/**
 * One step of a compression stream, synchronously: `write` consumes input and fills `out`, then
 * `outLeft` and `inLeft` tell what room and what input remain.
 *
 * A token stream needs the state of one stream kept over many small steps, each flushed on its own and
 * its output known before the next byte goes out. Node's public calls offer that only through the thread
 * pool, a round trip of some 50 µs each; the binding beneath its streams (which npm's own `minizlib`
 * builds on too) does it in place.
 */
export class ZlibHandle {
  private readonly stream: Transform;
  private readonly handle: Binding;
  private readonly state: Uint32Array;
  private failure: string | undefined;
  outLeft = 0;
  inLeft = 0;

  constructor(stream: Transform) {
    const parts = bindingOf(stream);
    if (parts === undefined) throw new Error('this Node has no synchronous zlib binding');
    this.stream = stream;
    this.handle = parts.handle;
    this.state = parts.state;
    this.handle.onerror = (message) => {
      this.failure = message;
    };
  }

  /** Returns what the library complained of, or `undefined`. */
  write(flush: number, { data, at, n }: Input, out: Uint8Array, outAt: number): string | undefined {
    this.failure = undefined;
    this.handle.writeSync(flush, data, at, n, out, outAt, out.length - outAt);
    this.outLeft = this.state[0];
    this.inLeft = this.state[1];
    return this.failure;
  }
  reset(): void {
    this.handle.reset();
  }
  /** Deflate only: takes effect with the next byte. */
  setLevel(level: number): void {
    this.handle.params(level, 0);
  }
  close(): void {
    this.stream.destroy();
  }
}

/** Whether the binding of such a stream can be driven directly. */
export function hasZlibHandle(open: () => Transform): boolean {
  const stream = open();
  const found = bindingOf(stream) !== undefined;
  stream.destroy();
  return found;
}

/** `data[at .. at + n)`. */
interface Input {
  readonly data: Uint8Array;
  readonly at: number;
  readonly n: number;
}

/** Of Node, whose parameters these are. */
interface Binding {
  writeSync(
    flush: number,
    data: Uint8Array,
    at: number,
    n: number,
    out: Uint8Array,
    outAt: number,
    outLength: number,
  ): void;
  reset(): void;
  params(level: number, strategy: number): void;
  onerror: (message: string, errno: number, code: string) => void;
}

function bindingOf(stream: Transform): { handle: Binding; state: Uint32Array } | undefined {
  const { _handle: handle, _writeState: state } = stream as unknown as {
    _handle?: Binding;
    _writeState?: unknown;
  };
  if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) return undefined;
  return { handle, state };
}
