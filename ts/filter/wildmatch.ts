import type { ByteString } from '../kernel/kernel.ts';
/** True when `pattern` matches the whole of `text` by rsync's wildcards: `*` and `?` stop at `/`, `**` does not. */
export function wildmatch(_pattern: ByteString, _text: ByteString): boolean {
  throw new Error('not yet');
}
/** As `wildmatch`, ignoring the case of ASCII letters. */
export function iwildmatch(_pattern: ByteString, _text: ByteString): boolean {
  throw new Error('not yet');
}
