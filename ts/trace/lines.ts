/** How what is heard is put into lines. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Heard, Way } from './stream.ts';

const arrows: Readonly<Record<Way, string>> = { there: '->', back: '<-' };
const offsetWidth = 8;

/** Direction (`->`: client to server), where it begins in that direction, and what it is. */
export function lineOf(way: Way, at: number, text: ByteString): ByteString {
  return `${arrows[way]} ${`${at}`.padStart(offsetWidth)} ${text}`;
}

/** What became of a direction. */
export function endLine(way: Way, { bytes, decoded, problem }: Heard): ByteString {
  const rest = bytes - decoded;
  const all = rest === 0 ? 'all decoded' : `${rest} of them not decoded`;
  return lineOf(way, bytes, `end: ${bytes} bytes, ${all}${problem === undefined ? '' : `: ${problem}`}`);
}
