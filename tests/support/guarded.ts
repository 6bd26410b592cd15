/**
 * Servers that live exactly as long as the test that needs them: stopped by their process id, and by a
 * watchdog when the test process itself dies.
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { testEnvironment } from './run.ts';

/** A running server. */
export interface Guarded {
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

// The shell holds the server's id; the end of its stdin, also by our death, is the sign to stop.
const guard = '"$@" & pid=$!; (cat >/dev/null; kill $pid 2>/dev/null) <&3 & wait $pid';

/** Starts a server in the foreground form of its command. */
export function startGuarded(command: readonly string[], env: Record<string, string> = {}): Guarded {
  const child = spawn('sh', ['-c', `exec 3<&0; ${guard}`, 'guard', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: testEnvironment(env),
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return {
    output: () => text,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** A loopback port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Waits until something accepts connections on a loopback port; throws after `limit` milliseconds. */
export async function waitForPort(port: number, server: Guarded, limit = 30_000): Promise<void> {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${port}: ${server.output()}`);
}
