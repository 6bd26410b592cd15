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
  _flistMode: number,
  _existing: number | undefined,
  _defaultPerms: number,
  _options: { readonly perms: boolean; readonly executability: boolean },
): number {
  throw new Error('not yet');
}
