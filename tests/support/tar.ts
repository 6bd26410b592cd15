/**
 * A writer of pax archives, so that one `tar -x` makes a whole tree with exact nanosecond times, owners,
 * modes, device numbers, hard links, holes and any bytes in names. Node's own calls can do few of these.
 */
import { type ByteString, bytes } from './bytes.ts';

/** One member; the fields that its type does not use are left out. */
export interface TarMember {
  readonly path: ByteString;
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'dir' | 'fifo';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly link?: ByteString;
  readonly major?: number;
  readonly minor?: number;
  readonly data?: Buffer;
  /** Regions of `data` that hold bytes (offset, length), in order; all else becomes holes. */
  readonly regions?: readonly (readonly [number, number])[];
}

const typeFlag: Record<TarMember['type'], string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  dir: '5',
  fifo: '6',
};

/** Decimal seconds with nine digits, as pax records and `touch` read them. */
export function decimalSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = (magnitude % 1_000_000_000n).toString().padStart(9, '0');
  return `${sign}${magnitude / 1_000_000_000n}.${fraction}`;
}

/** `LENGTH key=value\n`, where LENGTH counts itself. */
function paxRecord(key: string, value: ByteString): ByteString {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

function header(
  name: ByteString,
  flag: string,
  size: number,
  mode: number,
  device: readonly [number, number],
): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  block.write(name.slice(0, 100), 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(flag, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(device[0], 329, 8);
  octal(device[1], 337, 8);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padded(data: Buffer): Buffer {
  const rest = data.length % 512;
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(512 - rest)]);
}

/** The stored form of a file with holes (GNU sparse 1.0): a text map, then the regions that hold bytes. */
function sparseBody(data: Buffer, regions: NonNullable<TarMember['regions']>): Buffer {
  const list = [...regions];
  const last = list.at(-1);
  if (last === undefined || last[0] + last[1] < data.length) list.push([data.length, 0]);
  const map = padded(bytes(`${list.length}\n${list.map(([at, n]) => `${at}\n${n}\n`).join('')}`));
  return Buffer.concat([map, ...list.map(([at, n]) => data.subarray(at, at + n))]);
}

/** The whole archive, members in the order given; a folder must come before what it holds. */
export function packTar(members: readonly TarMember[]): Buffer {
  const parts: Buffer[] = [];
  for (const member of members) {
    let body = member.type === 'file' ? (member.data ?? Buffer.alloc(0)) : Buffer.alloc(0);
    let records = '';
    if (member.regions !== undefined) {
      records += paxRecord('GNU.sparse.major', '1') + paxRecord('GNU.sparse.minor', '0');
      records += paxRecord('GNU.sparse.name', member.path);
      records += paxRecord('GNU.sparse.realsize', `${body.length}`);
      body = sparseBody(body, member.regions);
    }
    records += paxRecord('path', member.path);
    if (member.link !== undefined) records += paxRecord('linkpath', member.link);
    records += paxRecord('uid', `${member.uid}`) + paxRecord('gid', `${member.gid}`);
    records += paxRecord('mtime', decimalSeconds(member.mtime));
    const pax = bytes(records);
    const device: [number, number] = [member.major ?? 0, member.minor ?? 0];
    parts.push(header('pax', 'x', pax.length, 0o644, [0, 0]), padded(pax));
    parts.push(header(member.path, typeFlag[member.type], body.length, member.mode, device), padded(body));
  }
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}
