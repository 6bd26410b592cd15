/** Where a path's ACLs are kept: by the system, or with --fake-super in attributes of rsync's own. */
import { SysError } from '../errors.ts';
import type { Xattrs } from '../kernel/kernel.ts';
import { Lacks } from '../kernel/stat-table.ts';
import type { ByteString } from '../kernel/types.ts';
import {
  type Acl,
  type AclName,
  accessAclName,
  aclOfMode,
  defaultAclName,
  emptyAcl,
  noEntry,
  packAcl,
  parseAcl,
  withPerms,
} from './posix-acl.ts';
import { fakeAccessAclName, fakeDefaultAclName, isUnsupported } from './xattrs.ts';

export type AclKind = 'access' | 'default';

/** rsync's names of the two, for messages. */
export const aclTypeNames = { access: 'ACL_TYPE_ACCESS', default: 'ACL_TYPE_DEFAULT' } as const;

const fakeNames = { access: fakeAccessAclName, default: fakeDefaultAclName } as const;
const realNames = { access: accessAclName, default: defaultAclName } as const;

/** Bytes of the four entries of rsync's own form, and of a name: little-endian words. */
const fakeHead = 16;
const fakeName = 8;
const isUserBit = 0x80000000;

/** What lies at `path` of the calls' tree. */
export interface AclPlace {
  readonly calls: Xattrs;
  readonly path: ByteString;
  /** --fake-super. */
  readonly fake: boolean;
  /** A symbolic link stands for what it leads to; notes are of the link itself. */
  readonly follow?: boolean;
  /** Bits of `Lacks` that are known of it. */
  readonly lacks: number;
}

/** Which bit says that there is no such ACL; noted ones are attributes. */
const lacksBits = { access: Lacks.AccessAcl, default: Lacks.DefaultAcl } as const;

/** Reads an ACL; what has no access ACL has that of its `mode`. Throws `SysError`. */
export function readAclAt({ calls, path, fake, follow, lacks }: AclPlace, kind: AclKind, mode: number): Acl {
  const none = kind === 'access' && !fake ? aclOfMode(mode) : emptyAcl;
  if ((lacks & (fake ? Lacks.Xattrs : lacksBits[kind])) !== 0) return none;
  try {
    const bytes = fake ? calls.get(path, fakeNames[kind]) : calls.get(path, realNames[kind], follow);
    if (bytes === undefined) return none;
    return (fake ? parseFakeAcl(bytes, mode) : parseAcl(bytes)) ?? none;
  } catch (error) {
    // As with rsync, whatever keeps a noted ACL from being read is taken for there being none.
    if (error instanceof SysError && (fake || isUnsupported(error))) return none;
    throw error;
  }
}

/** Sets an ACL; an access ACL gets what is left out of it from `mode`. Throws `SysError`. */
export function writeAclAt({ calls, path, fake }: AclPlace, kind: AclKind, acl: Acl, mode: number): void {
  const name = (fake ? fakeNames : realNames)[kind];
  if (kind === 'default' && acl.user === noEntry) {
    try {
      calls.remove(path, name);
    } catch (error) {
      if (!(error instanceof SysError && error.code === 'ENODATA')) throw error;
    }
  } else if (fake) calls.set(path, name, packFakeAcl(acl));
  else calls.set(path, name, packAcl(kind === 'access' ? withPerms(acl, mode) : acl));
}

function parseFakeAcl(bytes: Uint8Array, mode: number): Acl | undefined {
  if (bytes.length < fakeHead || (bytes.length - fakeHead) % fakeName !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const of = aclOfMode(mode);
  const one = (at: number, otherwise: number): number => {
    const value = view.getUint32(at, true) & 0xff;
    return value === noEntry ? otherwise : value;
  };
  const names: AclName[] = [];
  for (let at = fakeHead; at < bytes.length; at += fakeName) {
    const access = view.getUint32(at + 4, true);
    names.push({
      isUser: (access & isUserBit) !== 0,
      id: view.getUint32(at, true),
      perms: access & ~isUserBit,
    });
  }
  return {
    user: one(0, of.user),
    group: one(4, of.group),
    mask: one(8, noEntry),
    other: one(12, of.other),
    names,
  };
}

function packFakeAcl({ user, group, mask, other, names }: Acl): Uint8Array {
  const bytes = new Uint8Array(fakeHead + names.length * fakeName);
  const view = new DataView(bytes.buffer);
  [user, group, mask, other].forEach((value, k) => {
    view.setUint32(4 * k, value, true);
  });
  names.forEach(({ isUser, id, perms }, k) => {
    const at = fakeHead + k * fakeName;
    view.setUint32(at, id, true);
    view.setUint32(at + 4, (perms | (isUser ? isUserBit : 0)) >>> 0, true);
  });
  return bytes;
}
