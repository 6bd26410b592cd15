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
 * Gives the remote sender the names of a local file: each with a NUL, and an empty one at the end. Comments
 * are left to it.
 */
export function forwardNames(writer: Writer, content: Uint8Array, from0: boolean): void {
  const text = Buffer.from(content).toString('latin1');
  for (const name of text.split(from0 ? '\0' : /[\r\n]/)) if (name !== '') writer.string(`${name}\0`);
  writer.byte(0);
  writer.flush();
}

/** The names that the receiving side sends, up to the empty one; `thenMultiplex`: frames follow them. */
export async function* namesFromWire(reader: Reader, thenMultiplex: boolean): AsyncGenerator<ByteString> {
  for (;;) {
    const name = await reader.record(() => {
      let text = '';
      for (let byte = reader.byte(); byte !== 0; byte = reader.byte()) {
        text += String.fromCharCode(byte);
        if (text.length >= maxPath) throw protocolError('files-from name too long', ExitCode.FileIo);
      }
      return text;
    });
    if (name === '') break;
    if (!name.startsWith('#') && !name.startsWith(';')) yield name;
  }
  if (thenMultiplex) reader.startMultiplex();
}
