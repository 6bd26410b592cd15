/** Bytes on their way to the wire: filled at the end, emptied from the start. */
export class ByteQueue {
  private bytes: Buffer;
  private start = 0;
  private end = 0;

  constructor(room: number) {
    this.bytes = Buffer.allocUnsafeSlow(room);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Makes room for `n` more bytes and returns where they go in `buffer`; `added` makes them count. */
  room(n: number): number {
    if (this.end + n > this.bytes.length) {
      const used = this.end - this.start;
      if (this.start >= n && this.start >= used) {
        this.bytes.copyWithin(0, this.start, this.end);
      } else {
        const grown = Buffer.allocUnsafeSlow(Math.max(used + n, this.bytes.length * 2));
        this.bytes.copy(grown, 0, this.start, this.end);
        this.bytes = grown;
      }
      this.start = 0;
      this.end = used;
    }
    return this.end;
  }
  get buffer(): Buffer {
    return this.bytes;
  }
  added(n: number): void {
    this.end += n;
  }

  byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
    this.end++;
  }
  int(value: number): void {
    const at = this.room(4);
    this.bytes.writeInt32LE(value, at);
    this.end += 4;
  }
  copy(data: Uint8Array, from: number, to: number): void {
    const at = this.room(to - from);
    this.bytes.set(data.subarray(from, to), at);
    this.end += to - from;
  }

  /** Moves as much as fits into `into`; returns how much that was. */
  take(into: Uint8Array): number {
    const n = Math.min(into.length, this.end - this.start);
    into.set(this.bytes.subarray(this.start, this.start + n));
    this.start += n;
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    }
    return n;
  }
}
