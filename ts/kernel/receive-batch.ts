/**
 * Small files on their way to the disk, packed for one `receiveMany` call.
 *
 * `records` holds one record a file, little-endian:
 *   u32 flags (see `ReceiveFlag`) | u32 mode | u32 uid | u32 gid | f64 mtime | u32 mtime ns
 *   u32 data offset | u32 digest offset | u32 size | u16 path length | u16 temporary path length
 *   u16 source path length | u16 index of the source's tree | f64 atime | path | temporary path | source path | padding to 8
 * `data` holds the contents and the senders' digests that the records point to. A record with a source path
 * is a copy of that file, as large as it is then; there is no digest.
 */
import type { ByteString, DigestSpec, HeldTree, Meta } from './types.ts';

/**
 * `KeepPart`: the temporary file stays when it cannot be written to its end, or the tree is interrupted. `InPlace`: a new file
 * is written under its own name, which is given as the temporary one, too. `Hold`: the caller gives the temporary file its
 * attributes and its name; `HoldAcl`, `HoldXattrs`: where the system gave it an access ACL, or attributes of any name;
 * `HoldThere`: where something has its name already.
 */
export const ReceiveFlag = {
  Mode: 1,
  Uid: 2,
  Gid: 4,
  Mtime: 8,
  Sparse: 16,
  Fsync: 32,
  Verify: 64,
  KeepPart: 128,
  InPlace: 256,
  Hold: 512,
  HoldAcl: 1024,
  HoldXattrs: 2048,
  HoldThere: 4096,
  Atime: 8192,
} as const;

export const receiveRecordBytes = 56;

/** A file of another tree of this process. */
export interface CopySource {
  readonly tree: HeldTree;
  readonly path: ByteString;
}

/** Content that lies in `data` of the batch; `digestAt` < 0: not verified. */
export interface InlineContent {
  readonly dataAt: number;
  readonly digestAt: number;
  readonly size: number;
}

export class ReceiveBatch {
  readonly digest: DigestSpec;
  records: Buffer;
  private view: DataView;
  recordBytes = 0;
  data: Buffer;
  dataBytes = 0;
  count = 0;
  /** The trees that source paths are below. */
  readonly sources: HeldTree[] = [];

  constructor(digest: DigestSpec) {
    this.digest = digest;
    this.records = Buffer.allocUnsafeSlow(32 * 1024);
    this.view = new DataView(this.records.buffer);
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

  /** Adds a file whose content and digest were reserved before. */
  add(path: ByteString, temporary: ByteString, meta: Meta, flags: number, content: InlineContent): void {
    const at = this.begin(
      path,
      temporary,
      '',
      meta,
      content.digestAt < 0 ? flags : flags | ReceiveFlag.Verify,
    );
    const { view } = this;
    view.setUint32(at + 28, content.dataAt, true);
    view.setUint32(at + 32, Math.max(content.digestAt, 0), true);
    view.setUint32(at + 36, content.size, true);
    view.setUint16(at + 46, 0, true);
  }

  /** Adds a file that is to be a copy. */
  addCopy(path: ByteString, temporary: ByteString, meta: Meta, flags: number, source: CopySource): void {
    const at = this.begin(path, temporary, source.path, meta, flags);
    const { view } = this;
    view.setUint32(at + 28, 0, true);
    view.setUint32(at + 32, 0, true);
    view.setUint32(at + 36, 0, true);
    view.setUint16(at + 46, this.sourceIndex(source.tree), true);
  }

  clear(): void {
    this.recordBytes = 0;
    this.dataBytes = 0;
    this.count = 0;
    this.sources.length = 0;
  }

  /** Writes what all records have, and returns where the record starts. */
  private begin(
    path: ByteString,
    temporary: ByteString,
    source: ByteString,
    meta: Meta,
    flags: number,
  ): number {
    const textBytes = path.length + temporary.length + source.length;
    const at = this.recordBytes;
    this.grow(at + receiveRecordBytes + textBytes + 8);
    const { view } = this;
    if (meta.mode !== undefined) flags |= ReceiveFlag.Mode;
    if (meta.uid !== undefined) flags |= ReceiveFlag.Uid;
    if (meta.gid !== undefined) flags |= ReceiveFlag.Gid;
    if (meta.mtime !== undefined) flags |= ReceiveFlag.Mtime;
    if (meta.atime !== undefined) flags |= ReceiveFlag.Atime;
    view.setUint32(at, flags, true);
    view.setUint32(at + 4, meta.mode ?? 0, true);
    view.setUint32(at + 8, meta.uid ?? 0, true);
    view.setUint32(at + 12, meta.gid ?? 0, true);
    view.setFloat64(at + 16, meta.mtime ?? 0, true);
    view.setUint32(at + 24, meta.mtimeNsec ?? 0, true);
    view.setUint16(at + 40, path.length, true);
    view.setUint16(at + 42, temporary.length, true);
    view.setUint16(at + 44, source.length, true);
    view.setFloat64(at + 48, meta.atime ?? 0, true);
    this.records.write(path + temporary + source, at + receiveRecordBytes, 'latin1');
    this.recordBytes = (at + receiveRecordBytes + textBytes + 7) & ~7;
    this.count++;
    return at;
  }

  private grow(need: number): void {
    if (need <= this.records.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.records.length * 2));
    this.records.copy(grown, 0, 0, this.recordBytes);
    this.records = grown;
    this.view = new DataView(grown.buffer);
  }

  private sourceIndex(tree: HeldTree): number {
    const { sources } = this;
    const last = sources.length - 1;
    if (last >= 0 && sources[last] === tree) return last;
    const known = sources.indexOf(tree);
    return known >= 0 ? known : sources.push(tree) - 1;
  }
}
