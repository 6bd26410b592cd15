import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Acl, type AclName, emptyAcl, noEntry } from '../metadata/posix-acl.ts';
import { mostAclNames } from '../wire/limits.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { SentIds } from './id-lists.ts';
import type { FlistFormat } from './wire-format.ts';

/** Which entries of an ACL follow. */
const Has = { User: 1, Group: 2, Mask: 4, Other: 8, Names: 16 } as const;
/** Below the permissions of a name. */
const NameFlag = { NameFollows: 1, IsUser: 2 } as const;
/** Permissions that Linux knows. */
const knownPerms = 7;

/**
 * Writes an ACL in full: 0 for "not sent before", a byte of what follows, a varint for each, then the count of names
 * and of each its id, its permissions (above two flags), and what it is called where lists come in pieces.
 */
export function writeAcl(writer: Writer, acl: Acl, format: FlistFormat, ids: SentIds): void {
  const { user, group, mask, other, names } = acl;
  writer.varint(0);
  const one = (value: number, flag: number): number => (value === noEntry ? 0 : flag);
  writer.byte(
    one(user, Has.User) |
      one(group, Has.Group) |
      one(mask, Has.Mask) |
      one(other, Has.Other) |
      (names.length > 0 ? Has.Names : 0),
  );
  for (const value of [user, group, mask, other]) if (value !== noEntry) writer.varint(value);
  if (names.length === 0) return;
  writer.varint(names.length);
  for (const { isUser, id, perms } of names) {
    const met = format.numericIds ? undefined : isUser ? ids.addUser(id) : ids.addGroup(id);
    const called = format.incRecurse ? met : undefined;
    writer.varint(id);
    writer.varint(
      (perms << 2) | (isUser ? NameFlag.IsUser : 0) | (called === undefined ? 0 : NameFlag.NameFollows),
    );
    if (called === undefined) continue;
    writer.byte(called.length);
    writer.string(called);
  }
}

/** An ACL as it came: the ids are the sender's, some with a name. */
export interface SentAcl extends Acl {
  readonly called: readonly (ByteString | undefined)[];
}

/** What limits what is read. */
export interface AclLimits {
  /** ACLs of that kind that came before. */
  readonly known: number;
  readonly kind: 'ACL_TYPE_ACCESS' | 'ACL_TYPE_DEFAULT';
  /** --fake-super keeps permissions of other systems as well. */
  readonly anyPerms: boolean;
  /** Of an access ACL: stands in for a mask that was left out. */
  readonly mode: number;
}

/** Reads an ACL, or the place of one that came before; inside `Reader.record`. */
export function readAcl(reader: Reader, limits: AclLimits): SentAcl | number {
  const { known, kind } = limits;
  const ndx = reader.varint();
  if (ndx < 0 || ndx > known)
    throw new RsyncError(ExitCode.StreamIo, `recv_acl_index: ${kind} ACL index ${ndx} > ${known}`);
  if (ndx > 0) return ndx - 1;
  const has = reader.byte();
  const one = (flag: number): number => ((has & flag) === 0 ? noEntry : checked(reader.varint(), limits));
  const user = one(Has.User);
  const group = one(Has.Group);
  let mask = one(Has.Mask);
  const other = one(Has.Other);
  if ((has & Has.Names) === 0) return { ...emptyAcl, user, group, mask, other, called: [] };
  const count = reader.varint();
  if (count < 0 || count > mostAclNames)
    throw protocolError(`wire value ACL count out of range: ${count} not in [0,${mostAclNames}] [receiver]`);
  const names: AclName[] = [];
  const called: (ByteString | undefined)[] = [];
  let all = 0;
  for (let k = 0; k < count; k++) {
    const id = reader.varint() >>> 0;
    const bits = reader.varint() >>> 0;
    const perms = checked(bits >>> 2, limits);
    all |= perms & knownPerms;
    names.push({ isUser: (bits & NameFlag.IsUser) !== 0, id, perms });
    called.push(bits & NameFlag.NameFollows ? reader.string(reader.byte()) : undefined);
  }
  if (mask === noEntry && count > 0)
    mask = kind === 'ACL_TYPE_ACCESS' ? (limits.mode >> 3) & 7 : all | (group & knownPerms);
  return { user, group, mask, other, names, called };
}

function checked(perms: number, { anyPerms }: AclLimits): number {
  if (!anyPerms && (perms & ~knownPerms) !== 0)
    throw new RsyncError(
      ExitCode.StreamIo,
      `recv_acl_access: value out of range: ${(perms >>> 0).toString(16)}`,
    );
  return perms;
}
