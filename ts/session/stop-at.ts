import { ExitCode, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import { stoppedAtLimit } from '../report/messages.ts';
import { type End, fail, interruptKernel } from './end.ts';

/** Node's timers go no further. */
const longestTimer = 2 ** 31 - 1;

/**
 * --stop-after and --stop-at: ends a run at that time (seconds since 1970); answers what ends the watch for that. The
 * timer keeps the process running where the wire is a caller's, which may be nothing that does.
 */
export function stopAtLimit(
  at: number | undefined,
  host: Pick<Host, 'now'>,
  ends: readonly End[],
): () => void {
  if (at === undefined) return () => {};
  const holdsProcess = ends.some(({ setup }) => setup.io.makeWire !== undefined);
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const left = at * 1000 - host.now();
    if (left > 0) {
      timer = setTimeout(look, Math.min(left, longestTimer));
      if (!holdsProcess) timer.unref();
      return;
    }
    const error = new RsyncError(ExitCode.Timeout, stoppedAtLimit);
    for (const end of ends) {
      fail(end, error);
      interruptKernel(end);
    }
  };
  look();
  return () => clearTimeout(timer);
}
