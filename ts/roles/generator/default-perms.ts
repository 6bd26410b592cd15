import { SysError } from '../../errors.ts';
import { defaultAclName, permsOfDefaultAcl } from '../../metadata/posix-acl.ts';
import type { Entry, Generator } from './state.ts';

/**
 * Permissions of what is made at an entry's place where none are preserved: what the default ACL of its directory
 * lets through, else what the umask does.
 */
export function defaultPermsAt(gen: Generator, { list, i }: Entry): number {
  const dir = list.dir(i);
  if (gen.permsDir !== dir) {
    gen.permsDir = dir;
    gen.permsOfDir = read(gen, gen.destination.localName === undefined ? dir.path : '') ?? gen.defaultPerms;
  }
  return gen.permsOfDir;
}

function read(gen: Generator, dir: string): number | undefined {
  const { xattrs } = gen.destination.tree;
  if (xattrs === undefined || gen.destination.missing) return undefined;
  try {
    const acl = xattrs.get(dir, defaultAclName);
    return acl && permsOfDefaultAcl(acl);
  } catch (error) {
    // No ACLs, or a directory that a dry run did not make, or that has gone: there is nothing to be made in it.
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
