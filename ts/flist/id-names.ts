import type { ByteString } from '../kernel/kernel.ts';

/** The names of users and groups of this machine, read once, when first asked for. */
export class IdNames {
  userName(_uid: number): ByteString | undefined {
    throw new Error('pending');
  }
  groupName(_gid: number): ByteString | undefined {
    throw new Error('pending');
  }
  userId(_name: ByteString): number | undefined {
    throw new Error('pending');
  }
  groupId(_name: ByteString): number | undefined {
    throw new Error('pending');
  }
}
