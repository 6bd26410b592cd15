import type { ByteString } from '../kernel/kernel.ts';

/** What --munge-links puts before the target of a symbolic link, so that it leads nowhere. */
const prefix = '/rsyncd-munged/';
/** The directory that must not exist, or such links would lead somewhere. */
export const mungedDirectory = prefix.slice(0, -1);

/** The target as a receiver with --munge-links has it. */
export function munge(target: ByteString): ByteString {
  return prefix + target;
}

/** Whether a target was munged: whatever it leads to is not there. */
export function isMunged(target: ByteString): boolean {
  return target.startsWith(prefix);
}

/** The target as a sender with --munge-links tells it. */
export function unmunge(target: ByteString): ByteString {
  return target.length > prefix.length && target.startsWith(prefix) ? target.slice(prefix.length) : target;
}

/**
 * The target as a module has it that does not munge: it leads up no further than the links' directories do in the
 * transfer, which are `depth` deep, and nothing absolute is left of it.
 */
export function sanitizeTarget(target: ByteString, depth: number): ByteString {
  let up = 0;
  const kept: ByteString[] = [];
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0) kept.pop();
    else if (up < depth) up++;
  }
  const path = [...Array(up).fill('..'), ...kept].join('/');
  if (path === '') return '.';
  return target.endsWith('/') ? `${path}/` : path;
}
