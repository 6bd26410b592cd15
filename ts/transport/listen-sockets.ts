/** Listening sockets that the system's manager has opened for us (sd_listen_fds(3)). */
import type { Environment } from '../host.ts';

const first = 3;
const most = 64;

/** Their descriptors; none where they are another process's, or there is no such manager. */
export function givenSockets(env: Environment, pid: number): readonly number[] {
  const count = Number(env.LISTEN_FDS ?? 0);
  if (env.LISTEN_PID !== `${pid}` || !Number.isInteger(count) || count < 1 || count > most) return [];
  return Array.from({ length: count }, (_, k) => first + k);
}
