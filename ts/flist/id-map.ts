import type { ByteString } from '../kernel/kernel.ts';
import { IdNames } from './id-names.ts';
import type { IdRule } from './id-rules.ts';

export interface IdMapSettings {
  /** Names that come are not used, by rules neither (rsync's numeric_ids -1: a daemon module's own setting). */
  readonly ignoreNames?: boolean;
  /** The effective user may give files to anybody. */
  readonly amRoot: boolean;
  readonly names?: IdNames;
  /** --usermap and --groupmap; they come before names. */
  readonly userRules?: readonly IdRule[];
  readonly groupRules?: readonly IdRule[];
  /** Groups that we are a member of. */
  memberOf(): readonly number[];
  /** Is shown each id that becomes known, by which name, and what it is mapped to. */
  readonly mapped?: (what: 'uid' | 'gid', id: number, name: ByteString, to: number) => void;
}

interface Mapped {
  readonly local: number;
  readonly skip: boolean;
}

/**
 * Turns the sender's user and group ids into ours: what --usermap and --groupmap say, or the id that the same
 * name has here, or the same number where the sender told no name, or one that nobody has here.
 */
export class IdMap {
  readonly names: IdNames;
  private readonly settings: IdMapSettings;
  private readonly users = new Map<number, Mapped>();
  private readonly groups = new Map<number, Mapped>();
  private members: ReadonlySet<number> | undefined;

  constructor(settings: IdMapSettings) {
    this.settings = settings;
    this.names = settings.names ?? new IdNames();
  }

  get hasUserRules(): boolean {
    return (this.settings.userRules?.length ?? 0) > 0;
  }
  get hasGroupRules(): boolean {
    return (this.settings.groupRules?.length ?? 0) > 0;
  }

  /** Whether ids of users are mapped at all: by root alone; with `numeric`, where no names come, by rules alone. */
  mapsUsers(numeric: boolean): boolean {
    return this.settings.amRoot && (!numeric || this.hasUserRules);
  }
  /** As `mapsUsers`, for groups; who is not root has to know which of them may be set. */
  mapsGroups(numeric: boolean): boolean {
    return !this.settings.amRoot || !numeric || this.hasGroupRules;
  }

  /** The local uid of the sender's. */
  uid(remote: number): number {
    return (this.users.get(remote) ?? this.addUser(remote, '')).local;
  }
  /** The local gid of the sender's; see `skipGroup`. */
  gid(remote: number): number {
    return (this.groups.get(remote) ?? this.addGroup(remote, '')).local;
  }
  /** True when this user may not set the group that `gid(remote)` gives (rsync's FLAG_SKIP_GROUP). */
  skipGroup(remote: number): boolean {
    return (this.groups.get(remote) ?? this.addGroup(remote, '')).skip;
  }

  /** As `uid`, of a sender on this machine: by the name that the id has here; not with `numeric`. */
  namedUid(remote: number, numeric: boolean): number {
    const name = numeric ? '' : (this.names.userName(remote) ?? '');
    return (this.users.get(remote) ?? this.addUser(remote, name)).local;
  }
  /** As `gid`, of a sender on this machine; names do not count with `numeric`. */
  namedGid(remote: number, numeric: boolean): number {
    const name = numeric ? '' : (this.names.groupName(remote) ?? '');
    return (this.groups.get(remote) ?? this.addGroup(remote, name)).local;
  }

  /** The sender said that its `id` is called `name` (`''`: it has none). Id 0 is never looked up by name. */
  addUser(id: number, told: ByteString): Mapped {
    const name = this.settings.ignoreNames === true ? '' : told;
    const named =
      mappedBy(this.settings.userRules, id, name) ??
      (name !== '' && id !== 0 ? this.names.userId(name) : undefined);
    const mapped = { local: named ?? id, skip: false };
    this.settings.mapped?.('uid', id, name, mapped.local);
    this.users.set(id, mapped);
    return mapped;
  }
  /** As `addUser`, for groups. */
  addGroup(id: number, told: ByteString): Mapped {
    const name = this.settings.ignoreNames === true ? '' : told;
    const named =
      mappedBy(this.settings.groupRules, id, name) ??
      (name !== '' && id !== 0 ? this.names.groupId(name) : undefined);
    const local = named ?? id;
    const mapped = { local, skip: !this.settings.amRoot && !this.isMember(local) };
    this.settings.mapped?.('gid', id, name, local);
    this.groups.set(id, mapped);
    return mapped;
  }

  private isMember(gid: number): boolean {
    this.members ??= new Set(this.settings.memberOf());
    return this.members.has(gid);
  }
}

function mappedBy(rules: readonly IdRule[] | undefined, id: number, name: ByteString): number | undefined {
  return rules?.find((rule) => rule.matches(id, name))?.to;
}
