import { SysError } from '../../errors.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';

/** Makes the missing parents of `path` (rsync's make_path). 0, or the errno of the first that cannot be made. */
export function makePath(tree: Tree, path: ByteString): number {
  for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
    try {
      tree.mkdir(path.slice(0, slash), 0o777);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (error.code !== 'EEXIST') return error.errno;
    }
  }
  return 0;
}
