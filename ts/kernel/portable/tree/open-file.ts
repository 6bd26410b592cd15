import * as fs from 'node:fs';
import type { ByteString } from '../../kernel.ts';
import { attempt, sysError } from '../sys-error.ts';
import type { Directory } from './directory.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
const O_PATH = 0o10000000;
const maxLinks = 32;
const ownerOnly = 0o600;
const ownerWrites = 0o200;

export interface OpenFile {
  readonly fd: number;
  readonly size: number;
  readonly regular: boolean;
}

/** Opens a file to read; never waits for a fifo's writer. A directory is EISDIR. */
export function openToRead(directory: Directory, path: ByteString): OpenFile {
  if (directory.followFiles && directory.isBounded) return openConfined(directory, path);
  const flags = directory.readFlags | (directory.followFiles ? 0 : O_NOFOLLOW);
  return readable(directory.resolve(path, 'open'), flags);
}

/** Through a symbolic link in the last component, as long as it stays within the tree. */
function openConfined(directory: Directory, path: ByteString): OpenFile {
  if (!directory.confined)
    return readable(directory.resolveInside(path, 'open'), O_NOFOLLOW | directory.readFlags);
  let at = path;
  for (let links = 0; links < maxLinks; links++) {
    const resolved = directory.resolve(at, 'open');
    const target = linkTarget(resolved);
    if (target === undefined) return readable(resolved, O_NOFOLLOW | directory.readFlags);
    if (target.startsWith('/')) break;
    at = beside(at, target);
  }
  throw sysError('ELOOP', 'open');
}

/** Creates a file that was not there, for its owner alone. */
export function createNew(path: Buffer): number {
  return attempt('open', () => fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, ownerOnly));
}

/** Opens a file to be written in place, and creates it where it is missing. */
export function openInPlace(path: Buffer): OpenFile {
  try {
    return described(attempt('open', () => fs.openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, ownerOnly)));
  } catch (error) {
    if ((error as { code?: string }).code !== 'EACCES') throw error;
    return described(openReadOnly(path, error));
  }
}

/**
 * A file that its owner may not write, to be written all the same: the right is lent for the moment of
 * opening. Everything goes through one descriptor, so that the file cannot be exchanged in between.
 */
function openReadOnly(path: Buffer, refusal: unknown): number {
  if (process.platform !== 'linux') throw refusal;
  const held = attempt('open', () => fs.openSync(path, O_PATH | O_NOFOLLOW));
  try {
    const stat = fs.fstatSync(held);
    if (!stat.isFile()) throw refusal;
    const self = `/proc/self/fd/${held}`;
    if ((stat.mode & ownerWrites) !== 0) return attempt('open', () => fs.openSync(self, O_WRONLY));
    attempt('open', () => fs.chmodSync(self, (stat.mode & 0o7777) | ownerWrites));
    try {
      return attempt('open', () => fs.openSync(self, O_WRONLY));
    } finally {
      fs.chmodSync(self, stat.mode & 0o7777);
    }
  } finally {
    fs.closeSync(held);
  }
}

function readable(path: Buffer, flags: number): OpenFile {
  const fd = attempt('open', () => fs.openSync(path, O_RDONLY | O_NONBLOCK | flags));
  const file = described(fd);
  if (file.regular || !fs.fstatSync(fd).isDirectory()) return file;
  fs.closeSync(fd);
  throw sysError('EISDIR', 'open');
}

function described(fd: number): OpenFile {
  const stat = fs.fstatSync(fd);
  return { fd, size: stat.size, regular: stat.isFile() };
}

function linkTarget(path: Buffer): ByteString | undefined {
  try {
    return fs.readlinkSync(path, { encoding: 'latin1' });
  } catch {
    return undefined;
  }
}

/** Where a link at `path` with a relative target leads, seen from the tree. */
function beside(path: ByteString, target: ByteString): ByteString {
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw sysError('EXDEV', 'open');
  }
  return parts.join('/');
}
