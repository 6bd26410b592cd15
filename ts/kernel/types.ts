/** What all parts of a kernel's interface speak of. */

/** One char a byte (latin1). */
export type ByteString = string;

/** Strong checksums. `md4-old` is MD4 with the seed rules of protocols below 30; `none` is one zero byte. */
export type DigestName =
  | 'xxh128'
  | 'xxh3'
  | 'xxh64'
  | 'md5'
  | 'md4'
  | 'md4-old'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'none';

/** A negotiated strong checksum, with what makes its block sums differ from session to session. */
export interface DigestSpec {
  readonly name: DigestName;
  /** The session's checksum seed; 0 means none. A signed 32-bit number as on the wire. */
  readonly seed: number;
  /** Seed before the data in MD5 block sums (compat flag CHKSUM_SEED_FIX, or MD5 by name); else after it. */
  readonly seedFirst: boolean;
}

/** Bytes of a full digest. */
export const digestLength: Readonly<Record<DigestName, number>> = {
  xxh128: 16,
  xxh3: 8,
  xxh64: 8,
  md5: 16,
  md4: 16,
  'md4-old': 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  none: 1,
};

/** Metadata to put on a path. Absent fields are left as they are. */
export interface Meta {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly mtimeNsec?: number;
  readonly atime?: number;
  readonly atimeNsec?: number;
}

/** A held directory, as tables and batches name it; `Tree` is what can be done with one. */
export interface HeldTree {
  /** As it was given to `Kernel.openTree`. */
  readonly path: ByteString;
}
