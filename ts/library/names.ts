/** Names between a library's strings and the bytes that they are. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Name } from './events.ts';

const ascii = /^[\0-\x7f]*$/;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes a name. */
export function nameOf(bytes: ByteString): Name {
  if (ascii.test(bytes)) return { path: bytes };
  const raw = Uint8Array.from(Buffer.from(bytes, 'latin1'));
  try {
    return { path: strict.decode(raw) };
  } catch {
    return { path: lenient.decode(raw), pathBytes: raw };
  }
}

/** Text for a reader: what is not UTF-8 is U+FFFD. */
export function textOf(bytes: ByteString): string {
  return ascii.test(bytes) ? bytes : lenient.decode(Buffer.from(bytes, 'latin1'));
}

/** The bytes of what a caller names. */
export function bytesOf(name: string | number | Uint8Array): ByteString {
  if (typeof name === 'object') return Buffer.from(name).toString('latin1');
  return Buffer.from(String(name), 'utf8').toString('latin1');
}
