import { SysError } from '../errors.ts';
import type { ListExtras } from '../flist/extras.ts';
import type { ByteString, Xattrs } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../kernel/stat-table.ts';
import { type AclKind, type AclPlace, aclTypeNames, readAclAt, writeAclAt } from '../metadata/acl-store.ts';
import type { At, Present, Wanted } from '../metadata/compare.ts';
import { type Acl, aclOfMode, sameAcl, sameBeyondMode } from '../metadata/posix-acl.ts';
import {
  extrasLookedFor,
  longestWhole,
  missingValues,
  namesOf,
  passesOver,
  readXattrs,
  staysNoted,
  type Xattr,
  XattrFailure,
  type XattrList,
  type XattrTrouble,
  xattrsDiffer,
  xattrValue,
} from '../metadata/xattrs.ts';
import * as text from '../report/messages.ts';
import type { Report } from '../report/report.ts';

/** What a run keeps beside a status. */
export interface ExtrasKept {
  readonly acls: boolean;
  readonly xattrs: boolean;
}

/** What could be read of a path's ACLs. */
interface AclsThere {
  readonly access: Acl | undefined;
  readonly default: Acl | undefined;
}

/**
 * ACLs and extended attributes at a destination: read, compared with what the file list wants, and set (the rest of
 * rsync's acls.c and xattrs.c). What fails is told here.
 */
export class DestinationExtras {
  private readonly extras: ListExtras;
  private readonly kept: ExtrasKept;
  private readonly report: Report;
  private last: (Pick<Present, 'stats' | 'row' | 'path'> & { readonly acls: AclsThere }) | undefined;
  /** Whose attributes could not be read, as was told. */
  private unreadable: ByteString | undefined;

  constructor(extras: ListExtras, kept: ExtrasKept, report: Report) {
    this.extras = extras;
    this.kept = kept;
    this.report = report;
  }

  /** What is looked for beside a status: bits of `Extra`. */
  get lookFor(): number {
    return extrasLookedFor(this.kept, this.extras.xattrRules.user);
  }

  /** Whether a new file that was given no ACL and no attributes is not yet what is wanted. */
  addsToNewFile(wanted: Wanted): boolean {
    const { mode } = wanted;
    if (this.kept.acls && this.accessDiffers(wanted, { access: aclOfMode(mode), default: undefined }, mode))
      return true;
    return this.kept.xattrs && this.extras.xattrs.at(wanted.xattrs).length > 0;
  }

  aclsDiffer(wanted: Wanted, present: Present): boolean {
    const there = this.aclsOf(present);
    return this.accessDiffers(wanted, there, wanted.mode) || this.defaultDiffers(wanted, there);
  }

  private accessDiffers(wanted: Wanted, { access }: AclsThere, mode: number): boolean {
    const acl = this.extras.accessAcls.at(wanted.accessAcl);
    if (acl === undefined || (mode & S_IFMT) === S_IFLNK) return false;
    return access === undefined || !sameBeyondMode(access, acl, mode);
  }

  private defaultDiffers(wanted: Wanted, there: AclsThere): boolean {
    const acl = this.extras.defaultAcls.at(wanted.defaultAcl);
    if (acl === undefined || (wanted.mode & S_IFMT) !== S_IFDIR) return false;
    return there.default === undefined || !sameAcl(there.default, acl);
  }

  /**
   * The ACLs of what is there. As long as the same status is looked at they are those that were read first: what was
   * set meanwhile does not count as having been there.
   */
  private aclsOf(present: Present): AclsThere {
    const { stats, row, path } = present;
    const { last } = this;
    if (last !== undefined && last.stats === stats && last.row === row && last.path === path)
      return last.acls;
    const acls = this.readAcls(present, stats.mode(row), lacksOf(present));
    this.last = { stats, row, path, acls };
    return acls;
  }

  private readAcls(at: At, mode: number, lacks = 0): AclsThere {
    const isDir = (mode & S_IFMT) === S_IFDIR;
    return {
      access: this.readAcl(at, 'access', mode, lacks),
      default: isDir ? this.readAcl(at, 'default', mode, lacks) : undefined,
    };
  }

  /**
   * Sets the ACLs that differ from what is there; without `present` that is looked up. What they leave out comes from
   * the mode. Answers what counts as there from now on, undefined when nothing was set: an access ACL sets permissions.
   */
  setAcls(wanted: Wanted, at: At, present: Present | undefined): Present | 'set' | undefined {
    const { mode } = wanted;
    if ((mode & S_IFMT) === S_IFLNK) return undefined;
    const { accessAcls, defaultAcls } = this.extras;
    const there = present === undefined ? this.readAcls(at, mode) : this.aclsOf(present);
    let now: Present | 'set' | undefined;
    if (
      this.accessDiffers(wanted, there, mode) &&
      this.writeAcl(at, 'access', accessAcls.at(wanted.accessAcl) as Acl, mode)
    )
      now =
        present === undefined || this.extras.xattrRules.user === 'fake'
          ? (present ?? 'set')
          : this.withPermsOf(present, mode);
    if (
      this.defaultDiffers(wanted, there) &&
      this.writeAcl(at, 'default', defaultAcls.at(wanted.defaultAcl) as Acl, mode)
    )
      now ??= present ?? 'set';
    return now;
  }

  /** What is there, with the permissions that an ACL has set, and still with the ACLs that were read first. */
  private withPermsOf({ stats, row, tree, path }: Present, mode: number): Present {
    const now = stats.withMode(row, (stats.mode(row) & ~0o777) | (mode & 0o777));
    if (this.last !== undefined) this.last = { ...this.last, stats: now, row: 0 };
    return { stats: now, row: 0, tree, path };
  }

  /** Gives a backup the ACLs of what it is a backup of. */
  copyAcls(from: Present, to: ByteString): void {
    const mode = from.stats.mode(from.row);
    if (!this.kept.acls || (mode & S_IFMT) === S_IFLNK) return;
    const at = { tree: from.tree, path: to };
    for (const kind of ['access', 'default'] as const) {
      if (kind === 'default' && (mode & S_IFMT) !== S_IFDIR) continue;
      const acl = this.readAcl(from, kind, mode);
      const there = this.readAcl(at, kind, mode);
      if (acl !== undefined && (there === undefined || !sameAcl(acl, there)))
        this.writeAcl(at, kind, acl, mode);
    }
  }

  xattrsDiffer(wanted: Wanted, present: Present | undefined): boolean {
    const there = present === undefined ? [] : this.readXattrs(present);
    return xattrsDiffer(this.extras.xattrs.at(wanted.xattrs), there);
  }

  /**
   * The sender's numbers of the long values that an entry lacks. From now on all of its values count as known: what
   * is not asked for lies where its content is taken from, and the receiver finds it there.
   */
  askFor(wanted: Wanted, present: Present | undefined, asks: boolean): number[] {
    const list = this.extras.xattrs.at(wanted.xattrs);
    const there = (): XattrList => (present === undefined ? [] : this.readXattrs(present));
    const missing = asks ? missingValues(list, there()) : [];
    if (asks || missing.length === 0) for (const one of list) one.settled ||= one.length > longestWhole;
    return missing.map(({ num }) => num).sort((a, b) => a - b);
  }

  /** Takes the values that were asked for; -1, or the number of one that the list of the entry does not have. */
  takeValues(
    place: number,
    values: readonly { readonly num: number; readonly value?: Uint8Array }[],
  ): number {
    const list = this.extras.xattrs.at(place);
    for (const { num, value } of values) {
      const xattr = list.find((one) => one.num === num);
      if (xattr === undefined || value === undefined) return num;
      xattr.value = value;
      xattr.length = value.length;
    }
    return -1;
  }

  /**
   * Gives `at` the wanted attributes, and takes all others away (rsync_xal_set). Long values that did not come are
   * those of `source`. True when one was set or taken away.
   */
  setXattrs(wanted: Wanted, at: At, source: ByteString): boolean {
    const calls = at.tree.xattrs as Xattrs;
    const { xattrRules } = this.extras;
    const list = this.extras.xattrs.at(wanted.xattrs);
    let changed = false;
    this.telling(at, () => {
      const there = namesOf(calls, at.path);
      for (const xattr of list) {
        const isThere = xattr.value === undefined && source === at.path;
        const value = xattr.value ?? this.valueFrom(calls, source, xattr);
        if (value !== undefined && isThere) continue;
        if (value === undefined)
          this.report.print('error', text.xattrValueMissing(at.tree, at.path, xattr.name));
        else if (this.attempt(at, 'set', xattr.name, () => calls.set(at.path, xattr.name, value)))
          changed = true;
      }
      for (const name of there) {
        if (staysNoted(xattrRules, name) || passesOver(xattrRules, name, true)) continue;
        if (list.some((one) => one.name === name)) continue;
        if (this.attempt(at, 'remove', name, () => calls.remove(at.path, name))) changed = true;
      }
    });
    return changed;
  }

  /** Copies attributes with the content of a file, or with a directory (copy_xattrs). */
  copyXattrs(from: At, to: ByteString): void {
    if (!this.kept.xattrs) return;
    const calls = from.tree.xattrs as Xattrs;
    this.telling(from, () => {
      for (const name of namesOf(calls, from.path)) {
        if (passesOver(this.extras.xattrRules, name, true)) continue;
        const value = xattrValue(calls, from.path, name);
        if (!this.attempt({ tree: from.tree, path: to }, 'set', name, () => calls.set(to, name, value)))
          return;
      }
    });
  }

  /** A long value that `path` has as well; kept for whatever else wants it. */
  private valueFrom(calls: Xattrs, path: ByteString, xattr: Xattr): Uint8Array | undefined {
    try {
      const value = calls.get(path, xattr.name);
      if (value?.length !== xattr.length || xattr.sum === undefined) return undefined;
      if (Buffer.compare(this.extras.xattrRules.sum(value), xattr.sum) !== 0) return undefined;
      xattr.value = value;
      return value;
    } catch (error) {
      if (error instanceof SysError) return undefined;
      throw error;
    }
  }

  private readXattrs(at: Present): XattrList {
    try {
      return readXattrs(at.tree.xattrs as Xattrs, at.path, this.extras.xattrRules, lacksOf(at));
    } catch (error) {
      if (!(error instanceof XattrFailure)) throw error;
      // An entry is looked at more than once.
      if (this.unreadable !== at.path) this.tell(at, error.trouble, 'generator');
      this.unreadable = at.path;
      return [];
    }
  }

  private telling(at: At, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof XattrFailure)) throw error;
      this.tell(at, error.trouble);
    }
  }

  private attempt(at: At, call: XattrTrouble['call'], name: ByteString, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.tell(at, { call, name, errno: error.errno });
      return false;
    }
  }

  private tell(at: At, trouble: XattrTrouble, who: text.Who = 'receiver'): void {
    this.report.print('error-xfer', text.xattrFailed(at.tree, at.path, trouble, who));
  }

  private readAcl(at: At, kind: AclKind, mode: number, lacks = 0): Acl | undefined {
    try {
      return readAclAt(this.aclPlace(at, lacks), kind, mode);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.report.print(
        'error-xfer',
        text.aclReadFailed(at.path, aclTypeNames[kind], error.errno, 'generator'),
      );
      return undefined;
    }
  }

  private writeAcl(at: At, kind: AclKind, acl: Acl, mode: number): boolean {
    try {
      writeAclAt(this.aclPlace(at, 0), kind, acl, mode);
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.report.print(
        'error-xfer',
        text.aclWriteFailed(at.path, aclTypeNames[kind], error.errno, 'generator'),
      );
      return false;
    }
  }

  private aclPlace({ tree, path }: At, lacks: number): AclPlace {
    return { calls: tree.xattrs as Xattrs, path, fake: this.extras.xattrRules.user === 'fake', lacks };
  }
}

/** What is known to be lacking (`Lacks`). A file of several names may have got it by another since it was looked at. */
function lacksOf({ stats, row }: Present): number {
  return stats.isDir(row) || stats.nlink(row) < 2 ? stats.lacks(row) : 0;
}
