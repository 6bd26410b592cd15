/**
 * rsync's diagnostics without what may differ between two implementations.
 */
import type { ByteString } from './bytes.ts';

/** What is said, or not, depending on which end of a closing connection is quicker. */
const lateLine = /Connection reset by peer \(104\)|Broken pipe \(32\)/;

/** What only a kernel without system calls of its own has to say. */
const kernelLine = /^warning: the portable kernel /;

/**
 * The lines of a stderr, sorted, without source positions (`at main.c(1338)`), versions (`[sender=3.5.0]`)
 * byte counts of a connection that broke off, and the random part of a temporary's name. Receiver and generator are two processes of real rsync,
 * and either may have the last word: both are `[receiving]`.
 */
export function steadyMessages(stderr: ByteString): ByteString[] {
  return stderr
    .replaceAll('oc-rsync', 'rsync')
    .replace(/ at [\w./-]+\(\d+\)/g, '')
    .replace(/ \(file=[\w.-]+, line=\d+\)/g, '')
    .replace(/\[(\w+)=[\w.+-]+\]/g, '[$1]')
    .replace(/^(rsync error: .*)\[(?:[Rr]eceiver|generator)\]$/gm, '$1[receiving]')
    .replace(/((?:mkstemp|chown|chgrp) "[^"]*)\.[A-Za-z0-9]{6}"/g, '$1.XXXXXX"')
    .replace(/\(\d+ bytes received so far\)/g, '(N bytes received so far)')
    .split('\n')
    .filter((line) => line !== '' && !lateLine.test(line) && !kernelLine.test(line))
    .sort();
}

/** The text and code of the last `rsync error:` line; null when there is none. */
export function finalError(stderr: ByteString): { text: string; code: number } | null {
  const all = [...stderr.matchAll(/^(?:oc-)?rsync error: (.*) \(code (\d+)\)/gm)];
  const last = all.at(-1);
  return last === undefined ? null : { text: last[1]!, code: Number(last[2]) };
}

/** Without what the portable kernel says of what it loses, once a run. */
export function withoutLosses(stderr: ByteString): ByteString {
  return stderr
    .split('\n')
    .filter((line) => !kernelLine.test(line))
    .join('\n');
}
