import type { ByteString } from '../kernel/kernel.ts';

/** What --munge-links puts before the target of a symbolic link, so that it leads nowhere. */
const prefix = '/rsyncd-munged/';
/** The directory that must not exist, or such links would lead somewhere. */
export const mungedDirectory = prefix.slice(0, -1);

/** The target as a receiver with --munge-links has it. */
export function munge(target: ByteString): ByteString {
  return prefix + target;
}

/** The target as a sender with --munge-links tells it. */
export function unmunge(target: ByteString): ByteString {
  return target.length > prefix.length && target.startsWith(prefix) ? target.slice(prefix.length) : target;
}
