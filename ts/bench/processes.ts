/** What a run has started and has to end: each is the leader of a process group of its own. */
import type { ChildProcess } from 'node:child_process';

/** Signals all of a process group; nothing where there is none any more. */
export type EndGroup = (leader: number, signal: 'SIGTERM' | 'SIGKILL') => void;

export interface Processes {
  /** Aborted: whatever runs has been told to end, and nothing more may begin. */
  readonly signal: AbortSignal;
  /** Takes care of a child from now on. */
  add(child: ChildProcess): ChildProcess;
  /** Ends one, and waits for that. */
  end(child: ChildProcess): Promise<void>;
  /** Ends all that are left. */
  endAll(): Promise<void>;
}

/** How long one may clean up before it is killed. */
const patienceMs = 3000;

const isOver = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

/** None yet. All that are there by then are ended when `signal` is aborted. */
export function watchProcesses(signal: AbortSignal, endGroup: EndGroup): Processes {
  const running = new Set<ChildProcess>();
  const tell = (child: ChildProcess) => {
    if (isOver(child)) return;
    endGroup(child.pid!, 'SIGTERM');
    setTimeout(() => isOver(child) || endGroup(child.pid!, 'SIGKILL'), patienceMs).unref();
  };
  const end = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (isOver(child)) return resolve();
      child.once('exit', () => resolve());
      tell(child);
    });
  signal.addEventListener('abort', () => running.forEach(tell), { once: true });
  return {
    signal,
    add(child) {
      running.add(child);
      child.once('exit', () => running.delete(child));
      if (signal.aborted) tell(child);
      return child;
    },
    end,
    async endAll() {
      await Promise.all([...running].map(end));
    },
  };
}
