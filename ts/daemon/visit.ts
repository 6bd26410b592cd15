/** What one connection came to, as its process tells the daemon. */
import type { ByteString } from '../kernel/kernel.ts';

export interface Visit {
  /** One that there is; '' where none was entered or asked for. */
  module: ByteString;
  /** Turned away before a session began. */
  refused: boolean;
  /** What its process ended with. */
  code: number;
  /** Bytes from the client and to it, and files whose content went either way. */
  received: number;
  sent: number;
  files: number;
}

export function newVisit(): Visit {
  return { module: '', refused: false, code: 0, received: 0, sent: 0, files: 0 };
}

/** Processes of a daemon trust each other, but one may have died within a word. */
export function visitOf(text: string): Visit | undefined {
  try {
    return JSON.parse(text) as Visit;
  } catch {
    return undefined;
  }
}
