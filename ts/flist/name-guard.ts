import type { ByteString } from '../kernel/kernel.ts';

/** Refuses names that nobody asked for (rsync's checks against a sender that is not trusted). */
export interface NameGuard {
  /** `excluded` and `unrequested` end the run; never asked for the transfer's `.`. */
  check(path: ByteString, isDir: boolean): 'ok' | 'excluded' | 'unrequested';
  /** True where `check` is known to say `ok` to everything in a directory (a path, `''` the transfer's root). */
  allowsAllIn(dir: ByteString): boolean;
  /** A directory that may come only as parent of something requested: it then has no content. */
  isImpliedParent(path: ByteString): boolean;
}
