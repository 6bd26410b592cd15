import { S_IFMT, S_IFREG } from '../kernel/stat-table.ts';

/** The permission bits that rsync compares and sets: rwx thrice, setuid, setgid, sticky. */
export const chmodBits = 0o7777;

/** Permissions of new entries when they are not preserved: what the umask leaves of rwxrwxrwx. */
export function defaultPerms(umask: number): number {
  return 0o777 & ~umask;
}

/**
 * The mode an entry gets when permissions are not preserved (dest_mode): an existing one keeps its own
 * (with -E its execute bits follow the source), a new one gets the source's limited by `defaultPerms`.
 * With `perms` it is the source's mode. `existing` is undefined, too, where the existing thing is a
 * directory that a file replaces, or was made by us just now.
 */
export function destMode(
  flistMode: number,
  existing: number | undefined,
  defaultPerms: number,
  options: { readonly perms: boolean; readonly executability: boolean },
): number {
  if (options.perms) return flistMode;
  const type = flistMode & ~chmodBits;
  if (existing === undefined) return type | (flistMode & defaultPerms);
  const bits = existing & chmodBits;
  if (!options.executability || (flistMode & S_IFMT) !== S_IFREG) return type | bits;
  if ((flistMode & 0o111) === 0) return type | (bits & ~0o111);
  // Whoever may read may execute, but only where nobody could before.
  return type | ((existing & 0o111) === 0 ? bits | ((bits & 0o444) >> 2) : bits);
}
