import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';

/** What -C ignores by itself (rsync(1), --cvs-exclude). */
export const defaultIgnores =
  'RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* ,* _$* *$ *.old *.bak ' +
  '*.BAK *.orig *.rej .del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core .svn/ .git/ .hg/ .bzr/';

/** A variable of the environment as a byte string. */
export function variable({ env }: Pick<Host, 'env'>, name: string): ByteString | undefined {
  const value = env[name];
  return value === undefined ? undefined : Buffer.from(value).toString('latin1');
}
