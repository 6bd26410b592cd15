/** SIGINT, SIGTERM, SIGHUP and SIGUSR1: the first lets the run clean up, a later one ends it at once. */
import { monotonicMs } from '../clock.ts';
import { ExitCode, RsyncError } from '../errors.ts';

/** SIGUSR1 is what an rsync ends another one with; without a listener Node opens its debugger's port for it. */
const exitOf = {
  SIGINT: ExitCode.Signal,
  SIGTERM: ExitCode.Signal,
  SIGHUP: ExitCode.Signal,
  SIGUSR1: ExitCode.Signal1,
} as const;
const names = Object.keys(exitOf) as (keyof typeof exitOf)[];

/** How long a run may clean up after a signal, in milliseconds. */
const cleanUpLimit = 10_000;

/** Signals that come together are one: a Ctrl-C reaches us by the terminal, and again by the program that has started us. */
const togetherMs = 500;

export interface SignalWatch {
  /** Aborted by the first signal, with an RsyncError of exit 20 (19 for SIGUSR1) as reason, whose cause is the signal's name. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Listens until `stop`; `exitNow` is called for a later signal than the first, or when cleaning up takes too long. */
export function watchSignals(exitNow: (code: number) => void): SignalWatch {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals) => {
    const code = exitOf[name as keyof typeof exitOf];
    if (controller.signal.aborted) {
      if (monotonicMs() - firstAt >= togetherMs) exitNow(code);
      return;
    }
    firstAt = monotonicMs();
    timer = setTimeout(() => exitNow(code), cleanUpLimit);
    timer.unref();
    controller.abort(new RsyncError(code, '', { cause: name }));
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
