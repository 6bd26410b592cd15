import type { ByteString } from '../kernel/kernel.ts';
import { IdNames } from './id-names.ts';

/** Turns the sender's user and group ids into ours, by name where names are used. */
export class IdMap {
  readonly names: IdNames;

  constructor(settings: { numericIds: boolean; amRoot: boolean; names?: IdNames }) {
    this.names = settings.names ?? new IdNames();
  }

  /** The local uid of the sender's. */
  uid(_remote: number): number {
    throw new Error('pending');
  }
  /** The local gid of the sender's; see `skipGroup`. */
  gid(_remote: number): number {
    throw new Error('pending');
  }
  /** True when this user may not set the group that `gid(remote)` gives (rsync's FLAG_SKIP_GROUP). */
  skipGroup(_remote: number): boolean {
    throw new Error('pending');
  }
  /** The sender said that its `id` is called `name` (`''`: it has none). */
  addUser(_id: number, _name: ByteString): void {
    throw new Error('pending');
  }
  addGroup(_id: number, _name: ByteString): void {
    throw new Error('pending');
  }
}
