/** Questions about the text of --out-format and --log-file-format. */
import type { ByteString } from '../kernel/kernel.ts';

/** Whether `format` holds the escape `letter` (`%i`, `%-10n`, `%''l`); `%%` is none. rsync: log_format_has(). */
export function formatHas(format: ByteString, letter: string): boolean {
  for (const match of format.matchAll(/%'*-?\d*'*([\s\S])/g)) {
    if (match[1] === letter) return true;
  }
  return false;
}
