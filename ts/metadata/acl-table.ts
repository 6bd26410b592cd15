import { type Acl, keyOfAcl } from './posix-acl.ts';

/**
 * The ACLs of one kind that a run has met: entries of file lists name them by their place, and on the wire one that
 * was there before is its number.
 */
export class AclTable {
  private readonly acls: Acl[] = [];
  private readonly places = new Map<string, number>();

  get count(): number {
    return this.acls.length;
  }
  /** The ACL at a place; undefined below 0. */
  at(place: number): Acl | undefined {
    return this.acls[place];
  }
  /** The place of an equal ACL, or a new one. */
  find(acl: Acl): number {
    const key = keyOfAcl(acl);
    const known = this.places.get(key);
    if (known !== undefined) return known;
    this.places.set(key, this.acls.length);
    return this.add(acl);
  }
  /** A new place: what a sender tells has the number that it has there. */
  add(acl: Acl): number {
    return this.acls.push(acl) - 1;
  }
  /** Puts other ids in the place of those that are there. */
  mapIds(user: (id: number) => number, group: (id: number) => number): void {
    for (let k = 0; k < this.acls.length; k++) {
      const acl = this.acls[k];
      if (acl.names.length === 0) continue;
      const names = acl.names.map((name) => ({ ...name, id: name.isUser ? user(name.id) : group(name.id) }));
      this.acls[k] = { ...acl, names };
    }
  }
}
