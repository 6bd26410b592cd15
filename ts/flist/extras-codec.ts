import type { ByteString } from '../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../kernel/stat-table.ts';
import type { AclTable } from '../metadata/acl-table.ts';
import type { Acl, AclName } from '../metadata/posix-acl.ts';
import { keptName, toldName, type Xattr } from '../metadata/xattrs.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { readAcl, type SentAcl, writeAcl } from './acl-codec.ts';
import type { ListExtras } from './extras.ts';
import type { FileList } from './file-list.ts';
import type { SentIds } from './id-lists.ts';
import type { IdMap } from './id-map.ts';
import type { FlistFormat } from './wire-format.ts';
import { readXattrList, type SentXattr, writeXattrs } from './xattr-codec.ts';

/** Writes what follows an entry: its ACLs and attributes, as the number of ones that were sent, or in full. */
export class ExtrasWriter {
  private readonly writer: Writer;
  private readonly format: FlistFormat;
  private readonly ids: SentIds;
  private readonly extras: ListExtras;
  /** How many of each table were sent: the next one in it goes in full. */
  private readonly sent = { accessAcls: 0, defaultAcls: 0, xattrs: 0 };

  constructor(writer: Writer, format: FlistFormat, ids: SentIds, extras: ListExtras) {
    this.writer = writer;
    this.format = format;
    this.ids = ids;
    this.extras = extras;
  }

  write(list: FileList, i: number): void {
    const { writer, format, extras, sent } = this;
    if (format.acls && !list.isLink(i)) {
      this.writeAcl('accessAcls', list.value('accessAcl', i));
      if (list.isDir(i)) this.writeAcl('defaultAcls', list.value('defaultAcl', i));
    }
    if (!format.xattrs) return;
    const place = list.value('xattrs', i);
    if (place < sent.xattrs) writer.varint(place + 1);
    else {
      writeXattrs(writer, extras.xattrs.at(place), (name) => toldName(extras.xattrRules, name));
      sent.xattrs++;
    }
  }

  private writeAcl(kind: 'accessAcls' | 'defaultAcls', place: number): void {
    const { writer, format, ids, sent } = this;
    const acl = this.extras[kind].at(place);
    if (place < sent[kind] || acl === undefined) writer.varint(place + 1);
    else {
      writeAcl(writer, acl, format, ids);
      sent[kind]++;
    }
  }
}

/** ACLs and attributes of one entry as they came: in full, or the place of ones that came before. */
export interface SentExtras {
  readonly access: SentAcl | number | undefined;
  readonly defaults: SentAcl | number | undefined;
  readonly xattrs: readonly SentXattr[] | number | undefined;
}

/** Reads what follows an entry. */
export class ExtrasReader {
  private readonly reader: Reader;
  private readonly format: FlistFormat;
  private readonly ids: IdMap;
  private readonly extras: ListExtras;

  constructor(reader: Reader, format: FlistFormat, ids: IdMap, extras: ListExtras) {
    this.reader = reader;
    this.format = format;
    this.ids = ids;
    this.extras = extras;
  }

  /** Inside `Reader.record`; nothing changes until `put`. `path`: for messages. */
  read(mode: number, path: () => ByteString): SentExtras {
    const { reader, format, extras } = this;
    const type = mode & S_IFMT;
    const anyPerms = extras.xattrRules.user === 'fake';
    const hasAcl = format.acls && type !== S_IFLNK;
    const acl = (kind: 'ACL_TYPE_ACCESS' | 'ACL_TYPE_DEFAULT', { count }: AclTable) =>
      readAcl(reader, { known: count, kind, anyPerms, mode });
    const access = hasAcl ? acl('ACL_TYPE_ACCESS', extras.accessAcls) : undefined;
    const defaults = hasAcl && type === S_IFDIR ? acl('ACL_TYPE_DEFAULT', extras.defaultAcls) : undefined;
    const xattrs = format.xattrs ? readXattrList(reader, extras.xattrs.count, path) : undefined;
    return { access, defaults, xattrs };
  }

  /** Notes them for an entry. */
  put(list: FileList, i: number, { access, defaults, xattrs }: SentExtras): void {
    const { extras } = this;
    const place = (acl: SentAcl | number, table: AclTable) =>
      typeof acl === 'number' ? acl : table.add(this.localAcl(acl));
    if (access !== undefined) list.setValue('accessAcl', i, place(access, extras.accessAcls));
    if (defaults !== undefined) list.setValue('defaultAcl', i, place(defaults, extras.defaultAcls));
    if (xattrs === undefined) return;
    const kept = typeof xattrs === 'number' ? xattrs : extras.xattrs.add(this.keptXattrs(xattrs));
    list.setValue('xattrs', i, kept);
  }

  /** The ids are ours: by their names, or where lists come in pieces by what they are mapped to. */
  private localAcl({ called, names, ...acl }: SentAcl): Acl {
    const { ids } = this;
    const { incRecurse, numericIds } = this.format;
    const local = ({ isUser, id }: AclName, name: ByteString | undefined): number => {
      if (name !== undefined) return (isUser ? ids.addUser(id, name) : ids.addGroup(id, name)).local;
      if (!incRecurse) return id;
      // As with rsync, --usermap and --groupmap change nothing here then; who is not root has to know his groups.
      if (numericIds && (isUser || this.extras.xattrRules.user !== 'plain')) return id;
      return isUser ? ids.uid(id) : ids.gid(id);
    };
    return { ...acl, names: names.map((one, k) => ({ ...one, id: local(one, called[k]) })) };
  }

  /** What is kept of a sender's attributes, under our names for them. */
  private keptXattrs(sent: readonly SentXattr[]): Xattr[] {
    const kept: Xattr[] = [];
    sent.forEach((xattr, k) => {
      const name = keptName(this.extras.xattrRules, xattr.name);
      if (name !== undefined) kept.push({ ...xattr, name, num: k + 1, settled: false });
    });
    return kept.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
