/**
 * rsync's diagnostics without what may differ between two implementations.
 */
import type { ByteString } from './bytes.ts';

/**
 * The lines of a stderr, sorted, without source positions (`at main.c(1338)`), versions (`[sender=3.5.0]`)
 * and byte counts of a connection that broke off.
 */
export function steadyMessages(stderr: ByteString): ByteString[] {
  return stderr
    .replace(/ at [\w./-]+\(\d+\)/g, '')
    .replace(/\[(\w+)=[\w.+-]+\]/g, '[$1]')
    .replace(/\(\d+ bytes received so far\)/g, '(N bytes received so far)')
    .replaceAll('oc-rsync', 'rsync')
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** The text and code of the last `rsync error:` line; null when there is none. */
export function finalError(stderr: ByteString): { text: string; code: number } | null {
  const all = [...stderr.matchAll(/^(?:oc-)?rsync error: (.*) \(code (\d+)\)/gm)];
  const last = all.at(-1);
  return last === undefined ? null : { text: last[1]!, code: Number(last[2]) };
}
