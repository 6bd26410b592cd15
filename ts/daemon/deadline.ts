import { ExitCode, RsyncError } from '../errors.ts';
import type { Daemon } from './daemon.ts';
import type { Dialogue } from './dialogue.ts';

/** Seconds that a client has for what comes before its session, if the configuration does not give it fewer. */
const handshakeSeconds = 60;

/** Ends a connection that takes too long over what comes before its session. */
export interface Deadline {
  /** `seconds` may shorten what a client has, and 0 or less leaves it. */
  start(seconds: number): void;
  stop(): void;
}

export function deadlineOf({ hasSocket, log }: Daemon, talk: Dialogue): Deadline {
  let timer: NodeJS.Timeout | undefined;
  return {
    start(seconds) {
      clearTimeout(timer);
      // Whom a remote shell has let in holds up nobody but himself.
      if (!hasSocket) return;
      const within = seconds > 0 ? Math.min(seconds, handshakeSeconds) : handshakeSeconds;
      timer = setTimeout(() => {
        log.write('[Receiver] daemon handshake timeout -- exiting');
        talk.fail(new RsyncError(ExitCode.Timeout, ''));
      }, within * 1000);
    },
    stop: () => clearTimeout(timer),
  };
}
