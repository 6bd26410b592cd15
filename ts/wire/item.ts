import { protocolError } from '../errors.ts';
import { BasisType, Item, maxPath } from './constants.ts';
import { longestXattrValue } from './limits.ts';
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
  /** Long values of extended attributes that are asked for, or come. */
  xattrs: readonly XattrValue[];
}

export interface XattrValue {
  /** The sender's number of the attribute, from 1 on. */
  readonly num: number;
  /** undefined in a request. */
  readonly value: Uint8Array | undefined;
}

/** How items look in a run. */
export interface ItemForm {
  readonly protocol: number;
  /** --xattrs, and not a dry run: requests for long values follow items that tell of attributes. */
  readonly xattrs: boolean;
  /** But not those of hard links that are made at the destination. */
  readonly xattrOptim: boolean;
}

const noXattrs: readonly XattrValue[] = [];
const hardLinked = Item.XnameFollows | Item.LocalChange;

/** Whether an item with these flags is followed by a list of attributes, which may be empty. */
export function carriesXattrs(form: ItemForm, iflags: number): boolean {
  if (!form.xattrs || (iflags & Item.ReportXattr) === 0) return false;
  return !(form.xattrOptim && (iflags & hardLinked) === hardLinked);
}

export function newItemHeader(): ItemHeader {
  return { ndx: 0, iflags: 0, basisType: BasisType.Fname, xname: '', xattrs: noXattrs };
}

/**
 * Decodes an item into `into`, for use inside `Reader.record`: ndx, then (protocol 29 and up, and only for
 * a real index) u16 item flags, a byte of basis type and a vstring where the flags say so, then with --xattrs the
 * numbers of attributes, each as a varint of what it is more than the one before, up to a 0; `values`: each with the
 * length of its value, and the value (what a sender answers).
 */
export function decodeItem(reader: Reader, form: ItemForm, into: ItemHeader, values: boolean): ItemHeader {
  const ndx = reader.ndx();
  let iflags = 0;
  let basisType: number = BasisType.Fname;
  let xname = '';
  let xattrs = noXattrs;
  if (ndx >= 0) {
    iflags = form.protocol >= 29 ? reader.short() : Item.Transfer | Item.MissingData;
    if (iflags & Item.BasisTypeFollows) basisType = reader.byte();
    if (iflags & Item.XnameFollows) {
      xname = reader.vstring(maxPath);
      // As a basis it is a name below a folder of the receiver's choice: it may not lead out of it.
      if (basisType >= BasisType.Fuzzy) xname = nameInside(xname);
    }
    if (carriesXattrs(form, iflags)) xattrs = decodeXattrs(reader, values);
  }
  into.ndx = ndx;
  into.iflags = iflags;
  into.basisType = basisType;
  into.xname = xname;
  into.xattrs = xattrs;
  return into;
}

function decodeXattrs(reader: Reader, values: boolean): readonly XattrValue[] {
  const found: XattrValue[] = [];
  let num = 0;
  for (let more = reader.varint(); more !== 0; more = reader.varint()) {
    num += more;
    if (!Number.isInteger(num) || Math.abs(num) > 0x7fffffff)
      throw protocolError('xattr rel_pos accumulation overflow');
    let value: Uint8Array | undefined;
    if (values) {
      const length = reader.varint();
      if (length < 0 || length > longestXattrValue)
        throw protocolError(`wire value xattr datum_len out of range: ${length}`);
      value = new Uint8Array(length);
      reader.copy(value, 0, length);
    }
    found.push({ num, value });
  }
  return found;
}

/** The sender's echo of an item (protocol 28 knows only the index). */
export function writeItem(writer: Writer, form: ItemForm, item: ItemHeader): void {
  writer.ndx(item.ndx);
  if (form.protocol < 29) return;
  writer.short(item.iflags);
  if (item.iflags & Item.BasisTypeFollows) writer.byte(item.basisType);
  if (item.iflags & Item.XnameFollows) writer.vstring(item.xname);
  if (carriesXattrs(form, item.iflags)) writeXattrs(writer, item.xattrs);
}

function writeXattrs(writer: Writer, xattrs: readonly XattrValue[]): void {
  let last = 0;
  for (const { num, value } of xattrs) {
    writer.varint(num - last);
    last = num;
    if (value === undefined) continue;
    writer.varint(value.length);
    writer.bytes(value);
  }
  writer.byte(0);
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
