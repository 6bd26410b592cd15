/** Who is at the other end of a connection. */
import { lookup, lookupService } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Environment } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';

/** What a name is where nobody looked, and where looking found none, or one that does not lead back. */
export const undetermined = 'UNDETERMINED';
export const unknown = 'UNKNOWN';

const nowhere = '0.0.0.0';

/** The address as everything of a daemon has it: an IPv4 one is one, however it came. */
export function plainAddress(address: string | undefined): ByteString {
  return (address ?? nowhere).replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Where a remote shell says that its client is. */
export function addressOfShell(env: Environment): ByteString | undefined {
  const told = env.REMOTE_HOST ?? env.SSH_CONNECTION ?? env.SSH_CLIENT ?? env.SSH2_CLIENT ?? nowhere;
  const address = told.split(' ', 1)[0];
  return isIP(address.replace(/%.*$/, '')) > 0 ? address : undefined;
}

/**
 * The name that belongs to an address, if it leads back to it: else anybody could call himself by any. `complain` hears
 * why there is none.
 */
export async function nameOf(address: ByteString, complain: (line: string) => void): Promise<ByteString> {
  if (address === nowhere) return unknown;
  if (isIP(address) === 0) {
    complain(`malformed address ${address}`);
    return unknown;
  }
  let name: string;
  try {
    name = (await lookupService(address, 0)).hostname;
  } catch (error) {
    complain(`name lookup failed for ${address}: ${(error as NodeJS.ErrnoException).code ?? error}`);
    return unknown;
  }
  if (isIP(name) > 0) {
    complain(`name lookup failed for ${address}`);
    return unknown;
  }
  try {
    const found = await lookup(name, { all: true, family: isIP(address) });
    if (found.some((one) => plainAddress(one.address) === address)) return name;
    complain(`${address} is not a known address for "${name}": spoofed address?`);
  } catch {
    complain(`forward name lookup for ${name} failed`);
  }
  return unknown;
}
