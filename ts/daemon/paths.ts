/** Names that a client gives, as they count in a module: none leads out of it (rsync's sanitize_path). */
import type { ByteString } from '../kernel/kernel.ts';

/**
 * The name below the module. An absolute one starts at `root`, the module; a `..` leads no further up than that. A slash
 * at its end stays; nothing left is `.`. `keepsDots`: a `.` may mean something (--relative).
 */
export function sanitizePath(path: ByteString, root: ByteString, keepsDots = false): ByteString {
  const absolute = path.startsWith('/');
  const kept: ByteString[] = [];
  const parts = path.split('/');
  for (const part of parts) {
    if (part === '' || (part === '.' && !keepsDots)) continue;
    if (part === '..') kept.pop();
    else kept.push(part);
  }
  const last = parts.at(-1);
  const dropped = last === '' || last === '..' || (last === '.' && !keepsDots);
  const slash = kept.length > 0 && parts.length > 1 && dropped ? '/' : '';
  const inside = kept.join('/') + slash;
  if (!absolute || root === '') return inside === '' ? '.' : inside;
  return inside === '' ? root : `${root}/${inside}`;
}

/**
 * Without repeated slashes and `..`, by the letters of the path, of which none leads above an absolute one's start; `.`
 * parts and a slash at the end stay.
 */
export function tidyPath(path: ByteString): ByteString {
  const absolute = path.startsWith('/');
  const kept: ByteString[] = [];
  const parts = path.split('/');
  for (const [k, part] of parts.entries()) {
    if (part === '' && k < parts.length - 1) continue;
    const above = kept.at(-1);
    if (part === '..' && above === undefined && absolute) continue;
    if (part !== '..' || above === undefined || above === '..' || above === '.') kept.push(part);
    else kept.pop();
  }
  const joined = kept.join('/');
  return absolute ? `/${joined}` : joined === '' ? '.' : joined;
}
