/** What a client tells the remote side: the option part of the server's command line. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from './options.ts';

/** The remote end as the client sees it. */
export interface ServerSide {
  /** The remote side sends (we pull). */
  readonly sender: boolean;
  /** Protocol that we offer; below 30 no capability string is sent. */
  readonly protocol: number;
  /** The arguments go to a daemon, not to a remote shell. */
  readonly daemon: boolean;
}

/** Everything after the remote program's name up to, not including, the `.`: rsync's server_options(). */
export function serverArgs(options: Options, side: ServerSide): ByteString[] {
  throw new Error(`not written yet: ${options.protocol} ${side.protocol}`);
}

/**
 * Whether this run offers incremental recursion, as rsync's set_allow_inc_recurse() decides before the
 * handshake; `amSender` says whether this side sends.
 */
export function allowIncRecurse(options: Options, amSender: boolean): boolean {
  if (!options.recursive || options.qsort || options.incRecursive === false) return false;
  if (!amSender) {
    const late = options.delete !== undefined && options.deleteWhenGiven;
    if (late && (options.delete === 'before' || options.delete === 'after')) return false;
    if (options.delayUpdates || options.pruneEmptyDirs) return false;
  }
  return !options.server || options.clientInfo.includes('i');
}

/** The capability string of `-e`, without the letter `e`: `.iLsfxCIvu`; '' below protocol 30. */
export function capabilityString(protocol: number, incRecurse: boolean): string {
  if (protocol < 30) return '';
  return `.${incRecurse ? 'i' : ''}LsfxCIvu`;
}
