/** What a run has started and has to end: each is the leader of a process group of its own. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host.ts';

type SignalGroup = Host['signalGroup'];

export interface Processes {
  /** Aborted: whatever runs has been told to end, and nothing more may begin. */
  readonly signal: AbortSignal;
  /** Takes care of a child from now on. */
  add(child: ChildProcess): ChildProcess;
  /** Ends one and what it has started, and waits for that. */
  end(child: ChildProcess): Promise<void>;
  /** Ends all that are left. */
  endAll(): Promise<void>;
}

/** How long one may clean up before it is killed. */
const patienceMs = 3000;
const lookEveryMs = 10;
/** How often it is looked whether those are gone whose leader is: their number may be another group's then. */
const forgetEveryMs = 500;

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** None yet. All that are there by then are ended when `signal` is aborted. */
export function watchProcesses(signal: AbortSignal, signalGroup: SignalGroup): Processes {
  const running = new Map<ChildProcess, Promise<void> | undefined>();
  const ending = async (child: ChildProcess): Promise<void> => {
    // The leader alone is our child: what it has started may outlive it for a moment.
    const isThere = () => !isOver(child) || signalGroup(child.pid!, 0);
    for (const name of ['SIGTERM', 'SIGKILL'] as const) {
      signalGroup(child.pid!, name);
      for (let waited = 0; isThere() && waited < patienceMs; waited += lookEveryMs) await sleep(lookEveryMs);
      if (!isThere()) return;
    }
  };
  const end = (child: ChildProcess): Promise<void> => {
    const there = running.get(child);
    if (there !== undefined) return there;
    if (!running.has(child)) return Promise.resolve();
    const over = ending(child).finally(() => running.delete(child));
    running.set(child, over);
    return over;
  };
  const endAll = async (): Promise<void> => {
    await Promise.all([...running.keys()].map(end));
  };
  const forgetOnceGone = (child: ChildProcess): void => {
    if (running.get(child) !== undefined) return;
    if (signalGroup(child.pid!, 0)) setTimeout(forgetOnceGone, forgetEveryMs, child).unref();
    else running.delete(child);
  };
  signal.addEventListener('abort', () => void endAll(), { once: true });
  return {
    signal,
    add(child) {
      if (child.pid === undefined) return child;
      running.set(child, undefined);
      child.once('exit', () => forgetOnceGone(child));
      if (signal.aborted) void end(child);
      return child;
    },
    end,
    endAll,
  };
}
