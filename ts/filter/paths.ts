import type { ByteString } from '../kernel/kernel.ts';

/**
 * Drops `.`, empty components and slashes at the end, and resolves `..` by name (clean_fname). What is
 * above the root is the root; a relative path keeps the `..` it starts with. Nothing left is `.`.
 */
export function cleanPath(path: ByteString): ByteString {
  const absolute = path.startsWith('/');
  const kept: ByteString[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!absolute) kept.push(part);
  }
  const joined = kept.join('/');
  if (absolute) return `/${joined}`;
  return joined === '' ? '.' : joined;
}

/** What follows the last slash. */
export function baseName(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1);
}
