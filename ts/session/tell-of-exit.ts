import * as traces from '../report/trace-messages.ts';
import type { End } from './end.ts';

/** --debug=exit: how a run ends, in rsync's words; it has a process for each role, and names the one that is left. `remote` is the other side's exit value. */
export function tellOfExit({ report, who, setup }: End, code: number, remote = 0): void {
  report.trace('exit', () => traces.cleanupEntered(who, remote), 2);
  report.trace('exit', () => traces.aboutToExit(who, remote, code, setup.options.dryRun));
  // Nothing was asked for: the sender still listens.
  if (who === 'Receiver' && code !== 0) report.trace('exit', () => traces.sendingErrorExit(who, code), 3);
}

/** The remote shell is waited for. */
export function tellOfWait({ report, setup }: End, pid: number | undefined): void {
  if (pid === undefined) return;
  if (setup.sender) report.trace('exit', () => traces.waitingOn('client_run', pid), 2);
  else report.trace('recv', () => traces.waitingOn('client_run2', pid));
}
