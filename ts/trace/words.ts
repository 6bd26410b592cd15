/** What the numbers of the wire are called. */
import { Xmit } from '../flist/wire-format.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFMT } from '../kernel/stat-table.ts';
import { BasisType, Compat, Msg } from '../wire/constants.ts';

/** `IncRecurse` as the protocol spells it: `INC_RECURSE`. */
function spelled(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
}

const messages = new Map(Object.entries(Msg).map(([name, tag]) => [tag as number, `MSG_${spelled(name)}`]));

export function messageName(tag: number): string {
  return messages.get(tag) ?? `message ${tag}`;
}

/** The names of bits, and what is left of them as a number. */
function bits(value: number, names: Readonly<Record<string, number>>): string {
  const found = Object.entries(names).filter(([, bit]) => (value & bit) !== 0);
  const rest = found.reduce((left, [, bit]) => left & ~bit, value);
  const words = found.map(([name]) => spelled(name));
  return [...words, ...(rest === 0 ? [] : [`0x${(rest >>> 0).toString(16)}`])].join(' ');
}

export function compatNames(flags: number): string {
  return flags === 0 ? 'none' : bits(flags, Compat);
}

/** Bits whose meaning is the same in all protocols. */
const { TopDir, SameMode, SameUid, SameGid, SameName, LongName, SameTime } = Xmit;
const always = { TopDir, SameMode, SameUid, SameGid, SameName, LongName, SameTime };

/** The flags that an entry of a list begins with; what they mean depends on the protocol and on what it is. */
export function entryFlagNames(flags: number, protocol: number, mode: number): string {
  if (protocol < 28) return bits(flags, { ...always, SameRdev: Xmit.SameRdev });
  const { ExtendedFlags, Hlinked, HlinkFirst, ModNsec, SameAtime, SameRdevMajor, NoContentDir } = Xmit;
  const { SameDev, RdevMinor8, UserNameFollows, GroupNameFollows } = Xmit;
  const isDir = (mode & S_IFMT) === S_IFDIR && protocol >= 30;
  return bits(flags & ~ExtendedFlags, {
    ...always,
    ...(isDir ? { NoContentDir } : { SameRdevMajor }),
    Hlinked,
    ...(protocol >= 30 ? { UserNameFollows, GroupNameFollows, HlinkFirst } : { SameDev, RdevMinor8 }),
    ModNsec,
    SameAtime,
  });
}

/** Which file is meant as the basis. */
export function basisName(type: number): string {
  if (type < BasisType.Fname) return `alternate directory ${type}`;
  if (type >= BasisType.Fuzzy) return 'a similar file';
  return { [BasisType.Fname]: 'the file', [BasisType.PartialDir]: 'the partial file' }[type] ?? 'the backup';
}

/** So many pieces of a row are shown. */
export const mostShown = 8;

/** A row of `count` things, of which `words` are the first, cut where it gets long; the last of `words` is its last. */
export function row(words: readonly ByteString[], count: number): ByteString {
  if (count <= mostShown) return words.join(', ');
  return [...words.slice(0, mostShown - 1), `${count - mostShown} more`, ...words.slice(-1)].join(', ');
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
