import { ExitCode, RsyncError } from '../errors.ts';

const pageBytes = 64 * 1024;
/** Pages of the address space that is set aside: 4 GiB. */
const mostPages = 65536;

/** What a list that does not need an engine of its own wants of WebAssembly. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => Memory;
};

/**
 * A buffer that grows where it is. An `ArrayBuffer` grows by being copied, which takes the memory of both for a
 * moment, and a list of a million entries has 48 MB of it; the memory of WebAssembly only takes more pages of
 * what was set aside for it.
 */
export class LargeBuffer {
  private readonly memory: Memory | undefined;
  private plain: ArrayBuffer;

  constructor(content: Uint8Array) {
    this.memory = setAside(content.length);
    this.plain = this.memory?.buffer ?? new ArrayBuffer(content.length);
    new Uint8Array(this.plain).set(content);
  }

  /** The buffer at `bytes` or a little more; those before are of no use any more. */
  grow(bytes: number): ArrayBuffer {
    const { memory, plain } = this;
    if (memory === undefined) {
      if (bytes <= plain.byteLength) return plain;
      this.plain = new ArrayBuffer(bytes);
      new Uint8Array(this.plain).set(new Uint8Array(plain));
      return this.plain;
    }
    const missing = pagesOf(bytes) - memory.buffer.byteLength / pageBytes;
    try {
      if (missing > 0) memory.grow(missing);
    } catch {
      throw new RsyncError(ExitCode.Malloc, 'file list has grown too large to expand');
    }
    return memory.buffer;
  }
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / pageBytes);
}

/** Undefined where the address space is limited. */
function setAside(bytes: number): Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: pagesOf(bytes), maximum: mostPages });
  } catch {
    return undefined;
  }
}
