/** Strong checksums with rsync's rules on where the seed enters (its checksum.c). */
import { createHash, type Hash } from 'node:crypto';
import { ExitCode, RsyncError } from '../../../errors.ts';
import type { DigestName, DigestSpec } from '../../kernel.ts';
import { Md4 } from './md4.ts';
import { seed64 } from './u64.ts';
import { Xxh3 } from './xxh3.ts';
import { Xxh64 } from './xxh64.ts';

/** A digest that is fed piece by piece. After `final` it is used up. */
export interface Digest {
  update(data: Uint8Array, start: number, end: number): void;
  final(): Buffer;
}

class CryptoDigest implements Digest {
  private readonly hash: Hash;
  constructor(name: string) {
    this.hash = createHash(name);
  }
  update(data: Uint8Array, start: number, end: number): void {
    if (end > start) this.hash.update(start === 0 && end === data.length ? data : data.subarray(start, end));
  }
  final(): Buffer {
    return this.hash.digest();
  }
}

const noDigest: Digest = { update() {}, final: () => Buffer.alloc(1) };

/** The digest as its standard has it, unseeded: `-c` sums, and `Kernel.digest`. */
export function openPlainDigest(name: DigestName): Digest {
  return openSeeded(name, 0);
}

/** The digest that follows a file's tokens. Only MD4 of old protocols mixes the seed into it, in front. */
export function openFileDigest(spec: DigestSpec): Digest {
  const digest = openPlainDigest(spec.name);
  if (spec.name === 'md4-old') digest.update(seedBytes(spec.seed), 0, 4);
  return digest;
}

/** The strong sum of a block, in full length. */
export function blockDigest(spec: DigestSpec, data: Uint8Array, start: number, end: number): Buffer {
  switch (spec.name) {
    case 'none':
      throw new RsyncError(ExitCode.Unsupported, 'block sums need a checksum other than "none"');
    case 'xxh64':
    case 'xxh3':
    case 'xxh128': {
      const digest = openSeeded(spec.name, spec.seed);
      digest.update(data, start, end);
      return digest.final();
    }
  }
  const digest = openPlainDigest(spec.name);
  if (spec.seed !== 0 && seedGoesFirst(spec)) digest.update(seedBytes(spec.seed), 0, 4);
  digest.update(data, start, end);
  if (spec.seed !== 0 && !seedGoesFirst(spec)) digest.update(seedBytes(spec.seed), 0, 4);
  return digest.final();
}

function seedGoesFirst(spec: DigestSpec): boolean {
  if (spec.name === 'md5') return spec.seedFirst;
  return spec.name !== 'md4' && spec.name !== 'md4-old';
}

function seedBytes(seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(seed | 0);
  return bytes;
}

function openSeeded(name: DigestName, seed: number): Digest {
  switch (name) {
    case 'xxh128':
      return new Xxh3(128, seed64(seed));
    case 'xxh3':
      return new Xxh3(64, seed64(seed));
    case 'xxh64':
      return new Xxh64(seed64(seed));
    case 'md4':
    case 'md4-old':
      return new Md4();
    case 'none':
      return noDigest;
    default:
      return new CryptoDigest(name);
  }
}
