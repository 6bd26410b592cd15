import type { ByteString } from '../kernel/kernel.ts';
import { isRefused } from '../kernel/trusted-path.ts';
import * as text from '../report/messages.ts';

/** What is said before the failure to open an absolute path, where a symbolic link of others is why. */
export function refusal(path: ByteString, owner: number | undefined): ByteString[] {
  return isRefused(path, owner) ? [text.refusingLink] : [];
}
