import { ExitCode, overflowError, protocolError, RsyncError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { CodingState, codingStateWords, entryBytes } from '../kernel/listing.ts';
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
import type { WireCharset } from '../wire/charset.ts';
import { maxPath } from '../wire/constants.ts';
import type { Reader } from '../wire/reader.ts';
import type { ExtrasReader, SentExtras } from './extras-codec.ts';
import { type EntryFields, EntryFlag, type FileList, isDeviceMode, isSpecialMode } from './file-list.ts';
import type { IdMap } from './id-map.ts';
import { InodeNumbers } from './inode-numbers.ts';
import type { NameGuard } from './name-guard.ts';
import { cleanName, hasDotDot } from './name-rules.ts';
import { type FlistFormat, rdevMajorOf, rdevMinorOf, Xmit } from './wire-format.ts';

const slash = 0x2f;
const dot = 0x2e;
/** Nanoseconds of a wire time are below this. */
const maxNsec = 999_999_999;
const permBits = 0o7777;
/** Entries that there is room for when plain ones are decoded, and the usual length of their names. */
const plainRoom = 64;
const usualName = 16;
/** Bytes of input that are worth a call. */
const leastPlain = 64;

export interface DecoderSettings {
  readonly reader: Reader;
  readonly format: FlistFormat;
  readonly ids: IdMap;
  readonly amRoot: boolean;
  readonly guard?: NameGuard;
  readonly tweakMode?: (mode: number) => number;
  readonly mapLinkTarget?: (target: ByteString, depth: number) => ByteString;
  /** The kernel's call for plain entries, where it has one and nothing of them has to be looked at. */
  readonly decodeEntries?: Kernel['decodeEntries'];
  /** --delete-missing-args: an entry of mode 0 asks for a deletion. */
  readonly allowMissing: boolean;
  /** With --acls or --xattrs. */
  readonly extras?: ExtrasReader;
  /** With --iconv, and who hears of names that it cannot convert. `name`: as it was sent, of a target the link's. */
  readonly charset?: WireCharset;
  /** Hears of each name that is not the first of its inode; `isHere`: that is in the same list. */
  onLink?(ndx: number, first: number, isHere: boolean): void;
  /** Before protocol 30: each device that names of inodes are on. */
  readonly onDevice?: (dev: number) => void;
  onUnnamed?(what: 'name' | 'target', name: ByteString, errno: number): void;
}

/**
 * Decodes the entries of a peer's file list (rsync's recv_file_entry). What an entry does not say it has
 * from the one before it, across the segments of a list too.
 */
export class FlistDecoder {
  private readonly settings: DecoderSettings;
  private readonly reader: Reader;
  private readonly format: FlistFormat;
  private readonly inodes = new InodeNumbers();

  /** The name of the entry before, as it was on the wire. */
  private readonly last = Buffer.alloc(maxPath);
  private lastLength = 0;
  /** Where the last slash of that name is (-1: none), and its directory's number in `dirList`. */
  private lastSlash = -1;
  private lastDir = 0;
  private dirList: FileList | undefined;
  private mtime = 0;
  private atime = 0;
  private mode = 0;
  private uid = 0;
  private gid = 0;
  private gidFlags = 0;
  private rdevMajor = 0;
  /** Protocol 27: the last device's whole number. */
  private rdev = 0;
  private dev = 0;
  /** Protocols below 30: in a tree that was named as a source, and how long its name is. */
  private inTopTree = false;
  private topTreeLength = 0;
  private readonly state = new Float64Array(codingStateWords);
  private plainIn: { list: FileList | undefined; dir: number; takes: boolean } = {
    list: undefined,
    dir: 0,
    takes: false,
  };
  /** Set at the end of a list: the peer's `IoError` bits. */
  endIoError = 0;

  private readonly fields: EntryFields = {
    mode: 0,
    size: 0,
    mtime: 0,
    mtimeNsec: 0,
    uid: 0,
    gid: 0,
    flags: 0,
  };
  private readonly sum = Buffer.alloc(64);
  private readonly incoming = newIncoming();

  constructor(settings: DecoderSettings) {
    this.settings = settings;
    this.reader = settings.reader;
    this.format = settings.format;
    this.inodes.onDevice = settings.onDevice;
  }

  /**
   * Decodes one entry into `list`, for use inside `Reader.record`; false at the end of the list. `parent`
   * is the directory that a segment must be about, `undefined` where entries may lie anywhere.
   */
  entry(list: FileList, parent: ByteString | undefined): boolean {
    const flags = this.readFlags();
    if (flags === endOfList) return false;
    this.readEntry(list, flags, parent);
    return true;
  }

  /**
   * Takes the plain entries that are buffered, in the directory of the entry before, and counts them; with a
   * kernel that can. What comes then is for `entry`.
   */
  plainEntries(list: FileList, totals: { files: number; size: number }): void {
    const { settings, reader, format, state } = this;
    const { decodeEntries } = settings;
    if (decodeEntries === undefined || this.dirList !== list || this.lastWasOdd || !this.takesPlain(list))
      return;
    for (;;) {
      const input = reader.piece();
      if (input.length < leastPlain) return;
      const records = list.freeRecords(plainRoom, plainRoom * usualName);
      state[CodingState.LastLength] = this.lastLength;
      state[CodingState.Base] = this.lastSlash + 1;
      state[CodingState.Mtime] = this.mtime;
      state[CodingState.Mode] = this.mode;
      decodeEntries(input, this.last, state, records, list.names, {
        uid: format.owner ? this.uid : 0,
        gid: format.group ? this.gid : 0,
        dir: this.lastDir,
        flags: format.group ? this.gidFlags : 0,
        varintFlags: format.varintFlags,
        namesUsed: list.namesUsed,
      });
      const count = state[CodingState.Count];
      if (count === 0) return;
      this.lastLength = state[CodingState.LastLength];
      this.mtime = state[CodingState.Mtime];
      this.mode = state[CodingState.Mode];
      list.addRecords(count, state[CodingState.NameBytes]);
      totals.files += count;
      totals.size += state[CodingState.Size];
      reader.took(state[CodingState.Consumed]);
      // Else there was no room.
      if (count * entryBytes < records.length && list.namesUsed + usualName < list.names.length) return;
    }
  }

  /** True where every plain entry of the directory at hand is welcome. */
  private takesPlain(list: FileList): boolean {
    if (this.plainIn.list === list && this.plainIn.dir === this.lastDir) return this.plainIn.takes;
    const takes = this.settings.guard?.allowsAllIn(list.dirs[this.lastDir].path) !== false;
    this.plainIn = { list, dir: this.lastDir, takes };
    return takes;
  }

  /** What an entry begins with: its flags, or `endOfList`. For `entry`, and for who looks at them before it. */
  readFlags(): number {
    const { reader, format } = this;
    if (format.varintFlags) {
      const flags = reader.varint();
      if (flags !== 0) return flags;
      this.endIoError = reader.varint();
      return endOfList;
    }
    let flags = reader.byte();
    if (flags === 0) {
      this.endIoError = 0;
      return endOfList;
    }
    if (format.protocol < 28) return flags;
    if (flags & Xmit.ExtendedFlags) flags |= reader.byte() << 8;
    if (flags === (Xmit.ExtendedFlags | Xmit.IoErrorEndlist)) {
      if (!format.safeFlist) throw protocolError(`Invalid flist flag: ${flags.toString(16)}`);
      this.endIoError = reader.varint();
      return endOfList;
    }
    return flags;
  }

  private readEntry(list: FileList, xflags: number, parent: ByteString | undefined): void {
    // Until everything is read nothing else may change: the record may have to be read again.
    const entry = this.incoming;
    const { settings } = this;
    this.readStart(entry, list, xflags);
    if (entry.twin >= 0) this.copyTwin(entry, list);
    else this.readFields(entry, xflags);
    if (entry.size < 0)
      throw new RsyncError(ExitCode.Unsupported, 'Offset underflow: file-length is negative');
    this.readRest(entry, xflags);

    this.mapIds(entry);
    const sharedSlash = this.lastSlash;
    this.carry(entry);
    const i =
      settings.charset === undefined
        ? this.place(list, entry.length, entry.shared, sharedSlash, parent)
        : this.placeConverted(list, entry.length, settings.charset, parent);
    this.complete(entry, list, i, xflags);
    if (entry.group >= 0) settings.onLink?.(list.ndxStart + i, entry.group, entry.twin >= 0);
  }

  /** Name and hard link. What is not sent is as it was in the entry before. */
  private readStart(entry: Incoming, list: FileList, xflags: number): void {
    const { reader, format } = this;
    entry.shared = xflags & Xmit.SameName ? reader.byte() : 0;
    entry.length = this.readName(entry.shared, xflags);
    entry.group = -1;
    entry.twin = -1;
    if (format.protocol >= 30 && (xflags & (Xmit.Hlinked | Xmit.HlinkFirst)) === Xmit.Hlinked) {
      const group = reader.varint();
      if (group < 0 || group >= list.ndxStart + list.count)
        throw protocolError(`hard-link reference out of range: ${group} (${list.ndxStart + list.count})`);
      entry.group = group;
      if (group >= list.ndxStart) entry.twin = group - list.ndxStart;
    }
    entry.mtime = this.mtime;
    entry.atime = this.atime;
    entry.mode = this.mode;
    entry.uid = this.uid;
    entry.gid = this.gid;
    entry.gidFlags = this.gidFlags;
    entry.rdevMajor = this.rdevMajor;
    entry.rdev = this.rdev;
    entry.dev = this.dev;
    forget(entry);
  }

  /** Another name of an inode in the same list has all that could follow. */
  private copyTwin(entry: Incoming, list: FileList): void {
    const { format } = this;
    const { twin } = entry;
    entry.size = list.size(twin);
    entry.mtime = list.mtime(twin);
    entry.nsec = list.mtimeNsec(twin);
    entry.mode = list.mode(twin);
    if (format.atimes) entry.atime = list.atime(twin);
    if (format.owner) entry.uid = list.uid(twin);
    if (format.group) entry.gid = list.gid(twin);
    if (isDeviceMode(entry.mode)) {
      entry.rdevMinor = list.rdevMinor(twin);
      if (format.devices) entry.rdevMajor = list.rdevMajor(twin);
    }
    entry.target = list.linkTarget(twin);
  }

  private readFields(entry: Incoming, xflags: number): void {
    const { reader, format, settings } = this;
    const { protocol } = format;
    const modern = protocol >= 30;
    entry.size = reader.varlong30(3);
    if ((xflags & Xmit.SameTime) === 0) entry.mtime = modern ? reader.varlong(4) : reader.uint();
    if (xflags & Xmit.ModNsec) entry.nsec = this.readNsec();
    let { mode } = entry;
    if ((xflags & Xmit.SameMode) === 0) {
      mode = reader.int() & 0xffff;
      if (!isKnownType(mode) && !(mode === 0 && settings.allowMissing))
        throw protocolError(
          `invalid file mode 0${mode.toString(8)} for ${this.lastName(entry.length)} [receiver]`,
        );
    }
    if (format.atimes && (mode & S_IFMT) !== S_IFDIR && (xflags & Xmit.SameAtime) === 0)
      entry.atime = reader.varlong(4);
    if (settings.tweakMode !== undefined && (mode & S_IFMT) !== S_IFLNK && mode !== 0)
      mode = (mode & S_IFMT) | (settings.tweakMode(mode) & permBits);
    entry.mode = mode;
    if (format.owner && (xflags & Xmit.SameUid) === 0) {
      entry.uidRead = true;
      entry.uid = (modern ? reader.varint() : reader.int()) >>> 0;
      if (modern && xflags & Xmit.UserNameFollows) entry.userName = reader.string(reader.byte());
    }
    if (format.group && (xflags & Xmit.SameGid) === 0) {
      entry.gidRead = true;
      entry.gid = (modern ? reader.varint() : reader.int()) >>> 0;
      if (modern && xflags & Xmit.GroupNameFollows) entry.groupName = reader.string(reader.byte());
    }
    const isDevice = isDeviceMode(mode);
    if (isDevice) entry.size = 0;
    const hasRdev = (format.devices && isDevice) || (format.specials && isSpecialMode(mode) && protocol < 31);
    if (protocol < 28) this.readRdev(entry, xflags, hasRdev);
    else if (hasRdev) {
      if ((xflags & Xmit.SameRdevMajor) === 0) entry.rdevMajor = reader.varint30() >>> 0;
      if (modern) entry.rdevMinor = reader.varint() >>> 0;
      else entry.rdevMinor = xflags & Xmit.RdevMinor8 ? reader.byte() : reader.int() >>> 0;
      entry.size = 0;
    }
    if (format.links && (mode & S_IFMT) === S_IFLNK) entry.target = this.readTarget();
  }

  /** Protocol 27: a device's number is one word, and that of what is none is 0. */
  private readRdev(entry: Incoming, xflags: number, hasRdev: boolean): void {
    if (!hasRdev) {
      entry.rdev = 0;
      return;
    }
    if ((xflags & Xmit.SameRdev) === 0) entry.rdev = this.reader.int();
    entry.rdevMajor = rdevMajorOf(entry.rdev);
    entry.rdevMinor = rdevMinorOf(entry.rdev);
    entry.size = 0;
  }

  private readNsec(): number {
    const nsec = this.reader.varint();
    if (nsec < 0 || nsec > maxNsec)
      throw protocolError(`wire value modtime_nsec out of range: ${nsec} not in [0,${maxNsec}] [receiver]`);
    return nsec;
  }

  private readTarget(): ByteString {
    const length = this.reader.varint30();
    if (length < 0 || length >= maxPath)
      throw overflowError('Receiver', 'recv_file_entry', `overflow: linkname_len=${length}`);
    return this.reader.string(length);
  }

  /** What comes behind the fields: the inode of old protocols, the checksum, ACLs and attributes. */
  private readRest(entry: Incoming, xflags: number): void {
    const { reader, format, settings } = this;
    const isRegular = (entry.mode & S_IFMT) === S_IFREG;
    const { protocol } = format;
    if (protocol < 30 && format.hardLinks && hasInode(protocol, xflags, isRegular)) {
      if (protocol < 28 || (xflags & Xmit.SameDev) === 0) entry.dev = reader.longint();
      entry.inoLow = reader.int();
      if (entry.inoLow === -1) {
        entry.inoLow = reader.uint();
        entry.inoHigh = reader.uint();
      }
    }
    // What is no regular file has one of zeros there in protocol 27, which is overwritten before it is looked at.
    if (format.sumLength > 0 && (isRegular || protocol < 28) && entry.twin < 0)
      reader.copy(this.sum, 0, format.sumLength);
    entry.extras = settings.extras?.read(entry.mode, () => this.lastName(entry.length));
  }

  /** The sender's ids become ours, where they are mapped on the way. */
  private mapIds(entry: Incoming): void {
    const { settings, format } = this;
    const { ids } = settings;
    const { userName, groupName } = entry;
    const inc = format.incRecurse;
    if (userName !== undefined) entry.uid = ids.addUser(entry.uid, userName).local;
    else if (entry.uidRead && inc && ids.mapsUsers(format.numericIds)) entry.uid = ids.uid(entry.uid);
    if (!entry.gidRead || format.protocol < 30) return;
    const remote = entry.gid;
    if (groupName !== undefined) entry.gid = ids.addGroup(remote, groupName).local;
    else if (inc && ids.mapsGroups(format.numericIds)) entry.gid = ids.gid(remote);
    const mayNot = (groupName !== undefined || (inc && !settings.amRoot)) && ids.skipGroup(remote);
    entry.gidFlags = mayNot ? EntryFlag.SkipGroup : 0;
  }

  /** What the next entry may have in common with this one, and the fields of the list's own entry. */
  private carry(entry: Incoming): void {
    const { fields } = this;
    this.lastLength = entry.length;
    fields.mtime = this.mtime = entry.mtime;
    this.atime = entry.atime;
    fields.mode = this.mode = entry.mode;
    fields.uid = this.uid = entry.uid;
    fields.gid = this.gid = entry.gid;
    this.gidFlags = entry.gidFlags;
    this.rdevMajor = entry.rdevMajor;
    this.rdev = entry.rdev;
    this.dev = entry.dev;
    fields.size = entry.size;
    fields.mtimeNsec = entry.nsec;
    fields.flags = this.format.group ? entry.gidFlags : 0;
  }

  /** What an entry has besides its record. */
  private complete(entry: Incoming, list: FileList, i: number, wireFlags: number): void {
    const { format, settings } = this;
    const { mode, target, twin } = entry;
    if (!list.isActive(i)) return;
    const isDir = (mode & S_IFMT) === S_IFDIR;
    const xflags = this.checkName(list, i, isDir, wireFlags);
    if (isDir) list.setFlag(i, this.dirFlags(list, i, xflags, entry.shared, entry.length));
    if (isDeviceMode(mode))
      list.setRdev(i, format.devices ? entry.rdevMajor : 0, format.devices ? entry.rdevMinor : 0);
    if ((mode & S_IFMT) === S_IFLNK && target !== '') {
      const map = twin < 0 ? settings.mapLinkTarget : undefined;
      const own = twin < 0 ? this.convertTarget(list, i, target) : target;
      list.setLinkTarget(i, map === undefined || own === '' ? own : map(own, list.dir(i).depth));
    }
    const isRegular = (mode & S_IFMT) === S_IFREG;
    if (format.hardLinks && hasInode(format.protocol, xflags, isRegular))
      this.noteLink(entry, list, i, xflags);
    if (format.sumLength > 0 && (mode & S_IFMT) === S_IFREG) {
      const sum = twin < 0 ? this.sum : (list.checksum(twin) ?? this.sum);
      list.setChecksum(i, sum, 0, format.sumLength);
    }
    if (format.atimes && !isDir) list.setAtime(i, entry.atime);
    if (entry.extras !== undefined) settings.extras?.put(list, i, entry.extras);
  }

  /** The target of a link in our charset. Where that has none for it, the entry is there for its index alone. */
  private convertTarget(list: FileList, i: number, target: ByteString): ByteString {
    const { charset, onUnnamed } = this.settings;
    if (charset === undefined || !this.format.convertsTargets) return target;
    const converted = charset.fromWire(target);
    if (typeof converted === 'string') return converted;
    onUnnamed?.('target', list.path(i), converted);
    list.setFlag(i, EntryFlag.Cleared);
    return '';
  }

  private noteLink(entry: Incoming, list: FileList, i: number, xflags: number): void {
    if (!list.isDir(i)) list.setFlag(i, EntryFlag.Hlinked);
    if (this.format.protocol < 30)
      list.setHardLinkGroup(i, this.inodes.number(entry.dev, entry.inoHigh, entry.inoLow));
    else list.setHardLinkGroup(i, xflags & Xmit.HlinkFirst ? list.ndxStart + i : entry.group);
  }

  /** Reads the rest of a name behind the `shared` bytes it has in common with the last; its length. */
  private readName(shared: number, xflags: number): number {
    const { reader, last } = this;
    const rest = xflags & Xmit.LongName ? reader.varint30() : reader.byte();
    if (rest < 0 || rest >= maxPath - shared)
      throw overflowError(
        'Receiver',
        'recv_file_entry',
        `overflow: xflags=0x${xflags.toString(16)} l1=${shared} l2=${rest} lastname=${this.lastName(this.lastLength)} [receiver]`,
      );
    if (shared > this.lastLength)
      throw protocolError(`name prefix of ${shared} bytes is longer than the name before it [receiver]`);
    reader.copy(last, shared, rest);
    return shared + rest;
  }

  private lastName(length: number): ByteString {
    return this.last.toString('latin1', 0, length);
  }

  /** Adds the entry under its checked name. */
  private place(
    list: FileList,
    length: number,
    shared: number,
    sharedSlash: number,
    parent: ByteString | undefined,
  ): number {
    const { last } = this;
    if (length === 0) throw protocolError('empty name in the file list [receiver]');
    // Components before the shared part are as they were checked with the last name.
    let from = sharedSlash < shared ? sharedSlash + 1 : componentStart(last, shared);
    let at = from;
    let plain = !(from === 0 && last[0] === slash);
    let lastSlash = from - 1;
    for (; at < length && plain; at++) {
      const byte = last[at];
      if (byte === 0) throw protocolError('NUL byte in a name of the file list [receiver]');
      if (byte !== slash) continue;
      plain = !isSpecialComponent(last, from, at);
      lastSlash = at;
      from = at + 1;
    }
    if (plain && isSpecialComponent(last, from, length)) plain = length === 1 && last[0] === dot;
    if (!plain || this.lastWasOdd) return this.placeOdd(list, length, parent);

    if (lastSlash !== sharedSlash || shared <= lastSlash || this.dirList !== list) {
      const prefix = last.toString('latin1', 0, lastSlash + 1);
      this.lastDir = list.internDir(prefix, 0);
      this.checkParent(prefix, parent, list, length);
      this.dirList = list;
      this.lastSlash = lastSlash;
    }
    return list.add(last, lastSlash + 1, length, this.lastDir, this.fields);
  }

  /** The name before needed cleaning: nothing is known of the part shared with it. */
  private lastWasOdd = false;

  /** Names that are not in their plain form: absolute ones, and those a hostile or odd sender makes. */
  private placeOdd(list: FileList, length: number, parent: ByteString | undefined): number {
    const raw = this.lastName(length);
    const i = this.placeNamed(list, length, raw, parent);
    this.lastWasOdd = raw !== list.path(i) || raw.charCodeAt(0) === slash;
    return i;
  }

  private placeNamed(
    list: FileList,
    length: number,
    raw: ByteString,
    parent: ByteString | undefined,
  ): number {
    if (raw.includes('\0')) throw protocolError('NUL byte in a name of the file list [receiver]');
    const name = cleanName(raw);
    if (hasDotDot(name) || (!this.format.relative && name.startsWith('/')))
      throw new RsyncError(ExitCode.Unsupported, `ABORTING due to unsafe pathname from sender: ${raw}`);
    const at = name.lastIndexOf('/') + 1;
    const prefix = name.slice(0, at);
    if (at === name.length) throw protocolError('empty name in the file list [receiver]');
    this.lastDir = list.internDir(prefix, 0);
    this.checkParent(prefix, parent, list, length);
    this.lastSlash = -1;
    this.dirList = undefined;
    const bytes = Buffer.from(name.slice(at), 'latin1');
    return list.add(bytes, 0, bytes.length, this.lastDir, this.fields);
  }

  /** --iconv: the entry under its name in our charset. One that has none is there for its index alone. */
  private placeConverted(
    list: FileList,
    length: number,
    charset: WireCharset,
    parent: ByteString | undefined,
  ): number {
    const sent = this.lastName(length);
    const name = charset.fromWire(sent);
    if (typeof name === 'string') return this.placeNamed(list, length, name, parent);
    this.settings.onUnnamed?.('name', sent, name);
    return list.addName('', list.internDir('', 0), { ...this.fields, flags: EntryFlag.Cleared });
  }

  private checkParent(
    prefix: ByteString,
    parent: ByteString | undefined,
    list: FileList,
    length: number,
  ): void {
    if (parent === undefined) return;
    const path = list.dirs[this.lastDir].path;
    const relative = this.format.relative && path.startsWith('/') ? path.slice(1) : path;
    if (relative !== parent || (prefix === '' && parent !== ''))
      throw new RsyncError(
        ExitCode.Unsupported,
        `ABORTING due to invalid path from sender: ${this.lastName(length)}`,
      );
  }

  /** The transfer's root must be a directory, and everything else must have been asked for. */
  private checkName(list: FileList, i: number, isDir: boolean, xflags: number): number {
    const { guard } = this.settings;
    const isRoot = this.isRootName(list, i);
    if (isRoot && !isDir)
      throw protocolError(`ERROR: rejecting non-directory transfer-root entry: ${list.path(i)}`);
    if (guard === undefined) return xflags;
    const path = list.path(i);
    if (!isRoot) {
      const verdict = guard.check(path, isDir);
      if (verdict !== 'ok')
        throw new RsyncError(ExitCode.Unsupported, `ERROR: rejecting ${verdict} file-list name: ${path}`);
    }
    if (!isDir || !guard.isImpliedParent(path)) return xflags;
    return this.format.protocol >= 30 ? xflags | Xmit.NoContentDir | Xmit.TopDir : xflags;
  }

  private isRootName(list: FileList, i: number): boolean {
    if (list.nameLengthOf(i) !== 1) return false;
    const { prefix } = list.dir(i);
    return (prefix === '' || prefix === '/') && list.basename(i) === '.';
  }

  /** Whether a directory's content is part of the transfer; protocols below 30 let it be inferred. */
  private dirFlags(list: FileList, i: number, xflags: number, shared: number, length: number): number {
    const { format, last } = this;
    const isTop = (xflags & Xmit.TopDir) !== 0;
    if (format.protocol >= 30) {
      if (xflags & Xmit.NoContentDir) return isTop ? EntryFlag.ImpliedDir : 0;
      return EntryFlag.ContentDir | (isTop ? EntryFlag.TopDir : 0);
    }
    if (isTop) {
      if (this.settings.guard?.isImpliedParent(list.path(i))) return EntryFlag.ImpliedDir;
      this.inTopTree = format.recursive;
      this.topTreeLength = list.depth(i) === 0 ? 0 : length;
      const n = this.topTreeLength;
      if (format.relative && n > 2 && last[n - 1] === dot && last[n - 2] === slash) this.topTreeLength -= 2;
      return EntryFlag.TopDir | EntryFlag.ContentDir;
    }
    if (!this.inTopTree) return 0;
    const n = this.topTreeLength;
    if (!format.relative || n === 0 || (shared >= n && last[n] === slash)) return EntryFlag.ContentDir;
    this.inTopTree = false;
    return 0;
  }
}

const endOfList = -1;

/** One entry as it comes; a decoder uses one object for all. */
interface Incoming {
  /** Bytes that its name has in common with the last, and all its bytes. */
  shared: number;
  length: number;
  /** The index of the first name of its inode, and where that is in the same list; -1 for none. */
  group: number;
  twin: number;
  size: number;
  mtime: number;
  nsec: number;
  atime: number;
  mode: number;
  uid: number;
  gid: number;
  gidFlags: number;
  uidRead: boolean;
  gidRead: boolean;
  userName: ByteString | undefined;
  groupName: ByteString | undefined;
  rdevMajor: number;
  rdevMinor: number;
  /** Protocol 27: both in one. */
  rdev: number;
  target: ByteString;
  dev: number;
  inoHigh: number;
  inoLow: number;
  extras: SentExtras | undefined;
}

/** What an entry has of its own alone. */
function forget(entry: Incoming): void {
  entry.size = 0;
  entry.nsec = 0;
  entry.rdevMinor = 0;
  entry.target = '';
  entry.userName = undefined;
  entry.groupName = undefined;
  entry.uidRead = false;
  entry.gidRead = false;
  entry.inoHigh = 0;
  entry.inoLow = 0;
}

function newIncoming(): Incoming {
  return {
    shared: 0,
    length: 0,
    group: -1,
    twin: -1,
    mtime: 0,
    atime: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    gidFlags: 0,
    rdevMajor: 0,
    rdev: 0,
    dev: 0,
    extras: undefined,
    size: 0,
    nsec: 0,
    rdevMinor: 0,
    target: '',
    userName: undefined,
    groupName: undefined,
    uidRead: false,
    gidRead: false,
    inoHigh: 0,
    inoLow: 0,
  };
}

/** Whether an inode's number comes with the entry: in protocol 27 with each file, then with those of several names. */
function hasInode(protocol: number, xflags: number, isRegular: boolean): boolean {
  return protocol < 28 ? isRegular : (xflags & Xmit.Hlinked) !== 0;
}

function isKnownType(mode: number): boolean {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
      return true;
    default:
      return false;
  }
}

/** Start of the path component that byte `at` is in. */
function componentStart(name: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && name[start - 1] !== slash) start--;
  return start;
}

/** True for an empty component, `.` and `..`. */
function isSpecialComponent(name: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length > 2) return false;
  if (length === 0) return true;
  return name[from] === dot && (length === 1 || name[from + 1] === dot);
}
