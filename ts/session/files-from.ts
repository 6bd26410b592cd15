import { ExitCode, protocolError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { maxPath } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** The names in a --files-from file: lines without comments, or (-0) what NULs separate. */
export function* fileNames(content: Uint8Array, from0: boolean): Generator<ByteString> {
  const text = Buffer.from(content).toString('latin1');
  for (const name of text.split(from0 ? '\0' : /[\r\n]/)) {
    if (name === '') continue;
    if (!from0 && (name.startsWith('#') || name.startsWith(';'))) continue;
    yield name;
  }
}

/**
 * Gives the other end, which sends, the names of a file here: each with a NUL, and an empty one at the end.
 * Below protocol 31 they are no part of the frames around them.
 */
export function forwardNames(writer: Writer, content: Uint8Array, from0: boolean, protocol: number): void {
  const framed = writer.isMultiplexed;
  if (protocol < 31) writer.stopMultiplex();
  const text = Buffer.from(content).toString('latin1');
  for (const name of text.split(from0 ? '\0' : /[\r\n]/)) if (name !== '') writer.string(`${name}\0`);
  writer.byte(0);
  writer.flush();
  if (framed && protocol < 31) writer.startMultiplex();
}

/** The names that the receiving end sends, up to the empty one. */
export async function* namesFromWire(reader: Reader, protocol: number): AsyncGenerator<ByteString> {
  const framed = reader.isMultiplexed;
  if (protocol < 31) reader.stopMultiplex();
  for (;;) {
    const name = await reader.record(() => decodeName(reader));
    if (name === '') break;
    yield name;
  }
  if (framed && protocol < 31) reader.startMultiplex();
}

function decodeName(reader: Reader): ByteString {
  let name = '';
  for (let byte = reader.byte(); byte !== 0; byte = reader.byte()) {
    name += String.fromCharCode(byte);
    if (name.length >= maxPath) throw protocolError('files-from name too long', ExitCode.FileIo);
  }
  return name;
}
