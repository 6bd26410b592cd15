import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { longestWhole, type XattrList, xattrSumBytes } from '../metadata/xattrs.ts';
import { longestXattrList, longestXattrName, longestXattrValue, mostXattrs } from '../wire/limits.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/**
 * Writes attributes in full: 0 for "not sent before", their count, and of each the length of its name with a NUL, the
 * length of its value, the name, and the value or, of a long one, its sum.
 */
export function writeXattrs(writer: Writer, list: XattrList, toldAs: (name: ByteString) => ByteString): void {
  writer.varint(0);
  writer.varint(list.length);
  for (const { name, length, value, sum } of list) {
    const told = toldAs(name);
    writer.varint(told.length + 1);
    writer.varint(length);
    writer.string(told);
    writer.byte(0);
    writer.bytes((sum ?? value) as Uint8Array);
  }
}

/** An attribute as it came. */
export interface SentXattr {
  readonly name: ByteString;
  readonly length: number;
  readonly value: Uint8Array | undefined;
  readonly sum: Uint8Array | undefined;
}

/** Reads attributes, or the place of ones that came before; inside `Reader.record`. `path`: for messages. */
export function readXattrList(reader: Reader, known: number, path: () => ByteString): SentXattr[] | number {
  const ndx = reader.varint();
  if (ndx < 0 || ndx > known)
    throw new RsyncError(ExitCode.StreamIo, `receive_xattr: xa index ${ndx} out of range for ${path()}`);
  if (ndx > 0) return ndx - 1;
  const count = ranged(reader.varint(), mostXattrs, 'xattr count');
  const list: SentXattr[] = [];
  let total = 0;
  for (let k = 0; k < count; k++) {
    const nameLength = ranged(reader.varint(), longestXattrName, 'xattr name_len');
    const length = ranged(reader.varint(), 0x7fffffff, 'xattr datum_len');
    if (length > longestXattrValue) throw protocolError('xattr datum_len exceeds per-value limit [receiver]');
    total += nameLength + length;
    if (total > longestXattrList) throw protocolError('xattr list exceeds per-file limit [receiver]');
    const name = reader.string(nameLength);
    if (name.charCodeAt(nameLength - 1) !== 0)
      throw new RsyncError(ExitCode.FileIo, 'Invalid xattr name received (missing trailing \\0).');
    const isLong = length > longestWhole;
    const bytes = new Uint8Array(isLong ? xattrSumBytes : length);
    reader.copy(bytes, 0, bytes.length);
    list.push({
      name: name.slice(0, name.indexOf('\0')),
      length,
      value: isLong ? undefined : bytes,
      sum: isLong ? bytes : undefined,
    });
  }
  return list;
}

function ranged(value: number, most: number, what: string): number {
  if (value < 0 || value > most)
    throw protocolError(`wire value ${what} out of range: ${value} not in [0,${most}] [receiver]`);
  return value;
}
