import type { CodecSpec, DigestSpec } from '../kernel/kernel.ts';

/**
 * What both ends agreed on before the first file list: protocol version, compat flags, seed, checksums
 * and compression. Made by `session/handshake`; roles and codecs read it and never test a version where
 * a field here says what it means.
 */
export interface Negotiated {
  readonly protocol: number;
  /** The file list comes in segments, a directory each, while files are already on their way. */
  readonly incRecurse: boolean;
  /** File list ends carry an I/O error (safe file list). */
  readonly safeFlist: boolean;
  /** The receiver can set the times of symbolic links. */
  readonly symlinkTimes: boolean;
  /** --iconv converts the targets of symbolic links, too. */
  readonly convertsTargets: boolean;
  /** Entry flags are one varint instead of one or two bytes. */
  readonly varintFlistFlags: boolean;
  /** The names of uid 0 and gid 0 are sent. */
  readonly id0Names: boolean;
  /** A partial-dir basis may be updated in place. */
  readonly inplacePartialDir: boolean;
  /** Attributes of a hard link that is made here are not asked for: its other name has them. */
  readonly xattrOptim: boolean;
  /** The compat flags as they are on the wire; 0 below protocol 30. */
  readonly compatFlags: number;
  readonly checksumSeed: number;
  /** Block sums and whole-file digest of a transfer. */
  readonly transferDigest: DigestSpec;
  /** The digest of `--checksum` in the file list. */
  readonly fileDigest: DigestSpec;
  readonly codec: CodecSpec;
}
