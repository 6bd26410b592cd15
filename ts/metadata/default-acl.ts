/**
 * The default ACL of a directory, as Linux keeps it: a version, then entries of a tag (16 bits), permissions (16 bits)
 * and an id (32 bits), all little-endian.
 */
const version = 2;
const headBytes = 4;
const entryBytes = 8;

const Tag = { Owner: 1, Group: 4, Mask: 0x10, Others: 0x20 } as const;

/**
 * What the default ACL lets new entries have of rwxrwxrwx (rsync's default_perms_for_dir): the mask limits all but the
 * owner and others, where there is one. Undefined where there is no ACL, or none that we know.
 */
export function permsOfDefaultAcl(acl: Uint8Array): number | undefined {
  const view = new DataView(acl.buffer, acl.byteOffset, acl.byteLength);
  if (acl.length < headBytes || view.getUint32(0, true) !== version) return undefined;
  let owner: number | undefined;
  let group = 0;
  let mask: number | undefined;
  let others = 0;
  for (let at = headBytes; at + entryBytes <= acl.length; at += entryBytes) {
    const perms = view.getUint16(at + 2, true) & 7;
    switch (view.getUint16(at, true)) {
      case Tag.Owner:
        owner = perms;
        break;
      case Tag.Group:
        group = perms;
        break;
      case Tag.Mask:
        mask = perms;
        break;
      case Tag.Others:
        others = perms;
        break;
    }
  }
  return owner === undefined ? undefined : (owner << 6) | ((mask ?? group) << 3) | others;
}
