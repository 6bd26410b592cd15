/** Strong checksums with rsync's rules on where the seed enters (its checksum.c). */
import { createHash, type Hash } from 'node:crypto';
import { ExitCode, RsyncError } from '../../../errors.ts';
import type { DigestName, DigestSpec } from '../../kernel.ts';
import { Md4 } from './md4.ts';
import type { Digest } from './types.ts';
import { seed64 } from './u64.ts';
import { Xxh3 } from './xxh3.ts';
import { Xxh64 } from './xxh64.ts';

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
  switch (name) {
    case 'xxh128':
      return new Xxh3(128, 0n);
    case 'xxh3':
      return new Xxh3(64, 0n);
    case 'xxh64':
      return new Xxh64(0n);
    case 'md4':
    case 'md4-old':
      return new Md4();
    case 'none':
      return noDigest;
    default:
      return new CryptoDigest(name);
  }
}

/** The digest that follows a file's tokens. Only MD4 of old protocols mixes the seed into it, in front. */
export function openFileDigest(spec: DigestSpec): Digest {
  const digest = openPlainDigest(spec.name);
  if (spec.name === 'md4-old') digest.update(seedBytes(spec.seed), 0, 4);
  return digest;
}

/** The strong sum of a block, in full length. */
export type BlockDigest = (data: Uint8Array, start: number, end: number) => Buffer;

/**
 * Makes what sums the blocks of a file. xxHash takes the seed as its own; elsewhere it stands before or
 * after the data, and 0 is none.
 */
export function openBlockDigest(spec: DigestSpec): BlockDigest {
  const { name } = spec;
  switch (name) {
    case 'none':
      throw new RsyncError(ExitCode.Unsupported, 'block sums need a checksum other than "none"');
    case 'xxh64':
    case 'xxh3':
    case 'xxh128': {
      const seed = seed64(spec.seed);
      const state = name === 'xxh64' ? new Xxh64(seed) : new Xxh3(name === 'xxh3' ? 64 : 128, seed);
      return (data, start, end) => {
        state.restart();
        state.update(data, start, end);
        return state.final();
      };
    }
  }
  const seed = seedBytes(spec.seed);
  const before = spec.seed !== 0 && seedGoesFirst(spec) ? seed.length : 0;
  const after = spec.seed !== 0 && !seedGoesFirst(spec) ? seed.length : 0;
  return (data, start, end) => {
    const digest = openPlainDigest(name);
    digest.update(seed, 0, before);
    digest.update(data, start, end);
    digest.update(seed, 0, after);
    return digest.final();
  };
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
