import type { DigestSpec } from '../kernel/kernel.ts';
import { digestLength } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import type { Negotiated } from '../wire/negotiated.ts';

/** Flags in front of an entry on the wire. Some bits changed their meaning with protocol 30. */
export const Xmit = {
  TopDir: 1 << 0,
  SameMode: 1 << 1,
  ExtendedFlags: 1 << 2,
  /** Protocol 27, which has one byte of flags: a device's whole number is the last one's. */
  SameRdev: 1 << 2,
  SameUid: 1 << 3,
  SameGid: 1 << 4,
  SameName: 1 << 5,
  LongName: 1 << 6,
  SameTime: 1 << 7,
  /** Devices. */
  SameRdevMajor: 1 << 8,
  /** Directories, protocol 30 and up. */
  NoContentDir: 1 << 8,
  Hlinked: 1 << 9,
  /** Protocols 28 and 29. */
  SameDev: 1 << 10,
  /** Protocol 30 and up. */
  UserNameFollows: 1 << 10,
  /** Protocols 28 and 29. */
  RdevMinor8: 1 << 11,
  /** Protocol 30 and up. */
  GroupNameFollows: 1 << 11,
  /** Protocol 30 and up, with `Hlinked`. */
  HlinkFirst: 1 << 12,
  /** With `ExtendedFlags` alone: the list ends, an error state follows. */
  IoErrorEndlist: 1 << 12,
  ModNsec: 1 << 13,
  SameAtime: 1 << 14,
} as const;

/** A device's number in the one word that protocol 27 has for it. */
export function packRdev(major: number, minor: number): number {
  return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12);
}
export function rdevMajorOf(rdev: number): number {
  return (rdev >>> 8) & 0xfff;
}
export function rdevMinorOf(rdev: number): number {
  return (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
}

/** Everything that decides how entries look on the wire, settled once for a session. */
export interface FlistFormat {
  readonly protocol: number;
  readonly incRecurse: boolean;
  readonly safeFlist: boolean;
  readonly varintFlags: boolean;
  readonly id0Names: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly links: boolean;
  /** --iconv: targets of links are converted like names. */
  readonly convertsTargets: boolean;
  readonly devices: boolean;
  readonly specials: boolean;
  readonly hardLinks: boolean;
  readonly atimes: boolean;
  readonly acls: boolean;
  readonly xattrs: boolean;
  readonly numericIds: boolean;
  /** Behind a list that comes whole stand the names of ids; with `numericIds` there are none in it. */
  readonly idLists: boolean;
  readonly relative: boolean;
  readonly recursive: boolean;
  /** Bytes of the -c checksum of a regular file; 0 without -c. */
  readonly sumLength: number;
  readonly digest: DigestSpec;
}

/** Combines what was negotiated and asked for. */
export function flistFormat(negotiated: Negotiated, options: Options): FlistFormat {
  const { protocol, fileDigest } = negotiated;
  return {
    protocol,
    incRecurse: negotiated.incRecurse,
    safeFlist: negotiated.safeFlist,
    varintFlags: negotiated.varintFlistFlags,
    id0Names: negotiated.id0Names,
    owner: options.owner,
    group: options.group,
    links: options.links,
    convertsTargets: negotiated.convertsTargets,
    devices: options.devices,
    specials: options.specials,
    hardLinks: options.hardLinks,
    atimes: options.atimes > 0,
    acls: options.acls,
    xattrs: options.xattrs > 0,
    numericIds: options.numericIds,
    idLists: !options.numericIds || options.idListsAnyway,
    relative: options.relative,
    recursive: options.recursive,
    sumLength: options.checksum ? digestLength[fileDigest.name] : 0,
    digest: fileDigest,
  };
}
