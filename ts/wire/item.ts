import { BasisType, Item, maxPath } from './constants.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * An entry of the file list as the roles talk about it: the index, what is different (item flags), which
 * basis is meant, and a name where one follows.
 */
export interface ItemHeader {
  ndx: number;
  iflags: number;
  basisType: number;
  xname: string;
}

export function newItemHeader(): ItemHeader {
  return { ndx: 0, iflags: 0, basisType: BasisType.Fname, xname: '' };
}

/**
 * Decodes an item into `into`, for use inside `Reader.record`: ndx, then (protocol 29 and up, and only for
 * a real index) u16 item flags, a byte of basis type and a vstring where the flags say so.
 */
export function decodeItem(reader: Reader, protocol: number, into: ItemHeader): ItemHeader {
  const ndx = reader.ndx();
  let iflags = 0;
  let basisType: number = BasisType.Fname;
  let xname = '';
  if (ndx >= 0) {
    iflags = protocol >= 29 ? reader.short() : Item.Transfer | Item.MissingData;
    if (iflags & Item.BasisTypeFollows) basisType = reader.byte();
    if (iflags & Item.XnameFollows) {
      xname = reader.vstring(maxPath);
      // As a basis it is a name below a folder of the receiver's choice: it may not lead out of it.
      if (basisType >= BasisType.Fuzzy) xname = nameInside(xname);
    }
  }
  into.ndx = ndx;
  into.iflags = iflags;
  into.basisType = basisType;
  into.xname = xname;
  return into;
}

/** The sender's echo of an item (protocol 28 knows only the index). */
export function writeItem(writer: Writer, protocol: number, item: ItemHeader): void {
  writer.ndx(item.ndx);
  if (protocol < 29) return;
  writer.short(item.iflags);
  if (item.iflags & Item.BasisTypeFollows) writer.byte(item.basisType);
  if (item.iflags & Item.XnameFollows) writer.vstring(item.xname);
}

/** What a name means below a folder that it may not leave (rsync's sanitize_path). */
function nameInside(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('\0', 1)[0].split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}
