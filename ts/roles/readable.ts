import { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';

/** Whether a regular file can be opened for reading; its mode alone does not say so. */
export function isReadable(tree: Tree, path: ByteString): boolean {
  try {
    tree.readSmall(path, 0);
    return true;
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}
