import type { ByteString } from '../kernel/kernel.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { EntryFlag, type FileList } from './file-list.ts';
import type { IdMap } from './id-map.ts';
import { IdNames } from './id-names.ts';
import type { FlistFormat } from './wire-format.ts';

/** Names have one length byte. */
const maxName = 255;

/** The ids that a sender has met, with their names (rsync's uidlist and gidlist). */
export class SentIds {
  private readonly names: IdNames;
  private readonly users = new Map<number, ByteString | undefined>();
  private readonly groups = new Map<number, ByteString | undefined>();

  constructor(names = new IdNames()) {
    this.names = names;
  }

  /** Notes a uid; its name when it is met for the first time and has one. */
  addUser(uid: number): ByteString | undefined {
    if (this.users.has(uid)) return undefined;
    const name = this.names.userName(uid)?.slice(0, maxName);
    this.users.set(uid, name);
    return name;
  }
  /** As `addUser`, for groups. */
  addGroup(gid: number): ByteString | undefined {
    if (this.groups.has(gid)) return undefined;
    const name = this.names.groupName(gid)?.slice(0, maxName);
    this.groups.set(gid, name);
    return name;
  }

  /**
   * Sends the names of all ids met, after a list that is complete at once: for users, then groups, (id,
   * length byte, name) each, then id 0, which carries its own name where that was negotiated.
   */
  send(writer: Writer, format: FlistFormat): void {
    const zero = (name: ByteString | undefined) => (format.numericIds ? undefined : name);
    if (format.owner || format.acls)
      sendNames(writer, this.users, format.id0Names, zero(this.names.userName(0)));
    if (format.group || format.acls)
      sendNames(writer, this.groups, format.id0Names, zero(this.names.groupName(0)));
  }
}

function sendNames(
  writer: Writer,
  ids: ReadonlyMap<number, ByteString | undefined>,
  id0Names: boolean,
  name0: ByteString | undefined,
): void {
  for (const [id, name] of [...ids].reverse())
    if (id !== 0 && name !== undefined && name !== '') sendName(writer, id, name);
  if (id0Names) sendName(writer, 0, name0 ?? '');
  else writer.varint30(0);
}

function sendName(writer: Writer, id: number, name: ByteString): void {
  const sent = name.slice(0, maxName);
  writer.varint30(id);
  writer.byte(sent.length);
  writer.string(sent);
}

/**
 * Reads the names that follow a list which is complete at once, and maps the owners of its entries
 * (rsync's recv_id_list). Only root maps users; groups are mapped for everybody.
 */
export async function receiveIdLists(
  reader: Reader,
  format: FlistFormat,
  ids: IdMap,
  list: FileList,
): Promise<void> {
  if (format.idLists) {
    if (format.owner || format.acls)
      await receiveNames(reader, format.id0Names, (id, name) => ids.addUser(id, name));
    if (format.group || format.acls)
      await receiveNames(reader, format.id0Names, (id, name) => ids.addGroup(id, name));
  }
  if (format.owner && ids.mapsUsers(format.numericIds))
    for (let i = 0; i < list.count; i++) list.setUid(i, ids.uid(list.uid(i)));
  if (format.group && ids.mapsGroups(format.numericIds))
    for (let i = 0; i < list.count; i++) {
      const remote = list.gid(i);
      if (ids.skipGroup(remote)) list.setFlag(i, EntryFlag.SkipGroup);
      list.setGid(i, ids.gid(remote));
    }
}

async function receiveNames(
  reader: Reader,
  id0Names: boolean,
  add: (id: number, name: ByteString) => void,
): Promise<void> {
  for (;;) {
    const id = await reader.record(() => {
      const remote = reader.varint30() >>> 0;
      if (remote === 0 && !id0Names) return 0;
      add(remote, reader.string(reader.byte()));
      return remote;
    });
    if (id === 0) return;
  }
}
