import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../kernel/stat-table.ts';

/** The letter of `%i` for a file type: `f d L D S`. */
export function typeLetter(mode: number): string {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'L';
    case S_IFBLK:
    case S_IFCHR:
      return 'D';
    case S_IFIFO:
    case S_IFSOCK:
      return 'S';
    default:
      return 'f';
  }
}

export function isDir(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}
export function isLink(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}
export function isRegular(mode: number): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

function listLetter(mode: number): string {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFBLK:
      return 'b';
    case S_IFCHR:
      return 'c';
    case S_IFSOCK:
      return 's';
    case S_IFIFO:
      return 'p';
    default:
      return '-';
  }
}

function triple(bits: number, special: boolean, letter: string): string {
  const execute = bits & 1 ? (special ? letter : 'x') : special ? letter.toUpperCase() : '-';
  return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + execute;
}

/** Ten characters as `ls -l` has them, such as `drwxr-xr-x`. */
export function permissionString(mode: number): string {
  return (
    listLetter(mode) +
    triple(mode >> 6, (mode & 0o4000) !== 0, 's') +
    triple(mode >> 3, (mode & 0o2000) !== 0, 's') +
    triple(mode, (mode & 0o1000) !== 0, 't')
  );
}
