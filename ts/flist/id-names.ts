import { readFileSync } from 'node:fs';
import type { ByteString } from '../kernel/kernel.ts';

interface NameTable {
  readonly byId: ReadonlyMap<number, ByteString>;
  readonly byName: ReadonlyMap<ByteString, number>;
  /** Of groups: who is in them besides those that start there. */
  readonly members: ReadonlyMap<number, readonly ByteString[]>;
  /** Of users: the group that each starts in. */
  readonly groupOf: ReadonlyMap<number, number>;
}

/**
 * The names of users and groups of this machine, from its passwd and group files. Each is read once, when
 * a name is first asked for; without the file, ids have no names.
 */
export class IdNames {
  private users: NameTable | undefined;
  private groups: NameTable | undefined;
  private readonly read: (file: 'passwd' | 'group') => ByteString;

  /** `read` gives the whole file, `''` where there is none. */
  constructor(read: (file: 'passwd' | 'group') => ByteString = readEtc) {
    this.read = read;
  }

  userName(uid: number): ByteString | undefined {
    return this.userTable().byId.get(uid);
  }
  groupName(gid: number): ByteString | undefined {
    return this.groupTable().byId.get(gid);
  }
  userId(name: ByteString): number | undefined {
    return this.userTable().byName.get(name);
  }
  groupId(name: ByteString): number | undefined {
    return this.groupTable().byName.get(name);
  }

  /** The group that a user of this machine starts in. */
  primaryGroup(uid: number): number | undefined {
    return this.userTable().groupOf.get(uid);
  }

  /** The names of all groups that a user of this machine is in, the first one first. */
  groupsOf(user: ByteString): ByteString[] {
    const uid = this.userId(user);
    const gid = uid === undefined ? undefined : this.primaryGroup(uid);
    if (gid === undefined) return [];
    const others = [...this.groupTable().members].filter(([, members]) => members.includes(user));
    const ids = [gid, ...others.map(([id]) => id).filter((id) => id !== gid)];
    return ids.map((id) => this.groupName(id)).filter((name) => name !== undefined);
  }

  private userTable(): NameTable {
    this.users ??= parseTable(this.read('passwd'));
    return this.users;
  }
  private groupTable(): NameTable {
    this.groups ??= parseTable(this.read('group'));
    return this.groups;
  }
}

function readEtc(file: 'passwd' | 'group'): ByteString {
  try {
    return readFileSync(`/etc/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Both files have lines of `name:password:id:…`; the first line of an id or a name counts. */
function parseTable(text: ByteString): NameTable {
  const byId = new Map<number, ByteString>();
  const byName = new Map<ByteString, number>();
  const groupOf = new Map<number, number>();
  const members = new Map<number, readonly ByteString[]>();
  for (const line of text.split('\n')) {
    const [name, , digits, group = ''] = line.split(':');
    if (name === '' || name.startsWith('#') || digits === undefined || !/^\d+$/.test(digits)) continue;
    const id = Number(digits);
    if (!byId.has(id)) byId.set(id, name);
    if (!byName.has(name)) byName.set(name, id);
    if (!groupOf.has(id) && /^\d+$/.test(group)) groupOf.set(id, Number(group));
    if (!members.has(id)) members.set(id, group.split(','));
  }
  return { byId, byName, groupOf, members };
}
