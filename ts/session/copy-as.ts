import { ExitCode, RsyncError } from '../errors.ts';
import { IdNames } from '../flist/id-names.ts';
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';

/**
 * --copy-as=USER[:GROUP]: once the peer is reached the process becomes that user, in that group or in all groups that
 * it has (rsync's become_copy_as_user). Where both ends are in this process, the first that gets here does it.
 */
export function becomeCopyAsUser({ copyAs }: Options, host: Host, names = new IdNames()): void {
  if (copyAs === '') return;
  const colon = copyAs.indexOf(':');
  const user = colon < 0 ? copyAs : copyAs.slice(0, colon);
  const group = colon < 0 ? undefined : copyAs.slice(colon + 1);
  const uid = idOf(user, (name) => names.userId(name));
  if (uid === undefined) throw wrong(`Invalid copy-as user: ${user}`);
  const gid = group === undefined ? names.primaryGroup(uid) : idOf(group, (name) => names.groupId(name));
  if (gid === undefined)
    throw wrong(group === undefined ? 'getpwuid failed' : `Invalid copy-as group: ${group}`);
  if (done.has(host)) return;
  const failed = host.become({ uid, groups: [gid], name: group === undefined ? user : undefined });
  if (failed !== undefined) throw new RsyncError(ExitCode.Syntax, failed, { cause: failed });
  done.add(host);
}

/** Processes that have become the user. */
const done = new WeakSet<Host>();

/** A name counts before a number. */
function idOf(name: ByteString, find: (name: ByteString) => number | undefined): number | undefined {
  return find(name) ?? (/^\d+$/.test(name) ? Number(name) : undefined);
}

function wrong(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, message);
}
