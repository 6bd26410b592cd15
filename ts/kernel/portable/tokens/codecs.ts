import { createDeflateRaw } from 'node:zlib';
import { ExitCode, RsyncError } from '../../../errors.ts';
import type { CodecSpec, CompressName, TokenDecoder, TokenEncoder } from '../../kernel.ts';
import { PlainDecoder, type PortableDecoder, RecordDecoder } from './decoder.ts';
import { openDeflate, openInflate } from './deflate.ts';
import { type PortableEncoder, plainEncoder, RecordEncoder } from './encoder.ts';
import { openLz4, openUnlz4 } from './lz4.ts';
import { hasZlibHandle } from './zlib-handle.ts';
import { openUnzstd, openZstd, openZstdStream } from './zstd.ts';

/** The compressions that this Node can do, best first. */
export function availableCompressions(): CompressName[] {
  const names: CompressName[] = [];
  if (openZstdStream !== undefined && hasZlibHandle(openZstdStream)) names.push('zstd');
  names.push('lz4');
  if (hasZlibHandle(() => createDeflateRaw())) names.push('zlibx', 'zlib');
  names.push('none');
  return names;
}

/** Throws `RsyncError` (unsupported) for a compression that this Node lacks. */
export function openEncoder(spec: CodecSpec): PortableEncoder {
  switch (spec.name) {
    case 'none':
      return plainEncoder(spec);
    case 'zlib':
    case 'zlibx':
      return new RecordEncoder(spec, openDeflate(spec.level, spec.name === 'zlib'));
    case 'zstd':
      return new RecordEncoder(spec, openZstd(spec.level, spec.threads));
    case 'lz4':
      return new RecordEncoder(spec, openLz4());
    default:
      throw unknown(spec.name);
  }
}

/** Throws `RsyncError` (unsupported) for a compression that this Node lacks. */
export function openDecoder(spec: CodecSpec): PortableDecoder {
  switch (spec.name) {
    case 'none':
      return new PlainDecoder(spec);
    case 'zlib':
    case 'zlibx':
      return new RecordDecoder(spec, openInflate(spec.name === 'zlib'));
    case 'zstd':
      return new RecordDecoder(spec, openUnzstd());
    case 'lz4':
      return new RecordDecoder(spec, openUnlz4());
    default:
      throw unknown(spec.name);
  }
}

/** The portable kernel's own encoder behind the handle that the session holds. */
export function asPortableEncoder(handle: TokenEncoder): PortableEncoder {
  if (!('begin' in handle && 'send' in handle)) throw new TypeError('an encoder of another kernel');
  return handle as PortableEncoder;
}
/** The portable kernel's own decoder behind the handle that the session holds. */
export function asPortableDecoder(handle: TokenDecoder): PortableDecoder {
  if (!('begin' in handle && 'next' in handle)) throw new TypeError('a decoder of another kernel');
  return handle as PortableDecoder;
}

function unknown(name: never): RsyncError {
  return new RsyncError(ExitCode.Unsupported, `unknown compress name: ${name}`);
}
