import type { ByteString } from '../kernel/kernel.ts';

/** Longest file name (NAME_MAX) and path (MAXPATHLEN, its end included). */
export const nameMax = 255;
export const maxPathLength = 4096;

/**
 * A name for the file while it is received: `.NAME.XXXXXX` beside it, or `TEMPDIR/NAME.XXXXXX`; too long
 * names are cut, never inside a multi-byte character (get_tmpname). `unique` is what replaces the Xs.
 * `undefined`: the path is too long ("temporary filename too long").
 */
export function temporaryName(
  _path: ByteString,
  _tempDir: ByteString,
  _unique: string,
): ByteString | undefined {
  throw new Error('not yet');
}

/** Six letters and digits for `temporaryName`; different on every call with overwhelming likelihood. */
export function uniqueSuffix(_random: () => number = Math.random): string {
  throw new Error('not yet');
}

/** Where a file is kept when it is replaced or deleted: PATH+SUFFIX, below `backupDir` if there is one. */
export function backupName(
  _path: ByteString,
  _backupDir: ByteString,
  _suffix: ByteString,
): ByteString | undefined {
  throw new Error('not yet');
}

/** `path` kept in the partial-dir (partial_dir_fname); `undefined` where it would be too long. */
export function partialDirName(_path: ByteString, _partialDir: ByteString): ByteString | undefined {
  throw new Error('not yet');
}
