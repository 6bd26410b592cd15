/** Syntax of --chmod, checked while the command line is read; `ts/metadata` gives it its meaning. */
import type { ByteString } from '../kernel/kernel.ts';

const symbolic = /^([DFugoa]*)[-+=](?:[rwxXst]*|[ugo])$/;
const octal = /^([DF]*)([0-7]+)$/;

/** Whether `text` is a comma-separated list of modes as rsync's parse_chmod() takes them. */
export function isChmod(text: ByteString): boolean {
  return text.split(',').every(isMode);
}

function isMode(item: ByteString): boolean {
  const match = symbolic.exec(item) ?? octal.exec(item);
  if (match === null) return false;
  const who = match[1]!;
  if (who.includes('D') && who.includes('F')) return false;
  return match[2] === undefined || Number.parseInt(match[2], 8) <= 0o7777;
}
