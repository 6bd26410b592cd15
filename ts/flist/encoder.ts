import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { CodingState, codingStateWords } from '../kernel/listing.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../kernel/stat-table.ts';
import type { WireCharset } from '../wire/charset.ts';
import { maxPath } from '../wire/constants.ts';
import type { Writer } from '../wire/writer.ts';
import type { ListExtras } from './extras.ts';
import { ExtrasWriter } from './extras-codec.ts';
import { type Dir, EntryFlag, type FileList, isDeviceMode, isSpecialMode } from './file-list.ts';
import type { SentIds } from './id-lists.ts';
import { InodeTable } from './inode-numbers.ts';
import { type FlistFormat, packRdev, Xmit } from './wire-format.ts';

/** The inode of an entry with more than one name. */
export interface LinkedInode {
  readonly dev: number;
  readonly inoHigh: number;
  readonly inoLow: number;
}

/** Entries that are worth a call. */
const fewestPlain = 4;
/** What a writer copies: the buffer is used again. */
const outputBytes = 8 * 1024;
/** A name shares at most this many bytes with the one before it. */
const maxShared = 255;

/** --debug=hlink: what a sender finds of inodes with more than one name. */
export interface LinkTeller {
  device(dev: number): void;
  first(ndx: number, inode: LinkedInode): void;
  /** `isHere`: the first is in the same list. */
  other(ndx: number, first: number, isHere: boolean): void;
}

export interface EncoderSettings {
  readonly writer: Writer;
  readonly format: FlistFormat;
  readonly ids: SentIds;
  /** The kernel's call for plain entries, where it has one. */
  readonly encodeEntries?: Kernel['encodeEntries'];
  /** With --acls or --xattrs. */
  readonly extras?: ListExtras;
  /** Hears of names of inodes that have several. */
  readonly links?: LinkTeller;
  /** With --iconv; names that it cannot convert are in no list. */
  readonly charset?: WireCharset;
}

/**
 * Encodes the entries of our file list (rsync's send_file_entry). What an entry has in common with the one
 * before it is not sent, across the segments of a list too.
 */
export class FlistEncoder {
  private readonly writer: Writer;
  private readonly format: FlistFormat;
  private readonly ids: SentIds;
  private readonly inodes = new InodeTable();
  private readonly encodeEntries: Kernel['encodeEntries'];
  private readonly state = new Float64Array(codingStateWords);
  private readonly output = Buffer.allocUnsafeSlow(outputBytes);
  /** The name before, and what its directory has of it. */
  private readonly last = Buffer.alloc(2 * maxPath);
  private lastLength = 0;
  private lastDir: Dir | undefined;
  private mtime = 0;
  private atime = 0;
  private mode = 0;
  private uid = 0;
  private gid = 0;
  private rdevMajor = 0;
  private dev = 0;
  /** Protocol 27: the last device's whole number. */
  private rdev = 0;
  private readonly extras: ExtrasWriter | undefined;
  private readonly charset: WireCharset | undefined;
  private readonly links: LinkTeller | undefined;

  constructor({ writer, format, ids, encodeEntries, extras, charset, links }: EncoderSettings) {
    this.links = links;
    if (links !== undefined) this.inodes.onDevice = (dev) => links.device(dev);
    this.extras = extras && new ExtrasWriter(writer, format, ids, extras);
    this.encodeEntries = encodeEntries;
    this.writer = writer;
    this.format = format;
    this.ids = ids;
    this.charset = charset;
  }

  /**
   * Sends entry `i`, which will have the wire index `list.ndxStart + i` until the list is sorted. `inode`
   * is given for entries with more than one name (with -H), `sum` for regular files with -c.
   */
  entry(list: FileList, i: number, inode: LinkedInode | undefined, sum: Uint8Array | undefined): void {
    this.record(list, i, inode, sum);
    this.extras?.write(list, i);
  }

  /** All but ACLs and attributes. */
  private record(
    list: FileList,
    i: number,
    inode: LinkedInode | undefined,
    sum: Uint8Array | undefined,
  ): void {
    const { writer, format, ids } = this;
    const { protocol } = format;
    const modern = protocol >= 30;
    const mode = list.mode(i);
    const type = mode & S_IFMT;
    const isDevice = isDeviceMode(mode);
    const sendDevice = format.devices && isDevice;
    const sendSpecial = format.specials && protocol < 31 && isSpecialMode(mode);
    const rdevMajor = sendDevice ? list.rdevMajor(i) : this.rdevMajor;
    const rdevMinor = sendDevice ? list.rdevMinor(i) : 0;

    let xflags = type === S_IFDIR ? dirFlags(list.flags(i), protocol) : 0;
    if (mode === this.mode) xflags |= Xmit.SameMode;
    else this.mode = mode;
    if (protocol < 28) xflags |= this.sameRdev(list, i, sendDevice, sendSpecial);
    else if (sendDevice || sendSpecial) {
      if (rdevMajor === this.rdevMajor) xflags |= Xmit.SameRdevMajor;
      else this.rdevMajor = rdevMajor;
      if (!modern && rdevMinor <= 0xff) xflags |= Xmit.RdevMinor8;
    }
    const uid = list.uid(i);
    const gid = list.gid(i);
    let userName: ByteString | undefined;
    let groupName: ByteString | undefined;
    const hasLast = this.lastLength > 0;
    if (!format.owner || (uid === this.uid && hasLast)) xflags |= Xmit.SameUid;
    else {
      this.uid = uid;
      if (!format.numericIds) {
        const met = ids.addUser(uid);
        if (format.incRecurse && met !== undefined) {
          userName = met;
          xflags |= Xmit.UserNameFollows;
        }
      }
    }
    if (!format.group || (gid === this.gid && hasLast)) xflags |= Xmit.SameGid;
    else {
      this.gid = gid;
      if (!format.numericIds) {
        const met = ids.addGroup(gid);
        if (format.incRecurse && met !== undefined) {
          groupName = met;
          xflags |= Xmit.GroupNameFollows;
        }
      }
    }
    const mtime = list.mtime(i);
    if (mtime === this.mtime) xflags |= Xmit.SameTime;
    else this.mtime = mtime;
    const nsec = protocol >= 31 ? list.mtimeNsec(i) : 0;
    if (nsec > 0) xflags |= Xmit.ModNsec;
    const atime = list.atime(i);
    const sendAtime = format.atimes && type !== S_IFDIR;
    if (sendAtime) {
      if (atime === this.atime) xflags |= Xmit.SameAtime;
      else this.atime = atime;
    }
    let firstNdx = -1;
    if (inode !== undefined) {
      xflags |= Xmit.Hlinked;
      if (modern) {
        const group = this.groupOf(list, i, inode);
        if (group === list.ndxStart + i) xflags |= Xmit.HlinkFirst;
        else firstNdx = group;
        if (this.links !== undefined) this.tellOfLink(list, i, firstNdx, inode);
      } else if (inode.dev === this.dev && protocol >= 28) xflags |= Xmit.SameDev;
      else this.dev = inode.dev;
    }

    this.writeName(list, i, xflags, type === S_IFDIR);
    if (firstNdx >= 0) {
      writer.varint(firstNdx);
      // The other name is in this list, with all that could follow here.
      if (firstNdx >= list.ndxStart) return;
    }
    writer.varlong30(list.size(i), 3);
    if ((xflags & Xmit.SameTime) === 0) {
      if (modern) writer.varlong(mtime, 4);
      else writer.int(mtime);
    }
    if (xflags & Xmit.ModNsec) writer.varint(nsec);
    if ((xflags & Xmit.SameMode) === 0) writer.int(mode);
    if (sendAtime && (xflags & Xmit.SameAtime) === 0) writer.varlong(atime, 4);
    if ((xflags & Xmit.SameUid) === 0) this.writeId(uid, userName);
    if ((xflags & Xmit.SameGid) === 0) this.writeId(gid, groupName);
    if ((sendDevice || sendSpecial) && protocol < 28) {
      if ((xflags & Xmit.SameRdev) === 0) writer.int(this.rdev);
    } else if (sendDevice || sendSpecial) {
      if ((xflags & Xmit.SameRdevMajor) === 0) writer.varint30(rdevMajor);
      if (modern) writer.varint(rdevMinor);
      else if (xflags & Xmit.RdevMinor8) writer.byte(rdevMinor);
      else writer.int(rdevMinor);
    }
    if (format.links && type === S_IFLNK) {
      const target = this.targetOnWire(list.linkTarget(i));
      writer.varint30(target.length);
      writer.string(target);
    }
    if (inode !== undefined && !modern) {
      // One more than the device's number, so that it is never zero.
      if ((xflags & Xmit.SameDev) === 0) writer.longint(inode.dev + 1);
      this.writeInode(inode);
    }
    if (sum !== undefined && type === S_IFREG && format.sumLength > 0) writer.bytes(sum, 0, format.sumLength);
    else if (protocol < 28 && format.sumLength > 0) writer.bytes(Buffer.alloc(format.sumLength));
  }

  private tellOfLink(list: FileList, i: number, first: number, inode: LinkedInode): void {
    if (first < 0) this.links?.first(list.ndxStart + i, inode);
    else this.links?.other(list.ndxStart + i, first, first >= list.ndxStart);
  }

  /** Protocol 27: whether the device's number, made the one at hand, is that of the entry before. */
  private sameRdev(list: FileList, i: number, isDevice: boolean, isSpecial: boolean): number {
    if (isSpecial) return Xmit.SameRdev;
    const rdev = isDevice ? packRdev(list.rdevMajor(i), list.rdevMinor(i)) : 0;
    const isSame = isDevice && rdev === this.rdev;
    this.rdev = rdev;
    return isSame ? Xmit.SameRdev : 0;
  }

  /**
   * Sends entries `from .. to`, none of which has more than one name; plain ones by the kernel's call, where it has
   * one.
   */
  entries(list: FileList, from: number, to: number): void {
    const { format, encodeEntries, output, state, writer } = this;
    for (let i = from; i < to; ) {
      // The first in a directory makes its path the one at hand.
      if (encodeEntries !== undefined && list.dir(i) === this.lastDir && to - i >= fewestPlain) {
        state[CodingState.LastLength] = this.lastLength;
        state[CodingState.Base] = this.lastDir.prefix.length;
        state[CodingState.Mtime] = this.mtime;
        state[CodingState.Mode] = this.mode;
        const run = {
          uid: format.owner ? this.uid : 0,
          gid: format.group ? this.gid : 0,
          dir: 0,
          flags: 0,
          varintFlags: format.varintFlags,
          namesUsed: 0,
        };
        const end = this.endOfDir(list, i, to);
        const nanoseconds = format.protocol >= 31;
        encodeEntries(list.recordBytes(i, end), list.names, this.last, state, output, run, nanoseconds);
        const count = state[CodingState.Count];
        if (count > 0) {
          this.lastLength = state[CodingState.LastLength];
          this.mtime = state[CodingState.Mtime];
          this.mode = state[CodingState.Mode];
          writer.bytes(output, 0, state[CodingState.Consumed]);
          i += count;
          continue;
        }
      }
      this.entry(list, i++, undefined, undefined);
    }
  }

  private endOfDir(list: FileList, i: number, to: number): number {
    if (list.listing !== undefined) return to;
    const dir = list.dirNumber(i);
    let end = i + 1;
    while (end < to && list.dirNumber(end) === dir) end++;
    return end;
  }

  /** The index of the inode's first name, from protocol 30 on the number that all its names share. */
  groupOf(list: FileList, i: number, { dev, inoHigh, inoLow }: LinkedInode): number {
    const first = this.inodes.find(dev, inoHigh, inoLow);
    if (first >= 0) return first;
    this.inodes.set(dev, inoHigh, inoLow, list.ndxStart + i);
    return list.ndxStart + i;
  }

  /** Ends a list; `ioError` goes with it where it can and is not 0. */
  end(ioError: number): void {
    const { writer, format } = this;
    if (format.varintFlags) {
      writer.varint(0);
      writer.varint(ioError);
    } else if (ioError !== 0 && format.safeFlist) {
      writer.short(Xmit.ExtendedFlags | Xmit.IoErrorEndlist);
      writer.varint(ioError);
    } else writer.byte(0);
  }

  private writeName(list: FileList, i: number, wireFlags: number, isDir: boolean): void {
    const { writer, format } = this;
    const shared = this.charset === undefined ? this.takeName(list, i) : this.takeConverted(list.path(i));
    let xflags = wireFlags;
    const rest = this.lastLength - shared;
    if (shared > 0) xflags |= Xmit.SameName;
    if (rest > 255) xflags |= Xmit.LongName;
    // Flags of zero would end the list: a bit that has no meaning here is set instead.
    if (format.varintFlags) writer.varint(xflags === 0 ? Xmit.ExtendedFlags : xflags);
    else if (format.protocol < 28) {
      if ((xflags & 0xff) === 0) xflags |= isDir ? Xmit.LongName : Xmit.TopDir;
      writer.byte(xflags & 0xff);
    } else {
      if (xflags === 0 && !isDir) xflags |= Xmit.TopDir;
      if ((xflags & 0xff00) !== 0 || xflags === 0) writer.short(xflags | Xmit.ExtendedFlags);
      else writer.byte(xflags);
    }
    if (shared > 0) writer.byte(shared);
    if (xflags & Xmit.LongName) writer.varint30(rest);
    else writer.byte(rest);
    writer.copy(this.last, shared, this.lastLength);
  }

  /** Makes the entry's name the last one; how many bytes it shares with the one before. */
  private takeName(list: FileList, i: number): number {
    const { last } = this;
    const dir = list.dir(i);
    const { prefix } = dir;
    const most = Math.min(this.lastLength, maxShared);
    let shared = 0;
    if (dir === this.lastDir) shared = Math.min(prefix.length, most);
    else {
      const limit = Math.min(prefix.length, most);
      while (shared < limit && last[shared] === prefix.charCodeAt(shared)) shared++;
      last.write(prefix, 0, 'latin1');
      this.lastDir = dir;
    }
    const { names } = list;
    let from = list.nameOffsetOf(i);
    let at = prefix.length;
    const end = at + list.nameLengthOf(i);
    this.lastLength = end;
    if (shared === at) {
      const limit = Math.min(end, most);
      while (at < limit && last[at] === names[from]) {
        at++;
        from++;
      }
      shared = at;
    }
    while (at < end) last[at++] = names[from++];
    return shared;
  }

  /** As `takeName`, in the charset of the wire. */
  private takeConverted(path: ByteString): number {
    const { last } = this;
    const converted = this.charset?.toWire(path);
    const name = typeof converted === 'string' ? converted : path;
    const most = Math.min(this.lastLength, maxShared, name.length);
    let shared = 0;
    while (shared < most && last[shared] === name.charCodeAt(shared)) shared++;
    this.lastLength = last.write(name, 0, 'latin1');
    return shared;
  }

  private targetOnWire(target: ByteString): ByteString {
    const converted = this.format.convertsTargets ? this.charset?.toWire(target) : target;
    return typeof converted === 'string' ? converted : target;
  }

  private writeId(id: number, name: ByteString | undefined): void {
    const { writer } = this;
    writer.varint30(id);
    if (name === undefined) return;
    writer.byte(name.length);
    writer.string(name);
  }

  private writeInode({ inoHigh, inoLow }: LinkedInode): void {
    const { writer } = this;
    const low = inoLow >>> 0;
    if (inoHigh === 0 && low <= 0x7fffffff) {
      writer.int(low);
      return;
    }
    writer.int(-1);
    writer.int(low);
    writer.int(inoHigh);
  }
}

function dirFlags(flags: number, protocol: number): number {
  const top = flags & EntryFlag.TopDir ? Xmit.TopDir : 0;
  if (protocol < 30 || flags & EntryFlag.ContentDir) return top;
  return flags & EntryFlag.ImpliedDir ? Xmit.TopDir | Xmit.NoContentDir : Xmit.NoContentDir;
}
