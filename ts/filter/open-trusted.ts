import { closeSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs';
import { ELOOP } from '../errno.ts';
import { SysError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';

/** Names a file without opening it; Node does not list the flag. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const mostLinks = 40;

/**
 * Opens a file to be read that the user or a tree named. A symbolic link in its path is followed only where it
 * belongs to root or to us: the tree may have been planted by somebody else. Throws `SysError`.
 */
export function openTrusted(path: ByteString): number {
  try {
    if (process.platform !== 'linux') return openAfterLook(path);
    // Most rule files that are looked for are not there: one call says so, and opens nothing yet.
    closeSync(openSync(bytes(path), O_PATH));
    return openByParts(path);
  } catch (error) {
    throw asSysError(error);
  }
}

/** What a failed call of Node's says, as a `SysError`. */
export function asSysError(error: unknown): unknown {
  if (error instanceof SysError || !(error instanceof Error)) return error;
  const { errno, code, syscall } = error as NodeJS.ErrnoException;
  if (errno === undefined || code === undefined) return error;
  return new SysError(Math.abs(errno), code, syscall ?? 'open');
}

/** Goes through held directories, so that what was looked at is what is opened. */
function openByParts(path: ByteString): number {
  let dir = openSync(path.startsWith('/') ? '/' : '.', O_PATH | O_DIRECTORY);
  try {
    let left = partsOf(path);
    for (let links = 0; left.length > 0; ) {
      const at = bytes(`/proc/self/fd/${dir}/${left[0]}`);
      const stat = lstatSync(at);
      if (stat.isSymbolicLink()) {
        if (!isTrusted(stat.uid) || ++links > mostLinks) throw loop();
        const target = readlinkSync(at, { encoding: 'latin1' });
        // A link of /proc says where a file was, and may say nothing of use: it leads where it leads.
        if (left.length === 1 && isMagic(dir)) return openSync(at, O_RDONLY | O_NONBLOCK);
        left = [...partsOf(target), ...left.slice(1)];
        if (target.startsWith('/')) dir = entered(dir, '/');
      } else if (left.length === 1) return openSync(at, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
      else {
        dir = entered(dir, at);
        left = left.slice(1);
      }
    }
    return openSync(`/proc/self/fd/${dir}/.`, O_RDONLY);
  } finally {
    closeSync(dir);
  }
}

function entered(from: number, to: Buffer | string): number {
  const fd = openSync(to, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  closeSync(from);
  return fd;
}

/** True in a directory of descriptors, whose links are not read but gone through. */
function isMagic(dir: number): boolean {
  return /^\/proc\/.*\/fd$/.test(readlinkSync(`/proc/self/fd/${dir}`));
}

function openAfterLook(path: ByteString): number {
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const stat = lstatSync(bytes(end < 0 ? path : path.slice(0, end)));
    if (stat.isSymbolicLink() && !isTrusted(stat.uid)) throw loop();
    if (end < 0) return openSync(bytes(path), O_RDONLY | O_NONBLOCK);
  }
}

function isTrusted(uid: number): boolean {
  const us = process.geteuid?.();
  return us === undefined || uid === 0 || uid === us;
}

function partsOf(path: ByteString): ByteString[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function loop(): SysError {
  return new SysError(ELOOP, 'ELOOP', 'open');
}

function bytes(path: ByteString): Buffer {
  return Buffer.from(path, 'latin1');
}
