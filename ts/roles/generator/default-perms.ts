import { SysError } from '../../errors.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { defaultAclName, permsOfDefaultAcl } from '../../metadata/posix-acl.ts';
import { isUnsupported } from '../../metadata/xattrs.ts';
import * as text from '../../report/messages.ts';
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

function read(gen: Generator, dir: ByteString): number | undefined {
  const { tree, missing } = gen.destination;
  const { options, report } = gen.ctx;
  if (tree.xattrs === undefined || missing) return undefined;
  try {
    const acl = tree.xattrs.get(dir, defaultAclName);
    return acl && permsOfDefaultAcl(acl);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    // A dry run did not make it.
    const expected = isUnsupported(error) || (options.dryRun && error.code === 'ENOENT');
    if (!expected) report.print('warning', text.defaultPermsUnknown(dir === '' ? '.' : dir, error.errno));
    return undefined;
  }
}
