/**
 * Small files on their way to the disk, packed for one `receiveMany` call.
 *
 * `records` holds one record a file, little-endian:
 *   u32 flags (see `ReceiveFlag`) | u32 mode | u32 uid | u32 gid | f64 mtime | u32 mtime ns
 *   i32 source fd (-1: inline data) | u32 data offset | u32 digest offset | f64 size
 *   u16 path length | u16 temporary path length | u32 zero | path | temporary path | padding to 8
 * `data` holds the contents and the senders' digests that the records point to. With a source fd the
 * kernel copies `size` bytes from it and closes it; there is no digest then.
 */
import type { ByteString, DigestSpec, Meta } from './kernel.ts';

export const ReceiveFlag = { Mode: 1, Uid: 2, Gid: 4, Mtime: 8, Sparse: 16, Fsync: 32, Verify: 64 } as const;

export const receiveRecordBytes = 56;

export class ReceiveBatch {
  readonly digest: DigestSpec;
  records: Buffer;
  recordBytes = 0;
  data: Buffer;
  dataBytes = 0;
  count = 0;

  constructor(digest: DigestSpec) {
    this.digest = digest;
    this.records = Buffer.allocUnsafeSlow(32 * 1024);
    this.data = Buffer.allocUnsafeSlow(512 * 1024);
  }

  /** Makes room for `bytes` of content or digest and returns where they go; fill `data` from there. */
  reserve(bytes: number): number {
    const at = this.dataBytes;
    const need = at + bytes;
    if (need > this.data.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(need, this.data.length * 2));
      this.data.copy(grown, 0, 0, at);
      this.data = grown;
    }
    this.dataBytes = need;
    return at;
  }

  /** Adds a file whose content and digest were reserved before (`digestAt` < 0: not verified). */
  add(
    path: ByteString,
    temporary: ByteString,
    meta: Meta,
    flags: number,
    source: { dataAt: number; digestAt: number; size: number; fd: number },
  ): void {
    const need = receiveRecordBytes + path.length + temporary.length + 8;
    if (this.recordBytes + need > this.records.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.recordBytes + need, this.records.length * 2));
      this.records.copy(grown, 0, 0, this.recordBytes);
      this.records = grown;
    }
    const r = this.records;
    const at = this.recordBytes;
    if (meta.mode !== undefined) flags |= ReceiveFlag.Mode;
    if (meta.uid !== undefined) flags |= ReceiveFlag.Uid;
    if (meta.gid !== undefined) flags |= ReceiveFlag.Gid;
    if (meta.mtime !== undefined) flags |= ReceiveFlag.Mtime;
    if (source.digestAt >= 0) flags |= ReceiveFlag.Verify;
    r.writeUInt32LE(flags, at);
    r.writeUInt32LE(meta.mode ?? 0, at + 4);
    r.writeUInt32LE(meta.uid ?? 0, at + 8);
    r.writeUInt32LE(meta.gid ?? 0, at + 12);
    r.writeDoubleLE(meta.mtime ?? 0, at + 16);
    r.writeUInt32LE(meta.mtimeNsec ?? 0, at + 24);
    r.writeInt32LE(source.fd, at + 28);
    r.writeUInt32LE(source.dataAt, at + 32);
    r.writeUInt32LE(Math.max(source.digestAt, 0), at + 36);
    r.writeDoubleLE(source.size, at + 40);
    r.writeUInt16LE(path.length, at + 48);
    r.writeUInt16LE(temporary.length, at + 50);
    r.writeUInt32LE(0, at + 52);
    r.write(path, at + 56, 'latin1');
    r.write(temporary, at + 56 + path.length, 'latin1');
    this.recordBytes = (at + 56 + path.length + temporary.length + 7) & ~7;
    this.count++;
  }

  clear(): void {
    this.recordBytes = 0;
    this.dataBytes = 0;
    this.count = 0;
  }
}
