/**
 * Commands of the configuration that run before and after a client is served: early exec, pre-xfer exec, post-xfer exec,
 * and the name converter. They have the daemon's rights, not the module's: so each is started before those are given up,
 * as a shell that waits to be told the rest (what is asked for, or how it ended) by its standard input.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { type Environment, isShellName } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { type ShellCommand, shellCommand } from '../transport/shell-command.ts';
import { refuse } from './refusal.ts';

/** Variables that a command has besides those of the daemon. */
export type HookVariables = Readonly<Record<string, ByteString>>;

/** What commands have of the daemon's process. */
export interface Surroundings {
  readonly env: Environment;
  /** What they say on their standard error is seen where the daemon's own is. */
  readonly stderr: 'inherit' | 'ignore';
}

/** A command that is told more before it runs. */
export interface Waiting {
  /** Runs it with these as well, and with `input` behind them. Settles when it has ended, with what went wrong. */
  run(more: HookVariables, input: ByteString): Promise<string | undefined>;
  /** Those that only stay as long as the process are let go. */
  readonly child: ChildProcess;
}

/**
 * Becomes the command. Where the shell of the environment is no program that ends it with 1, and without a word, as in
 * rsync: what a shell says and ends with then is its own.
 */
const become = `runs() { case $1 in */*) [ -f "$1" ] && [ -x "$1" ];; *) command -v "$1" >/dev/null;; esac; }
runs "\${RSYNC_SHELL-/bin/sh}" || exit 1
exec "\${RSYNC_SHELL-/bin/sh}" -c "$1"`;

/**
 * Reads assignments up to an empty line, then becomes the command. One whose daemon died says so by what it ends with: no
 * empty line comes, and `died` is done.
 */
const script = (died: string): string => `while IFS= read -r line; do
  if [ -z "$line" ]; then
    ${become}
  fi
  eval "$line"
done
${died}`;

const giveUp = 'exit 1';
/** How a process that was killed has ended. */
const tellDeath = `export RSYNC_RAW_STATUS=9 RSYNC_EXIT_STATUS=-1
exec </dev/null
${become}`;

const plainChar = /[A-Za-z0-9_./:=,@%+-]/;

/** A line that sets a variable to exactly these bytes, whatever a shell makes of them. */
function assignment(name: string, value: ByteString): string {
  const coded = [...value].map((char) =>
    plainChar.test(char) ? char : `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  // Line ends at the end of what a command prints would be lost.
  return `${name}=$(printf %bx '${coded.join('')}'); ${name}=\${${name}%x}; export ${name}\n`;
}

function assignments(variables: HookVariables): string {
  return Object.entries(variables)
    .filter(([name]) => isShellName(name))
    .map(([name, value]) => assignment(name, value))
    .join('');
}

/** What a client asks for, as its commands see it. */
export function requestVariables(request: ByteString, args: readonly ByteString[]): HookVariables {
  const all = Object.fromEntries(args.map((arg, k) => [`RSYNC_ARG${k}`, arg]));
  return { RSYNC_REQUEST: request === '' ? '(NONE)' : request, ...all };
}

/** Starts a command that is told the rest later. */
export function prepare(
  command: ByteString,
  around: Surroundings,
  known: HookVariables,
  what: string,
): Waiting {
  const child = start(command, around, { died: giveUp, output: 'pipe' });
  let output = '';
  child.stdout?.on('data', (piece: Buffer) => {
    if (output.length < mostOutput) output += piece.toString('latin1');
  });
  child.stdin?.on('error', () => {});
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', () => resolve(`${what} preparation failed`));
    child.on('close', (code) => {
      if (code === 0) resolve(undefined);
      else resolve(failureText(what, code ?? killed, output.slice(0, mostOutput).replaceAll('\r\n', '\n')));
    });
  });
  return {
    child,
    run(more, input) {
      child.stdin?.end(Buffer.from(`${assignments({ ...known, ...more })}\n${input}`, 'latin1'));
      return ended;
    },
  };
}

const mostOutput = 4096 + 1024 - 1;
/** An exit value as waitpid(2) has it. */
const exitShift = 8;
/** Of a command that a signal has ended: rsync's process between the two tells no more than that it failed. */
const killed = 1;

function failureText(what: string, code: number, output: string): string {
  return `${what} returned failure (${code << exitShift})${output === '' ? '' : ':'}\n${output}`;
}

/** early exec: has to have ended well before anything else happens. */
export async function runEarly(
  command: ByteString,
  around: Surroundings,
  known: HookVariables,
  input: ByteString,
): Promise<void> {
  const waiting = prepare(command, around, known, 'early exec');
  const failed = await waiting.run(requestVariables('', []), input);
  if (failed !== undefined) throw refuse('early exec failed', failed.trimEnd());
}

/**
 * post-xfer exec: runs once we are done, or dead. The function that is given tells how the session ended; the command goes
 * on for itself.
 */
export function prepareLast(
  command: ByteString,
  around: Surroundings,
  known: HookVariables,
): (code: number) => void {
  const child = start(command, around, { died: tellDeath, output: 'ignore' });
  child.stdin?.on('error', () => {});
  child.on('error', () => {});
  child.stdin?.write(Buffer.from(assignments(known), 'latin1'));
  child.unref();
  return (code) => {
    const status = { RSYNC_RAW_STATUS: `${(code & 0xff) << exitShift}`, RSYNC_EXIT_STATUS: `${code}` };
    child.stdin?.end(Buffer.from(`${assignments(status)}\n`, 'latin1'));
  };
}

/** A command that goes on answering: the descriptors to ask it by, once it knows what the rest do. */
export interface Answering {
  readonly requests: number;
  readonly answers: number;
  begin(more: HookVariables): void;
}

/** Starts a command that is asked things for as long as we are there; undefined where no pipes can be made for it. */
export function prepareAnswering(
  command: ByteString,
  { env, stderr }: Surroundings,
  known: HookVariables,
  kernel: Pick<Kernel, 'pipe' | 'closeFd'>,
): Answering | undefined {
  const [input, output] = [kernel.pipe(), kernel.pipe()];
  if (input === undefined || output === undefined) return undefined;
  const { file, args } = waitingShell(command, giveUp);
  const child = spawn(file, args, {
    env,
    stdio: [input.read, output.write, stderr],
  });
  child.on('error', () => {});
  child.unref();
  kernel.closeFd(input.read);
  kernel.closeFd(output.write);
  return {
    requests: input.write,
    answers: output.read,
    begin: (more) => writeSync(input.write, Buffer.from(`${assignments({ ...known, ...more })}\n`, 'latin1')),
  };
}

function start(
  command: ByteString,
  { env, stderr }: Surroundings,
  { died, output }: { readonly died: string; readonly output: 'pipe' | 'ignore' },
): ChildProcess {
  const { file, args } = waitingShell(command, died);
  return spawn(file, args, { env, stdio: ['pipe', output, stderr] });
}

function waitingShell(command: ByteString, died: string): ShellCommand {
  return shellCommand(['/bin/sh', '-c', script(died), 'sh', command]);
}
