import { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { RoleContext } from './context.ts';

/** The directory that holds a partial file. */
function directoryOf(path: ByteString): ByteString {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Makes the folder a partial file goes to. False where something else is in its place. */
export function makePartialDir(tree: Tree, path: ByteString): boolean {
  const dir = directoryOf(path);
  try {
    const stats = tree.lstat(dir);
    if (stats.isDir()) return true;
    tree.unlink(dir);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.code !== 'ENOENT') return false;
  }
  try {
    tree.mkdir(dir, 0o700);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return false;
  }
}

/** Removes a relative partial-dir that is empty now; an absolute one is the user's. */
export function removePartialDir(ctx: RoleContext, tree: Tree, path: ByteString): void {
  if (ctx.options.dryRun || ctx.options.partialDir.startsWith('/')) return;
  try {
    tree.rmdir(directoryOf(path));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
