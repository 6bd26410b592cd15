import { ELOOP, ENOENT } from '../errno.ts';
import type { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import { isMunged } from './munge.ts';

const mostLinks = 40;

/**
 * The errno of what an absolute path leads to, where that is nowhere: links that lead to each other, or a munged one. Of
 * these the kernels say no more than of a link out of a module (ELOOP), but they are none. Undefined where the way may end
 * outside of `boundary`, which is not looked at.
 */
export function deadEnd(tree: Tree, boundary: ByteString, place: ByteString): number | undefined {
  const way: ByteString[] = [];
  for (const named of partsOf(place.slice(boundary.length))) {
    const left = [named];
    for (let links = 0; left.length > 0; ) {
      const part = left.shift() as ByteString;
      if (part === '..') {
        if (way.pop() === undefined) return undefined;
        continue;
      }
      const target = targetOf(tree, [boundary, ...way, part].join('/'));
      if (target === undefined) {
        way.push(part);
        continue;
      }
      // A long way through many links is none that goes round.
      if (++links > mostLinks) return ELOOP;
      if (isMunged(target)) return ENOENT;
      if (target.startsWith('/')) return undefined;
      left.unshift(...partsOf(target));
    }
  }
  return undefined;
}

/** The errno of a path that could not be followed: a munged link is none out of the module, nothing is there. */
export function followErrno(
  tree: Tree,
  boundary: ByteString | undefined,
  place: ByteString,
  { errno }: SysError,
): number {
  if (errno !== ELOOP || boundary === undefined) return errno;
  return deadEnd(tree, boundary, place) ?? errno;
}

function partsOf(path: ByteString): ByteString[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function targetOf(tree: Tree, path: ByteString): ByteString | undefined {
  try {
    return tree.readlink(path);
  } catch {
    return undefined;
  }
}
