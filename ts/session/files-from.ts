import type { ByteString } from '../kernel/kernel.ts';
import type { WireCharset } from '../wire/charset.ts';
import { maxPath } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** The names in a --files-from file that is read where it is used: lines, or (-0) what NULs separate, without comments. */
export function* fileNames(content: Uint8Array, from0: boolean): Generator<ByteString> {
  for (const name of forwardedNames(content, from0)) if (!/^[#;]/.test(name)) yield name;
}

/** As `fileNames`, for a file that the other end is given: to it nothing is a comment. */
export function* forwardedNames(content: Uint8Array, from0: boolean): Generator<ByteString> {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const separator = from0 ? /[^\0]+/g : /[^\r\n]+/g;
  for (const [name] of text.matchAll(separator)) yield name.slice(0, maxPath - 1);
}

/**
 * Gives the other end, which sends, names that are known here: each with a NUL, and an empty one at the end. `charset`:
 * with --iconv, where the arguments are converted too.
 * Below protocol 31 they are no part of the frames around them.
 */
export function forwardNames(
  writer: Writer,
  names: Iterable<ByteString>,
  protocol: number,
  charset: WireCharset | undefined,
): void {
  const framed = writer.isMultiplexed;
  if (protocol < 31) writer.stopMultiplex();
  for (const name of names) writer.string(`${charset?.textToWire(name) ?? name}\0`);
  writer.byte(0);
  writer.flush();
  if (framed && protocol < 31) writer.startMultiplex();
}

/** The names that the receiving end sends, up to the empty one. */
export async function* namesFromWire(
  reader: Reader,
  protocol: number,
  charset: WireCharset | undefined,
): AsyncGenerator<ByteString> {
  const framed = reader.isMultiplexed;
  if (protocol < 31) reader.stopMultiplex();
  for (;;) {
    const name = await reader.record(() => decodeName(reader));
    if (name === '') break;
    yield charset?.textFromWire(name) ?? name;
  }
  if (framed && protocol < 31) reader.startMultiplex();
}

function decodeName(reader: Reader): ByteString {
  let name = '';
  // What is beyond the longest path is no part of the name, but has to be passed over.
  for (let byte = reader.byte(); byte !== 0; byte = reader.byte())
    if (name.length < maxPath - 1) name += String.fromCharCode(byte);
  return name;
}
