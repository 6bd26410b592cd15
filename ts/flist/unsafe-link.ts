import type { ByteString } from '../kernel/kernel.ts';

/**
 * True for the target of a symbolic link that leads out of the transfer, by its letters (rsync's unsafe_symlink):
 * one that is absolute or empty, that goes up other than at its beginning, or higher than `path`, the link's own name
 * in the transfer, is deep.
 */
export function isUnsafeLink(target: ByteString, path: ByteString): boolean {
  if (target === '' || target.startsWith('/')) return true;
  const below = target.replace(/^(?:\.\.\/+)+/, '');
  if (below.includes('/../') || (target.length > 3 && target.endsWith('/..'))) return true;
  let depth = depthOf(path);
  const parts = target.split(/\/+/);
  const last = parts.pop();
  for (const part of parts) {
    if (part === '..') {
      if (--depth < 0) return true;
    } else if (part !== '.') depth++;
  }
  return (last === '..' ? depth - 1 : depth) < 0;
}

/** Directories that a name lies in; `..` begins anew. */
function depthOf(path: ByteString): number {
  let depth = 0;
  const parts = path.split(/\/+/);
  const last = parts.pop();
  for (const part of parts) {
    if (part === '..') depth = 0;
    else if (part !== '.') depth++;
  }
  return last === '..' ? 0 : depth;
}
