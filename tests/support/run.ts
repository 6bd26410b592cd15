/**
 * Runs a program with exact bytes as its arguments and keeps exactly what it wrote.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ByteString } from './bytes.ts';

/** What a finished program left. Output is a byte string. */
export interface RunResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: ByteString;
  readonly stderr: ByteString;
  /** True when the time limit ended it. */
  readonly timedOut: boolean;
  /** Wall time in milliseconds. */
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the test environment; `undefined` removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until the whole process group is killed; 60 s unless told. */
  readonly timeout?: number;
  /** Bytes for its standard input, which is empty otherwise. */
  readonly input?: ByteString;
  /** Sees the child as soon as it runs, to signal or sample it. */
  readonly onStart?: (child: ChildProcess) => void;
}

/**
 * The environment of every program under test: the caller's, with a fixed locale and time zone, and
 * nothing of the caller's rsync settings.
 */
export function testEnvironment(extra: RunOptions['env'] = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  for (const name of Object.keys(env)) {
    if (/^(RSYNC_|VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$)/.test(name)) delete env[name];
  }
  for (const [name, value] of Object.entries(extra)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

const asciiOnly = /^[\x01-\x7f]*$/;

/** A bash word that expands to exactly these bytes. */
export function bashWord(text: ByteString): string {
  const body = text.replace(
    /[^A-Za-z0-9_./:=,@%+-]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `$'${body}'`;
}

/**
 * The command in a form that Node hands over byte for byte. Node writes every argument as UTF-8, so words
 * with other bytes go through a bash that replaces itself by the program.
 */
export function exactCommand(command: readonly ByteString[]): [string, string[]] {
  if (command.every((word) => asciiOnly.test(word))) return [command[0]!, command.slice(1)];
  return ['bash', ['-c', `exec ${command.map(bashWord).join(' ')}`]];
}

/** Runs `command` (its first word is the program) to its end. Never rejects for an exit code. */
export function run(command: readonly ByteString[], options: RunOptions = {}): Promise<RunResult> {
  const [file, args] = exactCommand(command);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: testEnvironment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child, 'SIGKILL');
    }, options.timeout ?? 60_000);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(Buffer.from(options.input ?? '', 'latin1'));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code,
        signal,
        stdout: Buffer.concat(out).toString('latin1'),
        stderr: Buffer.concat(err).toString('latin1'),
        timedOut,
        ms: performance.now() - started,
      });
    });
    options.onStart?.(child);
  });
}

/** Signals a child and all that it started; it leads a process group of its own. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has already ended.
  }
}
