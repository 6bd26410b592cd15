import type { RsyncError } from '../errors.ts';

/** Watches a connection for silence (--timeout) and keeps it alive while we have nothing to say. */
export class IoTimeout {
  /** `seconds` 0 watches nothing until `lower` sets one. */
  constructor(
    seconds: number,
    lastInput: () => number,
    lastOutput: () => number,
    onExpire: (error: RsyncError) => void,
    keepAlive?: () => void,
  ) {
    throw new Error(`not yet ${seconds} ${lastInput} ${lastOutput} ${onExpire} ${keepAlive}`);
  }
  /** The timeout in force, in seconds; 0 is none. */
  get seconds(): number {
    return 0;
  }
  /** The daemon's MSG_IO_TIMEOUT payload: it may only shorten ours. Tells whether it did. */
  lower(payload: Uint8Array): boolean {
    return payload.length > 0;
  }
  /** Ends the watch. */
  stop(): void {}
}
