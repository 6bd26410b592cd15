import type { ByteString } from '../kernel/kernel.ts';

/** Longest file name (NAME_MAX) and path (MAXPATHLEN, its end included). */
export const nameMax = 255;
export const maxPathLength = 4096;

/** What `uniqueSuffix` adds, with its dot. */
const suffixLength = 7;

/**
 * A name for the file while it is received: `.NAME.XXXXXX` beside it, or `TEMPDIR/NAME.XXXXXX`; too long
 * names are cut, never inside a multi-byte character (get_tmpname). `unique` is what replaces the Xs.
 * `undefined`: the path is too long ("temporary filename too long").
 */
export function temporaryName(path: ByteString, tempDir: ByteString, unique: string): ByteString | undefined {
  const baseAt = path.lastIndexOf('/') + 1;
  let base = baseAt === 0 ? path : path.slice(baseAt);
  let dir: ByteString;
  if (tempDir !== '') dir = `${tempDir}/`;
  else {
    // A hidden file does not get a second dot.
    if (base.startsWith('.')) base = base.slice(1);
    dir = `${path.slice(0, baseAt)}.`;
  }
  const room = Math.min(maxPathLength - dir.length - suffixLength, nameMax - 1 - suffixLength) - 1;
  if (room < -1) return undefined;
  if (room < 0) return `${dir.slice(0, -1)}.${unique}`;
  let end = Math.min(base.length, room);
  if (end < base.length && base.charCodeAt(end) >= 0x80)
    while (end > 0 && base.charCodeAt(end - 1) >= 0x80) end--;
  const kept = dir + base.slice(0, end);
  return `${kept.endsWith('.') ? kept.slice(0, -1) : kept}.${unique}`;
}

const suffixLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const letterCount = suffixLetters.length;

/** Six letters and digits for `temporaryName`; different on every call with overwhelming likelihood. */
export function uniqueSuffix(random: () => number): string {
  return threeLetters(random()) + threeLetters(random());
}

/** What a draw of 0 to 1 comes to; it has more bits than three letters take. */
function threeLetters(draw: number): string {
  const n = Math.floor(draw * letterCount ** 3);
  const high = Math.floor(n / letterCount);
  return (
    suffixLetters[Math.floor(high / letterCount)] +
    suffixLetters[high % letterCount] +
    suffixLetters[n % letterCount]
  );
}

/**
 * Where a file is kept when it is replaced or deleted: PATH+SUFFIX, below `backupDir` if there is one
 * (get_backup_name). `backupDir` is as given to --backup-dir. `undefined`: "backup filename too long".
 */
export function backupName(
  path: ByteString,
  backupDir: ByteString,
  suffix: ByteString,
): ByteString | undefined {
  let dir = backupDir;
  while (dir.startsWith('./')) dir = dir.slice(2);
  if (dir === '.') dir = '';
  if (dir !== '' && !dir.endsWith('/')) dir += '/';
  const name = dir + path + suffix;
  return name.length < maxPathLength ? name : undefined;
}

/**
 * `path` kept in the partial-dir (partial_dir_fname): in a relative one beside the file, else all files
 * in the one given. `undefined` where the name would be too long.
 */
export function partialDirName(path: ByteString, partialDir: ByteString): ByteString | undefined {
  const baseAt = path.lastIndexOf('/') + 1;
  const parent = partialDir.startsWith('/') ? '' : path.slice(0, baseAt);
  const separator = partialDir.endsWith('/') ? '' : '/';
  const name = parent + partialDir + separator + path.slice(baseAt);
  return name.length < maxPathLength ? name : undefined;
}
