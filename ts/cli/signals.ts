/** SIGINT, SIGTERM and SIGHUP: the first lets the run clean up, the second ends it at once. */
import { ExitCode, RsyncError } from '../errors.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long a run may clean up after a signal, in milliseconds. */
const cleanUpLimit = 10_000;

export interface SignalWatch {
  /** Aborted by the first signal, with an RsyncError of exit 20 as reason. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Listens until `stop`; `exitNow` is called for the second signal, or when cleaning up takes too long. */
export function watchSignals(exitNow: (code: number) => void): SignalWatch {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = () => {
    if (controller.signal.aborted) {
      exitNow(ExitCode.Signal);
      return;
    }
    timer = setTimeout(() => exitNow(ExitCode.Signal), cleanUpLimit);
    timer.unref();
    controller.abort(new RsyncError(ExitCode.Signal, ''));
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      for (const name of names) process.removeListener(name, onSignal);
    },
  };
}
