import { EntryFlag, type FileList } from './file-list.ts';
import type { FileLists } from './file-lists.ts';
import type { IdMap } from './id-map.ts';
import type { FlistFormat } from './wire-format.ts';

/**
 * Makes a list of this process' sender (protocol 30 and up) what it would be had it come by the wire: flags
 * as the receiving side has them, owners as their names are called here, all entries counted.
 */
export function adoptList(list: FileList, lists: FileLists, format: FlistFormat, ids: IdMap): void {
  const mapsUsers = format.owner && ids.mapsUsers(format.numericIds);
  const mapsGroups = format.group && ids.mapsGroups(format.numericIds);
  const { listing } = list;
  if (listing !== undefined && ownersStay(listing.records.owners, mapsUsers, mapsGroups, format, ids)) {
    for (let i = list.count - listing.dirs; i < list.count; i++) list.setFlags(i, dirFlags(list.flags(i)));
    lists.countListing(listing);
    return;
  }
  let uid = -1;
  let localUid = -1;
  let gid = -1;
  let localGid = -1;
  let groupFlag = 0;
  for (let i = 0; i < list.count; i++) {
    let flags = list.isDir(i) ? dirFlags(list.flags(i)) : 0;
    if (mapsUsers) {
      const remote = list.uid(i);
      if (remote !== uid) {
        uid = remote;
        localUid = ids.namedUid(remote, format.numericIds);
      }
      if (localUid !== remote) list.setUid(i, localUid);
    }
    if (mapsGroups) {
      const remote = list.gid(i);
      if (remote !== gid) {
        gid = remote;
        localGid = ids.namedGid(remote, format.numericIds);
        groupFlag = ids.skipGroup(remote) ? EntryFlag.SkipGroup : 0;
      }
      flags |= groupFlag;
      if (localGid !== remote) list.setGid(i, localGid);
    }
    if (format.hardLinks && list.hardLinkGroupOf(i) >= 0) flags |= EntryFlag.Hlinked;
    list.setFlags(i, flags);
    lists.count(list, i);
  }
}

/** True when all of these users and groups are called the same here, and may be set. */
function ownersStay(
  owners: Uint32Array,
  mapsUsers: boolean,
  mapsGroups: boolean,
  { numericIds }: FlistFormat,
  ids: IdMap,
): boolean {
  for (let k = 0; k < owners.length; k += 2) {
    if (mapsUsers && ids.namedUid(owners[k], numericIds) !== owners[k]) return false;
    const gid = owners[k + 1];
    if (mapsGroups && (ids.namedGid(gid, numericIds) !== gid || ids.skipGroup(gid))) return false;
  }
  return true;
}

function dirFlags(flags: number): number {
  if (flags & EntryFlag.ContentDir) return flags & (EntryFlag.ContentDir | EntryFlag.TopDir);
  return flags & EntryFlag.ImpliedDir;
}
