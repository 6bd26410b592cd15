import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { ExitCode, RsyncError } from '../errors.ts';
import type { Duplex } from './duplex.ts';
import { nodeStreamHalves } from './fd-stream.ts';
import type { TcpTarget } from './tcp.ts';

/**
 * Runs RSYNC_CONNECT_PROG in place of a connection: a shell command whose stdin and stdout are the
 * wire. `%H` in it stands for the host, `%%` for a per cent sign.
 */
export function spawnConnectProgram(
  program: string,
  target: Pick<TcpTarget, 'host' | 'env' | 'onStderr'>,
): Duplex {
  const command = program.includes('%') ? withHost(program, target.host) : program;
  const child = spawn(target.env.RSYNC_SHELL ?? '/bin/sh', ['-c', command], {
    env: target.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.on('error', () => {});
  child.stderr.on('data', (chunk: Buffer) => target.onStderr?.(chunk));
  const [source, sink] = nodeStreamHalves(child.stdout as Socket, child.stdin as Socket);
  return {
    source,
    sink,
    destroy() {
      source.destroy();
      sink.destroy();
    },
  };
}

/**
 * The command may hand its words to a second shell, where our quotes are gone; so the host may only
 * have characters that stay themselves there, and may not look like an option, a home or a job.
 */
function withHost(program: string, host: string): string {
  if (!/^(?![-+~%])[A-Za-z0-9._:%+~-]+$/.test(host))
    throw new RsyncError(ExitCode.SocketIo, 'unsafe host characters for RSYNC_CONNECT_PROG');
  return program.replace(/%([%H])/g, (_, letter: string) => (letter === 'H' ? `'${host}'` : '%'));
}
