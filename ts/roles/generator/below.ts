import type { ByteString } from '../../kernel/kernel.ts';

/** The prefix of everything in a directory; the transfer's own `.` holds all. */
export function below(path: ByteString): ByteString {
  return path === '.' || path === '' ? '' : `${path}/`;
}
