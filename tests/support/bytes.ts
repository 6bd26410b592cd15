/**
 * Byte strings in tests: one char a byte (latin1), as everywhere in the program.
 */

/** A file name, path or argument; no char above 0xff. */
export type ByteString = string;

/** The bytes of a byte string, for `fs` calls that must not see UTF-8. */
export function bytes(text: ByteString): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The byte string that a JS string becomes when it is written as UTF-8. */
export function utf8(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Shows a byte string in a message: printable ASCII as it is, every other byte as `\xNN`. */
export function show(text: ByteString): string {
  return text.replace(/[^\x20-\x7e]|\\/g, (c) =>
    c === '\\' ? '\\\\' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
