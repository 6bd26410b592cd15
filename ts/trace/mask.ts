/** Takes secrets out of what passes before anybody sees it: no part behind this one can give them away. */
import type { Way } from './stream.ts';

const newline = 0x0a;
/** Neither end sees one, wherever in a line it stands. */
const carriageReturn = 0x0d;
const space = 0x20;
const star = 0x2a;
/** A line is looked at no further than this. */
const looked = 64;

/**
 * For a conversation that begins with a daemon's greeting: answers bytes of the same length, in which challenge, response and
 * early input are stars. Until the daemon has let the client in they are copies.
 */
export function secretMask(): (way: Way, bytes: Uint8Array) => Uint8Array {
  /** The daemon has let the client in: lines are over. */
  let over = false;
  let line = '';
  let answering = false;
  let inAnswer = false;
  let early = 0;

  const client = (byte: number): number => {
    if (early > 0) {
      early--;
      return star;
    }
    if (byte === carriageReturn) return byte;
    if (byte === newline) {
      early = Number(/^#early_input=(\d+)$/.exec(line)?.[1] ?? 0);
      line = '';
      answering &&= !inAnswer;
      inAnswer = false;
      return byte;
    }
    if (line.length < looked) line += String.fromCharCode(byte);
    if (!answering) return byte;
    const hidden = inAnswer && byte !== space;
    inAnswer ||= byte === space;
    return hidden ? star : byte;
  };

  let said = '';
  const challenge = '@RSYNCD: AUTHREQD ';
  const daemon = (byte: number): number => {
    if (byte === carriageReturn) return byte;
    if (byte === newline) {
      if (said.startsWith(challenge)) answering = true;
      if (said === '@RSYNCD: OK') over = true;
      said = '';
      return byte;
    }
    const hidden = said.startsWith(challenge);
    if (said.length < looked) said += String.fromCharCode(byte);
    return hidden ? star : byte;
  };

  return (way, bytes) => {
    if (over) return bytes;
    const mask = way === 'there' ? client : daemon;
    const shown = new Uint8Array(bytes);
    for (let at = 0; at < shown.length && !over; at++) shown[at] = mask(shown[at]);
    return shown;
  };
}
