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

/** One may have died within a word; and whoever has got hold of one that serves shall not end the daemon by another. */
export function visitOf(text: string): Visit | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  const empty = newVisit();
  const isVisit = (Object.keys(empty) as (keyof Visit)[]).every(
    (name) => typeof (said as Partial<Visit> | null)?.[name] === typeof empty[name],
  );
  return isVisit ? (said as Visit) : undefined;
}
