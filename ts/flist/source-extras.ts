import { SysError } from '../errors.ts';
import type { ByteString, Xattrs } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../kernel/stat-table.ts';
import { type AclKind, type AclPlace, aclTypeNames, readAclAt } from '../metadata/acl-store.ts';
import { emptyAcl, withoutPerms } from '../metadata/posix-acl.ts';
import { readXattrs, XattrFailure } from '../metadata/xattrs.ts';
import type { FlistContext } from './context.ts';
import type { ListExtras } from './extras.ts';
import { type FileList, isSpecialMode } from './file-list.ts';
import type { SourceRoot } from './source-roots.ts';
import type { FlistFormat } from './wire-format.ts';

/** Where an entry's ACLs and attributes are in the tables of a run. */
export interface ExtraPlaces {
  accessAcl: number;
  defaultAcl: number;
  xattrs: number;
}

/** Reads the ACLs and extended attributes of the entries that a sender lists (rsync's get_acl and get_xattr). */
export class SourceExtras {
  private readonly places: ExtraPlaces = { accessAcl: -1, defaultAcl: -1, xattrs: -1 };
  private readonly context: FlistContext;
  private readonly format: FlistFormat;
  private readonly extras: ListExtras;

  constructor(context: FlistContext, format: FlistFormat, extras: ListExtras) {
    this.context = context;
    this.format = format;
    this.extras = extras;
  }

  /**
   * What lies at `path`, of the mode that its entry will have and with what its status tells it to lack (`Lacks`);
   * undefined where it cannot be read, which was told. A symbolic link that an entry was sent in place of has its own
   * attributes, as in rsync, and the ACLs of what it leads to (`follow`).
   */
  read(
    root: SourceRoot,
    path: ByteString,
    mode: number,
    { lacks, follow }: { readonly lacks: number; readonly follow: boolean },
  ): ExtraPlaces | undefined {
    const { format, places } = this;
    const { report, texts } = this.context;
    const calls = root.tree.xattrs as Xattrs;
    const reads = this.hasSome(mode);
    try {
      if (format.acls && (mode & S_IFMT) !== S_IFLNK) {
        const at = { calls, path, fake: this.extras.xattrRules.user === 'fake', follow, lacks };
        places.accessAcl = this.readAcl(at, 'access', reads, mode);
        if ((mode & S_IFMT) === S_IFDIR) places.defaultAcl = this.readAcl(at, 'default', reads, mode);
      }
      if (format.xattrs)
        places.xattrs = this.extras.xattrs.find(
          reads ? readXattrs(calls, path, this.extras.xattrRules, lacks) : [],
        );
      return places;
    } catch (error) {
      if (error instanceof AclFailure)
        report.print('error-xfer', texts.aclReadFailed(path, error.type, error.errno, 'sender'));
      else if (error instanceof XattrFailure)
        report.print('error-xfer', texts.xattrFailed(root.place, path, error.trouble, 'sender'));
      else throw error;
      return undefined;
    }
  }

  /** Notes them for an entry. */
  put(list: FileList, i: number, { accessAcl, defaultAcl, xattrs }: ExtraPlaces): void {
    if (this.format.acls && !list.isLink(i)) {
      list.setValue('accessAcl', i, accessAcl);
      if (list.isDir(i)) list.setValue('defaultAcl', i, defaultAcl);
    }
    if (this.format.xattrs) list.setValue('xattrs', i, xattrs);
  }

  private readAcl(at: AclPlace, kind: AclKind, reads: boolean, mode: number): number {
    const { accessAcls, defaultAcls } = this.extras;
    const table = kind === 'access' ? accessAcls : defaultAcls;
    if (!reads) return table.find(emptyAcl);
    try {
      const acl = readAclAt(at, kind, mode);
      return table.find(kind === 'access' ? withoutPerms(acl, mode) : acl);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      throw new AclFailure(aclTypeNames[kind], error.errno);
    }
  }

  /** Whether entries of a type are looked at: links, nodes and the like only where they are kept. */
  private hasSome(mode: number): boolean {
    const { links, devices, specials } = this.format;
    switch (mode & S_IFMT) {
      case S_IFREG:
      case S_IFDIR:
        return true;
      case S_IFLNK:
        return links;
      case 0:
        return false;
      default:
        return isSpecialMode(mode) ? specials : devices;
    }
  }
}

class AclFailure extends Error {
  readonly type: string;
  readonly errno: number;
  constructor(type: string, errno: number) {
    super('ACL');
    this.type = type;
    this.errno = errno;
  }
}
