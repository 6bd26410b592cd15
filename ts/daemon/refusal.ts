import type { ByteString } from '../kernel/kernel.ts';

/** A client is turned away: what it is told, and what is written down of it ('' is nothing). */
export class Refusal extends Error {
  readonly reply: ByteString;
  readonly note: ByteString;
  constructor(reply: ByteString, note: ByteString) {
    super(reply);
    this.reply = reply;
    this.note = note;
  }
}

/** `reply` without its `@ERROR: `. */
export function refuse(reply: ByteString, note: ByteString): Refusal {
  return new Refusal(`@ERROR: ${reply}\n`, note);
}
