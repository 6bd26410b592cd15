/** The system's log, as syslog(3) writes to it. */
import { writeSync } from 'node:fs';
import type { Host } from '../host.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { SystemLog } from './log.ts';

const informational = 6;
const warning = 4;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Opened at once, since it cannot be reached any more from within a chroot; where there is none, nothing is written.
 */
export function systemLogOf(
  { systemLog }: Pick<Kernel, 'systemLog'>,
  host: Pick<Host, 'now' | 'pid'>,
): SystemLog {
  const fd = systemLog?.() ?? -1;
  return ({ tag, facility }, line, isError) => {
    if (fd < 0) return;
    const priority = facility | (isError ? warning : informational);
    const text = `<${priority}>${stamp(new Date(host.now()))} ${tag}[${host.pid}]: ${line}`;
    try {
      writeSync(fd, Buffer.from(text, 'latin1'));
    } catch {
      // Whoever listens there may be gone.
    }
  };
}

/** Standard error in the place of the system's log: who has started us reads it, and is waited for. */
export function stderrLog(host: Pick<Host, 'pid' | 'stderr'>): SystemLog {
  return (_, line) => host.stderr(Buffer.from(`[${host.pid}] ${line}\n`, 'latin1'));
}

function stamp(at: Date): string {
  const two = (number: number): string => `${number}`.padStart(2, '0');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${months[at.getMonth()]} ${`${at.getDate()}`.padStart(2)} ${time}`;
}
