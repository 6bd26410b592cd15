import type { ByteString } from '../../kernel/kernel.ts';

/** One changed character. */
const unit = 1 << 16;
/** No name further away than this is similar. */
export const furthest = 25 * unit;
/** What is known to be further away than asked for. */
const tooFar = 0xffff * unit + 1;

/**
 * The part of a name that tells what kind of file it is, from its dot on; what backups append (`~`, `.bak`, `.old`,
 * `.orig`, `.~1~`) is none, and one of digits alone only where there is no better. '' without any.
 */
export function suffixOf(given: ByteString): ByteString {
  const name = given.replace(/^\.+/, '');
  let end = name.length;
  const tilde = end > 1 && name.endsWith('~');
  if (tilde) end--;
  let found = '';
  while (end > 1) {
    const at = name.lastIndexOf('.', end - 1);
    if (at <= 0) break;
    const suffix = name.slice(at, end);
    end = at;
    if (isOfBackup(suffix, name.slice(at + 1), tilde)) continue;
    found = suffix;
    if (suffix.length === 1 || /[^0-9]/.test(suffix.slice(1))) break;
  }
  return found;
}

function isOfBackup(suffix: ByteString, rest: ByteString, tilde: boolean): boolean {
  if (suffix.length === 4) return rest === 'bak' || rest === 'old';
  if (suffix.length === 5) return rest === 'orig';
  return suffix.length > 2 && tilde && /^~[0-9]/.test(rest);
}

/**
 * How far two names are apart: the edit distance in units, where a character replaced by a near one costs a little less
 * (rsync's fuzzy_distance). What must be further than `limit` is not worked out.
 */
export function distance(a: ByteString, b: ByteString, limit: number): number {
  if (Math.abs(a.length - b.length) * unit > limit) return tooFar;
  if (a === '' || b === '') return lengthAlone(a === '' ? b : a);
  const costs = Array.from(b, (_, k) => (k + 1) * unit);
  for (let i = 0; i < a.length; i++) {
    const char = a.charCodeAt(i);
    let diagonal = i * unit;
    let above = (i + 1) * unit;
    for (let k = 0; k < b.length; k++) {
      const other = b.charCodeAt(k);
      const left = costs[k];
      const replaced = diagonal + (char === other ? 0 : unit + Math.abs(char - other));
      const edited = left < above ? left + unit + char : above + unit + other;
      above = Math.min(edited, replaced);
      costs[k] = above;
      diagonal = left;
    }
  }
  return costs[b.length - 1];
}

/** As C adds up its characters, which have a sign. */
function lengthAlone(name: ByteString): number {
  let cost = name.length * unit;
  for (let i = 0; i < name.length; i++) cost += (name.charCodeAt(i) << 24) >> 24;
  return cost;
}

/** How little a name is like another of a given suffix; only below `tooFar` the suffixes have a say. */
export function score(name: ByteString, wanted: ByteString, wantedSuffix: ByteString, limit: number): number {
  const names = distance(name, wanted, limit);
  if (names >= 0xffff0000) return names;
  return names + distance(suffixOf(name), wantedSuffix, 0xffff0000) * 10;
}
