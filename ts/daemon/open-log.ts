import type { Kernel } from '../kernel/kernel.ts';
import type { SessionIo } from '../session/index.ts';
import type { DaemonOptions } from './arguments.ts';
import type { Config } from './config/config.ts';
import { expand } from './config/expand.ts';
import { type DaemonLog, openDaemonLog } from './log.ts';
import { stderrLog, systemLogOf } from './system-log.ts';

/** The daemon's own log, until a module has another. */
export function openLog(
  { logFile, logsToStderr }: DaemonOptions,
  config: Config | undefined,
  { io, kernel }: { readonly io: SessionIo; readonly kernel: Kernel },
): DaemonLog {
  const variables = io.host.variables();
  const settings = {
    file: logFile ?? expand(config?.defaults['log file'] ?? '', variables),
    tag: expand(config?.defaults['syslog tag'] ?? 'rsyncd', variables),
    facility: config?.defaults['syslog facility'] ?? 0,
  };
  return openDaemonLog(io.host, settings, logsToStderr ? stderrLog(io.host) : systemLogOf(kernel, io.host));
}
