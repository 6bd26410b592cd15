/**
 * Paths that the user named (rsync's open_no_attacker_symlinks): a symbolic link on the way is gone through only
 * where it belongs to root or to us, for others may have planted it. `owner` is our user; undefined (--insecure-links,
 * or a system without users) lets links be anybody's.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { constants as system } from 'node:os';
import { SysError } from '../errors.ts';
import { asSysError, attempt, sysError } from './portable/sys-error.ts';
import type { ByteString } from './types.ts';

/** Names a file without opening it; Node does not list the flag. */
const O_PATH = 0o10000000;
const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const hold = O_PATH | O_DIRECTORY;
const mostLinks = 40;

/** How a file is opened: open(2)'s flags, and the mode of one that is made. */
export interface Opening {
  readonly flags: number;
  readonly mode: number;
  /** Most such files are not there, in a directory that was reached already: one call says so, and opens nothing yet. */
  readonly oftenMissing?: boolean;
}

const toRead: Opening = { flags: O_RDONLY | O_NONBLOCK, mode: 0 };
export const toReadIfThere: Opening = { ...toRead, oftenMissing: true };

/**
 * Opens a file that the user named, to be read unless `how` says otherwise. One that ends up outside of `root`
 * (--confine-root) is refused. Throws `SysError`.
 */
export function openTrusted(
  path: ByteString,
  owner: number | undefined,
  how = toRead,
  root?: ByteString | undefined,
): number {
  return attempt('open', () => {
    if (owner === undefined) return openSync(bytes(path), how.flags, how.mode);
    if (process.platform !== 'linux') return openAfterLook(path, owner, how, root);
    if (how.oftenMissing === true && lstatSync(bytes(path), { throwIfNoEntry: false }) === undefined)
      throw sysError('ENOENT', 'open');
    return openByParts(path, how, { owner, root });
  });
}

/**
 * Holds a directory that the user named; a relative path starts at the directory `from`, else at the working
 * directory. For systems with /proc. Throws `SysError`.
 */
export function holdTrusted(
  path: ByteString,
  owner: number | undefined,
  { from, root }: { readonly from?: number; readonly root?: ByteString | undefined } = {},
): number {
  return attempt('open', () => openByParts(path, { flags: hold, mode: 0 }, { owner, from, root }));
}

/** What may be gone through on the way to what the user did not name alone: a list did. */
export interface Trust {
  /** Everything has to lie in a certain directory. */
  readonly isConfined: boolean;
  /**
   * What `use` makes of the way to the directory that `path` leads to, below the directory `base`, whose own way is
   * anybody's. Throws `SysError`.
   */
  through<T>(base: ByteString, path: ByteString, use: (way: ByteString) => T): T;
  /** Whether a call failed for a link of others. */
  isForeign(error: unknown): boolean;
}

/** Goes through links of root and of `owner` alone, and to nothing outside of `root`, as `openTrusted` does. */
export function trustIn(owner: number | undefined, root: ByteString | undefined): Trust {
  return {
    isConfined: root !== undefined,
    through(base, path, use) {
      if (process.platform !== 'linux') {
        const place = `${base}/${path}`;
        checkTrusted(place, owner, root);
        return use(place);
      }
      const from = holdTrusted(base, undefined);
      try {
        const fd = holdTrusted(path, owner, { from, root });
        try {
          return use(`/proc/self/fd/${fd}/.`);
        } finally {
          closeSync(fd);
        }
      } finally {
        closeSync(from);
      }
    },
    isForeign,
  };
}

/** Throws `SysError` where a link of others is on the way to `path`, or it ends in one. */
export function checkTrusted(
  path: ByteString,
  owner: number | undefined,
  root?: ByteString | undefined,
): void {
  attempt('open', () => {
    if (root !== undefined && !isWithin(realpathSync(bytes(path), 'latin1'), root))
      throw sysError('ELOOP', 'open');
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const stat = lstatSync(bytes(end < 0 ? path : path.slice(0, end)));
      if (stat.isSymbolicLink() && !isTrusted(stat.uid, owner)) throw new ForeignLink();
      if (end < 0) return;
    }
  });
}

/** A link of others, which other failures with ELOOP are not: links that lead to each other, or out of `root`. */
class ForeignLink extends SysError {
  constructor() {
    super(system.errno.ELOOP, 'ELOOP', 'open');
  }
}

/** Whether a link of others is what keeps us from `path`, which is absolute. */
export function isRefused(path: ByteString, owner: number | undefined): boolean {
  if (owner === undefined) return false;
  try {
    if (process.platform === 'linux') closeSync(holdTrusted(path, owner));
    else checkTrusted(path, owner);
    return false;
  } catch (error) {
    return isForeign(error);
  }
}

function isForeign(error: unknown): boolean {
  return error instanceof ForeignLink;
}

/** What a failed call of Node's says, as a `SysError`; anything else as it is. */
export function systemErrorOf(error: unknown): unknown {
  const failed = error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number';
  return failed ? asSysError(error, (error as NodeJS.ErrnoException).syscall ?? 'open') : error;
}

/** Goes through held directories, so that what was looked at is what is opened. */
function openByParts(
  path: ByteString,
  { flags, mode }: Opening,
  where: {
    readonly owner: number | undefined;
    readonly from?: number | undefined;
    /** What is opened has to lie in it. */
    readonly root?: ByteString | undefined;
  },
): number {
  const { owner, from, root } = where;
  const start = from === undefined ? '.' : `/proc/self/fd/${from}/.`;
  let dir = openSync(path.startsWith('/') ? '/' : start, hold);
  // A descriptor that is handed on by name is judged by what it is of.
  let confining = root !== undefined && !/^\/proc\/(self|\d+)\/fd\//.test(path);
  try {
    let left = partsOf(path);
    for (let links = 0; left.length > 0; ) {
      const at = bytes(`/proc/self/fd/${dir}/${left[0]}`);
      const target = linkTarget(at, owner);
      if (target !== undefined) {
        if (++links > mostLinks) throw sysError('ELOOP', 'open');
        const magic = isMagic(dir);
        // A link of /proc says where a file was, and may say nothing of use: it leads where it leads.
        if (left.length === 1 && magic) return within(root, openSync(at, flags, mode));
        confining ||= magic && root !== undefined;
        left = [...partsOf(target), ...left.slice(1)];
        if (target.startsWith('/')) dir = entered(dir, '/');
      } else if (left.length === 1) {
        // Where a directory is can be told only once it is held.
        if (confining && (flags & O_DIRECTORY) === 0 && !isWithin(placeOf(dir), root as ByteString))
          throw sysError('ELOOP', 'open');
        return within(root, openSync(at, flags | O_NOFOLLOW, mode));
      } else {
        dir = entered(dir, at);
        left = left.slice(1);
        // Not even what is there may be learnt beside the way to the root.
        if (confining && leadsAway(placeOf(dir), root as ByteString)) throw sysError('ELOOP', 'open');
      }
    }
    return within(root, openSync(`/proc/self/fd/${dir}/.`, flags, mode));
  } finally {
    closeSync(dir);
  }
}

/** Where a link leads that may be gone through; undefined where `at` is none. */
function linkTarget(at: Buffer, owner: number | undefined): ByteString | undefined {
  // What is not there yet may be made: opening it tells.
  if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
  const link = openSync(at, O_PATH | O_NOFOLLOW);
  try {
    const stat = fstatSync(link, { bigint: true });
    if (!stat.isSymbolicLink()) return undefined;
    if (!isTrusted(Number(stat.uid), owner)) throw new ForeignLink();
    const target = readlinkSync(at, { encoding: 'latin1' });
    // Node reads a link by its name alone: whether it was this one, its change time and the name tell.
    const [after, there] = [fstatSync(link, { bigint: true }), lstatSync(at, { bigint: true })];
    if (after.ctimeNs !== stat.ctimeNs || there.ino !== stat.ino || there.dev !== stat.dev)
      throw sysError('ELOOP', 'open');
    return target;
  } finally {
    closeSync(link);
  }
}

/** The descriptor, where what it is of lies in `root`; else it is closed again. */
function within(root: ByteString | undefined, fd: number): number {
  if (root === undefined || isWithin(placeOf(fd), root)) return fd;
  closeSync(fd);
  throw sysError('ELOOP', 'open');
}

function placeOf(fd: number): ByteString {
  return readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
}

/** Neither in `root` nor on the way to it. */
function leadsAway(dir: ByteString, root: ByteString): boolean {
  return dir !== '/' && !isWithin(dir, root) && !isWithin(root, dir);
}

function isWithin(path: ByteString, root: ByteString): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function entered(from: number, to: Buffer | string): number {
  const fd = openSync(to, hold | O_NOFOLLOW);
  closeSync(from);
  return fd;
}

/** True in a directory of descriptors, whose links are not read but gone through. */
function isMagic(dir: number): boolean {
  return /^\/proc\/.*\/fd$/.test(readlinkSync(`/proc/self/fd/${dir}`));
}

function openAfterLook(
  path: ByteString,
  owner: number,
  { flags, mode }: Opening,
  root: ByteString | undefined,
): number {
  try {
    checkTrusted(path, owner, root);
  } catch (error) {
    if ((flags & O_CREAT) === 0 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return openSync(bytes(path), flags, mode);
}

function isTrusted(uid: number, owner: number | undefined): boolean {
  return owner === undefined || uid === 0 || uid === owner;
}

function partsOf(path: ByteString): ByteString[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function bytes(path: ByteString): Buffer {
  return Buffer.from(path, 'latin1');
}
