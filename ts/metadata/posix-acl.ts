/**
 * ACLs (rsync's rsync_acl), and the form in which Linux keeps them as extended attributes: a version, then entries of
 * a tag (16 bits), permissions (16 bits) and an id (32 bits), all little-endian.
 */
import type { ByteString } from '../kernel/types.ts';

export const accessAclName = 'system.posix_acl_access';
export const defaultAclName = 'system.posix_acl_default';

/** Permissions of an entry that an ACL does not have. */
export const noEntry = 0x80;

/** What one user or group may do. */
export interface AclName {
  readonly isUser: boolean;
  readonly id: number;
  /** rwx; systems that are not ours may have more bits. */
  readonly perms: number;
}

/** rwx, or `noEntry`, of each kind of entry, and of users and groups by name, in the system's order. */
export interface Acl {
  readonly user: number;
  readonly group: number;
  readonly mask: number;
  readonly other: number;
  readonly names: readonly AclName[];
}

export const emptyAcl: Acl = { user: noEntry, group: noEntry, mask: noEntry, other: noEntry, names: [] };

const version = 2;
const headBytes = 4;
const entryBytes = 8;
const noId = 0xffffffff;
const Tag = { Owner: 1, User: 2, Group: 4, NamedGroup: 8, Mask: 0x10, Others: 0x20 } as const;

/** Reads the system's form; undefined where it is none that we know. */
export function parseAcl(bytes: Uint8Array): Acl | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headBytes || view.getUint32(0, true) !== version) return undefined;
  let { user, group, mask, other } = emptyAcl;
  const names: AclName[] = [];
  for (let at = headBytes; at + entryBytes <= bytes.length; at += entryBytes) {
    const perms = view.getUint16(at + 2, true) & 7;
    const id = view.getUint32(at + 4, true);
    switch (view.getUint16(at, true)) {
      case Tag.Owner:
        user = perms;
        break;
      case Tag.User:
        names.push({ isUser: true, id, perms });
        break;
      case Tag.Group:
        group = perms;
        break;
      case Tag.NamedGroup:
        names.push({ isUser: false, id, perms });
        break;
      case Tag.Mask:
        mask = perms;
        break;
      case Tag.Others:
        other = perms;
        break;
    }
  }
  return { user, group, mask, other, names: names.sort(byKindAndId) };
}

/** The system's form of an ACL, which wants users before groups. */
export function packAcl(acl: Acl): Uint8Array {
  const named = [...acl.names].sort(byKindAndId);
  const entries: [tag: number, perms: number, id: number][] = [[Tag.Owner, acl.user, noId]];
  for (const { isUser, perms, id } of named) if (isUser) entries.push([Tag.User, perms, id]);
  entries.push([Tag.Group, acl.group, noId]);
  for (const { isUser, perms, id } of named) if (!isUser) entries.push([Tag.NamedGroup, perms, id]);
  if (acl.mask !== noEntry) entries.push([Tag.Mask, acl.mask, noId]);
  entries.push([Tag.Others, acl.other, noId]);
  const bytes = new Uint8Array(headBytes + entries.length * entryBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  entries.forEach(([tag, perms, id], k) => {
    const at = headBytes + k * entryBytes;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, perms & 7, true);
    view.setUint32(at + 4, id, true);
  });
  return bytes;
}

function byKindAndId(a: AclName, b: AclName): number {
  if (a.isUser !== b.isUser) return a.isUser ? -1 : 1;
  return a.id - b.id;
}

/**
 * What a default ACL lets new entries have of rwxrwxrwx (rsync's default_perms_for_dir): the mask limits all but the
 * owner and others, where there is one. Undefined where there is no ACL, or none that we know.
 */
export function permsOfDefaultAcl(bytes: Uint8Array): number | undefined {
  const acl = parseAcl(bytes);
  if (acl === undefined || acl.user === noEntry) return undefined;
  const group = acl.mask === noEntry ? acl.group & 7 : acl.mask;
  return (acl.user << 6) | (group << 3) | (acl.other & 7);
}

/** The ACL of what has none: its permissions. */
export function aclOfMode(mode: number): Acl {
  return { ...emptyAcl, user: (mode >> 6) & 7, group: (mode >> 3) & 7, other: mode & 7 };
}

/** Leaves out what the mode tells as well, so that it need not be sent (rsync_acl_strip_perms). */
export function withoutPerms(acl: Acl, mode: number): Acl {
  const perms = (mode >> 3) & 7;
  const { mask, names } = acl;
  const group = mask === noEntry || acl.group === perms ? noEntry : acl.group;
  const told = names.length > 0 && mask === perms ? noEntry : mask;
  return { user: noEntry, group, mask: told, other: noEntry, names };
}

/** What is left out comes from the mode again (what change_sacl_perms does to an access ACL). */
export function withPerms(acl: Acl, mode: number): Acl {
  const perms = (mode >> 3) & 7;
  return {
    user: (mode >> 6) & 7,
    group: acl.group === noEntry ? perms : acl.group,
    mask: acl.mask === noEntry ? noEntry : perms,
    other: mode & 7,
    names: acl.names,
  };
}

export function sameAcl(a: Acl, b: Acl): boolean {
  return keyOfAcl(a) === keyOfAcl(b);
}

/**
 * True where a present access ACL has the same as a wanted one of all that a mode does not tell
 * (rsync_acl_equal_enough).
 */
export function sameBeyondMode(present: Acl, wanted: Acl, mode: number): boolean {
  if ((present.mask === noEntry) !== (wanted.mask === noEntry)) return false;
  if (present.mask !== noEntry) {
    const group = wanted.group === noEntry ? (mode >> 3) & 7 : wanted.group;
    if (present.group !== group) return false;
  }
  return keyOfNames(present) === keyOfNames(wanted);
}

/** Equal for equal ACLs. */
export function keyOfAcl(acl: Acl): ByteString {
  return `${acl.user},${acl.group},${acl.mask},${acl.other}${keyOfNames(acl)}`;
}

function keyOfNames({ names }: Acl): ByteString {
  return names.map(({ isUser, id, perms }) => `${isUser ? 'u' : 'g'}${id}:${perms}`).join();
}
