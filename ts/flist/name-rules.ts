import type { ByteString } from '../kernel/kernel.ts';

/** How `cleanName` treats special components. */
export interface CleanRules {
  /** Keep one slash at the end. */
  readonly keepTrailingSlash?: boolean;
  /** Drop a `.` at the end (a slash before it stays with `keepTrailingSlash`). */
  readonly dropTrailingDot?: boolean;
}

/**
 * Takes out repeated slashes and `.` components before a slash (rsync's clean_fname). An empty result
 * is `.`.
 */
export function cleanName(name: ByteString, rules: CleanRules = {}): ByteString {
  const anchored = name.charCodeAt(0) === 0x2f;
  let out = '';
  let at = 0;
  const { length } = name;
  while (at < length) {
    let end = name.indexOf('/', at);
    if (end < 0) end = length;
    const part = name.slice(at, end);
    const isLast = end === length;
    if (part === '' || (part === '.' && (!isLast || rules.dropTrailingDot))) {
      at = end + 1;
      continue;
    }
    out += isLast ? part : `${part}/`;
    at = end + 1;
  }
  if (!rules.keepTrailingSlash && out.endsWith('/')) out = out.slice(0, -1);
  if (anchored) return `/${out}`;
  return out === '' ? '.' : out;
}

/** True when a component of the path is `..`. */
export function hasDotDot(path: ByteString): boolean {
  return path.includes('..') && path.split('/').includes('..');
}
