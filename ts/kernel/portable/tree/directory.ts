import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import type { User } from '../../../host.ts';
import type { ByteString, TreeOptions } from '../../kernel.ts';
import { checkTrusted, holdTrusted } from '../../trusted-path.ts';
import { asSysError, attempt, sysError } from '../sys-error.ts';

/** Names a directory without the right to read it; Node does not list the flag. */
const O_PATH = 0o10000000;
const O_NOATIME = 0o1000000;
/** Directories that are kept open besides the tree's own. */
const heldDirectories = 8;
const walkFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const mostLinks = 40;

/** Bytes of a path, as Node's file calls take them. */
export function bytesOf(path: ByteString): Buffer {
  return Buffer.from(path, 'latin1');
}

/**
 * A held directory, and the way from a path below it to one that Node can open.
 *
 * On Linux the directory and each one on the way is opened on its own, never through a symbolic link, and
 * the system calls go to /proc/self/fd/N/NAME: whoever replaces a directory by a link gains nothing. Where links
 * may be followed, they are read and walked part by part, and never out of the directory.
 * Elsewhere paths are joined, after a look that no part on the way is a link.
 */
export class Directory {
  private readonly root: ByteString;
  private readonly fd: number;
  readonly confined: boolean;
  private readonly followParents: TreeOptions['followParents'];
  private readonly trustedLinks: boolean;
  private readonly confineRoot: ByteString | undefined;
  /** What nothing is reached beside, and a descriptor of it. */
  private readonly outer: { readonly path: ByteString; readonly fd: number } | undefined;
  private readonly user: User;
  /** Files are read through a symbolic link at the end of their path. */
  readonly followFiles: boolean;
  /** What is added to the flags that a file is opened with to be read. */
  readonly readFlags: number;
  /** Descriptors of directories below, the last used first. */
  private held: { readonly path: ByteString; readonly fd: number }[] = [];
  /** Directories that were admitted, and the paths that lead to them; -1 where none is held. */
  private readonly admitted = new Map<ByteString, number>();
  private closed = false;

  /** Throws `SysError` when `path` is not a directory that can be entered. */
  constructor(path: ByteString, options: TreeOptions, user: User) {
    this.root = path;
    this.user = user;
    this.followParents = options.followParents;
    this.trustedLinks = options.trustedLinks === true;
    this.confineRoot = options.confineRoot;
    this.followFiles = options.followFiles === true;
    this.readFlags = options.keepAccessTimes === true && process.platform === 'linux' ? O_NOATIME : 0;
    this.confined = options.confined === true;
    const bytes = bytesOf(path);
    this.outer = options.beneath === undefined ? undefined : outerOf(options.beneath);
    if (process.platform === 'linux') {
      this.fd =
        this.outer !== undefined
          ? this.holdBeneath(this.outer, path)
          : this.trustedLinks
            ? holdTrusted(path, this.user.euid)
            : attempt('open', () => openSync(bytes, O_PATH | constants.O_DIRECTORY));
      try {
        attempt('open', () => lstatSync(`/proc/self/fd/${this.fd}/.`));
      } catch (error) {
        closeSync(this.fd);
        throw error;
      }
    } else {
      this.fd = -1;
      if (this.outer !== undefined) this.checkBeneath(this.outer, path);
      else if (this.trustedLinks) checkTrusted(path, this.user.euid);
      const stat = attempt('open', () => lstatSync(Buffer.concat([bytes, Buffer.from('/.')])));
      if (!stat.isDirectory()) throw sysError('ENOTDIR', 'open');
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.forget();
    for (const fd of this.admitted.values()) if (fd >= 0) closeSync(fd);
    if (this.fd >= 0) closeSync(this.fd);
    if (this.outer !== undefined && this.outer.fd >= 0) closeSync(this.outer.fd);
  }

  /** Links that lead out of the tree, or of what it is beneath, are errors. */
  get isBounded(): boolean {
    return this.confined || this.outer !== undefined;
  }

  /** As `Tree.admit`: ways at and below `path` start at what it leads to now, or `way`. */
  admit(path: ByteString, way?: ByteString): void {
    if (path.startsWith('/')) {
      this.admitNamed(path);
      return;
    }
    if (this.admitted.has(path)) return;
    if (this.confined) throw sysError('ELOOP', 'open');
    if (this.outer !== undefined) {
      this.forget();
      this.admitted.set(path, this.fd < 0 ? -1 : this.holdBeneath(this.outer, `${this.root}/${path}`));
      return;
    }
    const { fd, rest } = this.startOf(path);
    const at = bytesOf(way ?? `/proc/self/fd/${fd}/${rest}`);
    this.forget();
    this.admitted.set(
      path,
      this.fd < 0 ? -1 : attempt('open', () => openSync(at, O_PATH | constants.O_DIRECTORY)),
    );
  }

  /** Of an absolute path; where what was held is gone, what is there now is held. */
  private admitNamed(path: ByteString): void {
    // Without descriptors there is only the look at each part.
    if (this.confined || this.fd < 0) return;
    const known = this.admitted.get(path);
    if (known !== undefined) {
      if (fstatSync(known).nlink > 0) return;
      this.admitted.delete(path);
      closeSync(known);
    }
    this.forget();
    const isLoose = !this.trustedLinks && this.outer === undefined;
    const way = isLoose ? bytesOf(path) : bytesOf(`/proc/self/fd/${this.enter(path, 'open')}/.`);
    this.admitted.set(
      path,
      attempt('open', () => openSync(way, O_PATH | constants.O_DIRECTORY)),
    );
    this.forget();
  }

  /**
   * The path of `path` for a system call. Its last component is not looked at. It is good until
   * `heldDirectories` others were resolved, or `forget` called. Throws `SysError` where the way there leads
   * through a link, out of the tree or nowhere.
   */
  resolve(path: ByteString, syscall: string): Buffer {
    if (path.charCodeAt(0) === 0x2f) {
      if (this.confined) throw sysError('EXDEV', syscall);
      const isLoose = !this.trustedLinks && this.outer === undefined;
      if (isLoose && this.startOf(path).fd === this.fd) return bytesOf(path);
    }
    let end = path.length;
    while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end--;
    if (this.outer !== undefined && insideOf(this.outer.path, path.slice(0, end)) === '')
      return this.within(path.slice(0, end), '.', syscall);
    const slash = path.lastIndexOf('/', end - 1);
    const name = path.slice(slash + 1, end);
    if (name === '..') throw sysError('EXDEV', syscall);
    // Of `/NAME` that is `/`.
    const parent = slash < 0 ? '' : path.slice(0, slash === 0 ? 1 : slash);
    return this.within(parent, name === '' ? '.' : name, syscall);
  }

  /** The same for a look at what `path` leads to, through whatever links an absolute one has. */
  resolveFollowing(path: ByteString, syscall: string): Buffer {
    if (this.outer !== undefined) return this.resolveInside(path, syscall);
    return path.startsWith('/') && !this.confined ? bytesOf(path) : this.resolve(path, syscall);
  }

  /** What `path` leads to in the end, which is in the directory around the tree. */
  resolveInside(path: ByteString, syscall: string): Buffer {
    let at = path.startsWith('/') ? path : `${this.root}/${path}`;
    for (let links = 0; links < mostLinks; links++) {
      const resolved = this.resolve(at, syscall);
      const target = finalTarget(resolved);
      if (target === undefined) return resolved;
      if (target.startsWith('/')) break;
      at = besideLink(at, target, syscall);
    }
    throw sysError('ELOOP', syscall);
  }

  /** The same for the directory `dir` as a whole (`''` is the tree itself). */
  resolveDirectory(dir: ByteString, syscall: string): Buffer {
    const isLoose = dir.charCodeAt(0) === 0x2f && this.startOf(dir).fd === this.fd;
    return isLoose ? this.resolve(dir, syscall) : this.within(dir, '.', syscall);
  }

  /** What was held may be gone, or have another name now. */
  forget(): void {
    for (const { fd } of this.held) closeSync(fd);
    this.held = [];
  }

  private within(parent: ByteString, name: ByteString, syscall: string): Buffer {
    if (this.fd < 0) {
      if (!parent.startsWith('/')) return bytesOf(this.join(parent, name, syscall));
      if (this.outer !== undefined) this.checkBeneath(this.outer, parent);
      else checkTrusted(parent, this.user.euid, this.confineRoot);
      return bytesOf(`${parent}/${name}`);
    }
    const fd = this.enter(parent, syscall);
    return bytesOf(`/proc/self/fd/${fd}/${name}`);
  }

  /** A descriptor of a directory below the tree, which stays this object's. */
  private enter(dir: ByteString, syscall: string): number {
    if (dir === '' || dir === '.') return this.fd;
    const index = this.held.findIndex((entry) => entry.path === dir);
    if (index >= 0) {
      const [entry] = this.held.splice(index, 1);
      if (fstatSync(entry.fd).nlink > 0) {
        this.held.unshift(entry);
        return entry.fd;
      }
      closeSync(entry.fd);
    }
    const start = this.startOf(dir);
    const climbs = this.outer !== undefined && this.followParents === 'below' && start.fd === this.fd;
    const isNamed = dir.startsWith('/');
    let fd: number;
    if (climbs) fd = this.enterNamed(isNamed ? dir : `${this.root}/${dir}`);
    else if (!isNamed) fd = this.walk(start.fd, start.rest, syscall);
    else if (start.fd === this.fd) fd = this.enterNamed(dir);
    else fd = this.walk(start.fd, start.rest, syscall, 'never');
    if (fd === start.fd) return fd;
    this.held.unshift({ path: dir, fd });
    if (this.held.length > heldDirectories) closeSync(this.held.pop()?.fd as number);
    return fd;
  }

  /** The innermost admitted directory on the way to `dir`, or the tree itself, and the rest of the way. */
  private startOf(dir: ByteString): { fd: number; rest: ByteString } {
    if (this.admitted.size > 0)
      for (let end = dir.length; end > 0; end = dir.lastIndexOf('/', end - 1)) {
        const fd = this.admitted.get(dir.slice(0, end));
        if (fd !== undefined) return { fd, rest: dir.slice(end + 1) };
      }
    return { fd: this.fd, rest: dir };
  }

  /** A descriptor of a directory in `outer`, by a way that does not leave it. */
  private holdBeneath(outer: { readonly path: ByteString; readonly fd: number }, dir: ByteString): number {
    const way = insideOf(outer.path, dir);
    if (way === undefined) throw sysError('ELOOP', 'open');
    const fd = this.walk(outer.fd, way, 'open', 'below');
    return fd === outer.fd ? attempt('open', () => openSync(`/proc/self/fd/${fd}/.`, walkFlags)) : fd;
  }

  private checkBeneath(outer: { readonly path: ByteString }, dir: ByteString): void {
    const place = attempt('open', () => realpathSync(bytesOf(dir), 'latin1'));
    const base = attempt('open', () => realpathSync(bytesOf(outer.path), 'latin1'));
    if (insideOf(base, place) === undefined) throw sysError('ELOOP', 'open');
  }

  /** A descriptor of an absolute directory. One below the tree is found from the tree, wherever that is now. */
  private enterNamed(dir: ByteString): number {
    if (this.outer !== undefined) return this.holdBeneath(this.outer, dir);
    const root = this.root.replace(/\/+$/, '');
    if (dir === root && this.confineRoot === undefined) return this.fd;
    if (root.startsWith('/') && dir.startsWith(`${root}/`))
      return holdTrusted(`./${dir.slice(root.length + 1)}`, this.user.euid, {
        from: this.fd,
        root: this.confineRoot,
      });
    return holdTrusted(dir, this.user.euid, { root: this.confineRoot });
  }

  /** A descriptor of what lies below `start`; `start` itself where nothing is left of the way. */
  private walk(
    start: number,
    dir: ByteString,
    syscall: string,
    follow: TreeOptions['followParents'] | 'never' = this.followParents ?? 'never',
  ): number {
    if (follow === 'anywhere') {
      if (dir === '') return start;
      return attempt(syscall, () =>
        openSync(bytesOf(`/proc/self/fd/${start}/${dir}`), O_PATH | constants.O_DIRECTORY),
      );
    }
    // Directories on the way, so that `..` of a link leads back and no further.
    const held = [start];
    const left = partsOf(dir);
    try {
      for (let links = 0; left.length > 0; ) {
        const name = left.shift() as ByteString;
        const at = held[held.length - 1];
        if (name === '..') {
          if (held.length === 1 || links === 0)
            throw sysError(follow === 'never' ? 'EXDEV' : 'ELOOP', syscall);
          closeSync(held.pop() as number);
          continue;
        }
        const path = bytesOf(`/proc/self/fd/${at}/${name}`);
        try {
          held.push(openSync(path, walkFlags));
        } catch (error) {
          const target = linkTarget(path, error, syscall);
          if (follow === 'never' || ++links > mostLinks) throw sysError('ELOOP', syscall);
          if (target.startsWith('/')) throw sysError('ELOOP', syscall);
          left.unshift(...partsOf(target));
        }
      }
      return held.pop() as number;
    } finally {
      for (const fd of held) if (fd !== start) closeSync(fd);
    }
  }

  private join(parent: ByteString, name: ByteString, syscall: string): ByteString {
    let path = this.root === '' ? '.' : this.root;
    let below = '';
    for (const part of parent.split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..') throw sysError('EXDEV', syscall);
      path += `/${part}`;
      below += below === '' ? part : `/${part}`;
      if (this.followParents === 'anywhere' || this.admitted.has(below)) continue;
      const at = bytesOf(path);
      if (attempt(syscall, () => lstatSync(at)).isSymbolicLink()) throw sysError('ELOOP', syscall);
    }
    return `${path}/${name}`;
  }
}

/** Where the link leads that was no directory to enter; throws `refusal` where it is none. */
function linkTarget(path: Buffer, refusal: unknown, syscall: string): ByteString {
  const failed = asSysError(refusal, syscall);
  if (failed.code !== 'ENOTDIR' && failed.code !== 'ELOOP') throw failed;
  try {
    return readlinkSync(path, { encoding: 'latin1' });
  } catch {
    throw failed;
  }
}

function outerOf(path: ByteString): { path: ByteString; fd: number } {
  if (process.platform !== 'linux') return { path, fd: -1 };
  return { path, fd: attempt('open', () => openSync(bytesOf(path), O_PATH | constants.O_DIRECTORY)) };
}

/** What of `path` lies below `outer`; undefined where it is beside it. */
function insideOf(outer: ByteString, path: ByteString): ByteString | undefined {
  const base = outer.replace(/\/+$/, '');
  if (path === base || path.startsWith(`${base}/`)) return path.slice(base.length + 1);
  return undefined;
}

function finalTarget(path: Buffer): ByteString | undefined {
  try {
    return readlinkSync(path, { encoding: 'latin1' });
  } catch {
    return undefined;
  }
}

/** Where a link at `path` with a relative target leads. */
function besideLink(path: ByteString, target: ByteString, syscall: string): ByteString {
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw sysError('ELOOP', syscall);
  }
  return parts.join('/');
}

function partsOf(path: ByteString): ByteString[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
