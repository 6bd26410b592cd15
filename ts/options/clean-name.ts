/** Cleaning of a path that an option names. */
import type { ByteString } from '../kernel/kernel.ts';

/**
 * `path` without double slashes, `.` parts, a trailing slash, and with `x/..` collapsed; '' stays '', and
 * what cancels out is `.`. rsync: clean_fname() with CFN_COLLAPSE_DOT_DOT_DIRS.
 */
export function cleanName(path: ByteString): ByteString {
  if (path === '') return '';
  const absolute = path.startsWith('/');
  const parts: ByteString[] = [];
  const words = path.split('/');
  for (const [i, part] of words.entries()) {
    const last = i === words.length - 1;
    if (part === '' || (part === '.' && !(last && parts.length > 0))) continue;
    if (part === '..') {
      if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
      else if (!absolute) parts.push('..');
      continue;
    }
    parts.push(part);
  }
  const joined = parts.join('/');
  if (absolute) return `/${joined}`;
  return joined === '' ? '.' : joined;
}
